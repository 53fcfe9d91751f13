"""The law for tables, arrays and containers of them: what is loaded is what was stored, whichever library made it."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import sparse

lawful = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=60)

ROWS = st.integers(0, 5)
WORDS = st.text("abcä\U0001f600", max_size=3)
LABELS = st.none() | WORDS | st.integers(-3, 3) | st.tuples(WORDS, st.integers(0, 2))
TIMES = st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1))
ZONES = ["UTC", ZoneInfo("UTC"), "Asia/Kolkata", dt.timezone(dt.timedelta(hours=-3))]
CELLS = {
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint8": st.integers(0, 255),
    "float64": st.floats(),
    "float32": st.floats(width=32),
    "bool": st.booleans(),
    "str": st.none() | WORDS,
    "object": st.none() | WORDS | st.integers() | st.floats() | st.dates() | st.binary(max_size=3),
    "Int16": st.none() | st.integers(-(2**15), 2**15 - 1),
    "Float64": st.none() | st.floats(allow_nan=False),
    "boolean": st.none() | st.booleans(),
    "string": st.none() | WORDS,
    "int8[pyarrow]": st.none() | st.integers(-128, 127),
    "datetime64[us]": st.none() | TIMES,
    "datetime64[s]": st.none() | TIMES.map(lambda moment: moment.replace(microsecond=0)),
    "timedelta64[ns]": st.none() | st.timedeltas(dt.timedelta(-100), dt.timedelta(100)),
    "category": st.none() | st.sampled_from(["x", "y", "z"]),
    "complex128": st.complex_numbers(),
}


@st.composite
def columns(draw, rows, kinds=tuple(CELLS)):
    dtype = draw(st.sampled_from(kinds))
    made = pd.Series(draw(st.lists(CELLS[dtype], min_size=rows, max_size=rows)), dtype=dtype)
    if dtype == "category" and draw(st.booleans()):
        made = made.cat.set_categories(["z", "unused", "y", "x"], ordered=draw(st.booleans()))
    if dtype == "datetime64[us]" and draw(st.booleans()):
        made = made.dt.tz_localize(draw(st.sampled_from(ZONES)))
    return made


@st.composite
def rearranged(draw, index):
    """The same labels by levels in another order, with some that no row has."""
    for number, level in enumerate(index.levels):
        if not isinstance(level, pd.CategoricalIndex) and draw(st.booleans()):
            dtype = str(level.dtype)
            more = draw(columns(1, (dtype,))) if dtype in CELLS and "datetime" not in dtype else level[:0]
            level = level.append(pd.Index(more, dtype=level.dtype)).dropna().unique()
            level = level.take(draw(st.permutations(range(len(level)))))
            codes = level.get_indexer(index.get_level_values(number))
            index = index.set_levels(level, level=number, verify_integrity=False).set_codes(codes, level=number)
    return index


@st.composite
def indexes(draw, rows):
    name = draw(LABELS)
    kind = draw(st.sampled_from(["range", "column", "levels", "days", "periods", "hours", "intervals"]))
    if kind == "range":
        start, step = draw(st.integers(-5, 5)), draw(st.sampled_from([1, 2, -3]))
        return pd.RangeIndex(start, start + step * rows, step, name=name)
    if kind == "levels":
        levels = [draw(columns(rows, ("int64", "str", "float64", "category", "datetime64[us]"))) for _ in range(2)]
        made = pd.MultiIndex.from_arrays(levels, names=[name, draw(LABELS)])
        return draw(rearranged(made))
    if kind == "days":
        freq, zone = (
            draw(st.sampled_from(["D", "2h", "MS", None])),
            draw(st.sampled_from([None, "UTC", "Europe/Berlin"])),
        )
        days = pd.date_range("2013-10-26", periods=rows, freq=freq or "D", tz=zone, name=name)
        return days if freq else pd.DatetimeIndex(days, freq=None)
    if kind == "periods":
        return pd.period_range("2013-01", periods=rows, freq="Q", name=name)
    if kind == "hours":
        return pd.timedelta_range("1h", periods=rows, freq="h", name=name)
    if kind == "intervals":
        return pd.interval_range(0, periods=rows, name=name)
    return pd.Index(draw(columns(rows)), name=name)


@st.composite
def frames(draw):
    rows, width = draw(ROWS), draw(st.integers(0, 4))
    content = [draw(columns(rows)) for _ in range(width)]
    frame = pd.concat(content, axis=1) if content else pd.DataFrame(index=range(rows))
    frame.columns = draw(
        st.one_of(
            st.lists(WORDS, min_size=width, max_size=width).map(lambda names: pd.Index(names, dtype="str")),
            st.lists(LABELS, min_size=width, max_size=width).map(
                lambda names: pd.Index(names, dtype=object, tupleize_cols=False)
            ),
            st.lists(st.tuples(WORDS, st.integers(0, 2)), min_size=width, max_size=width)
            .map(
                lambda names: pd.MultiIndex.from_arrays(
                    [[a for a, _ in names], [b for _, b in names]], names=["x", None]
                )
            )
            .flatmap(rearranged),
            st.just(pd.RangeIndex(width)),
        )
    )
    frame.index = draw(indexes(rows))
    frame.attrs = draw(st.just({}) | st.dictionaries(WORDS, st.integers() | WORDS, max_size=2))
    return frame


@st.composite
def series(draw):
    rows = draw(ROWS)
    made = draw(columns(rows)).rename(draw(LABELS))
    made.index = draw(indexes(rows))
    return made


ARROW_TYPES = st.recursive(
    st.sampled_from(
        [
            *(pa.int8(), pa.uint64(), pa.float16(), pa.float64(), pa.bool_(), pa.null()),
            *(pa.string(), pa.large_binary(), pa.date32(), pa.duration("ms")),
            *(pa.time64("ns"), pa.timestamp("s"), pa.timestamp("us", "UTC")),
            *(pa.decimal128(10, 2), pa.dictionary(pa.int8(), pa.string())),
        ]
    ),
    lambda inner: st.one_of(
        inner.map(pa.list_),
        inner.map(pa.large_list),
        st.lists(inner, min_size=1, max_size=2).map(
            lambda kinds: pa.struct([(f"f{n}", k) for n, k in enumerate(kinds)])
        ),
    ),
    max_leaves=3,
)


def arrow_cells(kind):
    """Values of an Arrow type, None among them."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return st.none() | st.lists(arrow_cells(kind.value_type), max_size=2)
    if pa.types.is_struct(kind):
        return st.none() | st.fixed_dictionaries({field.name: arrow_cells(field.type) for field in kind})
    if pa.types.is_null(kind):
        return st.none()
    if pa.types.is_boolean(kind):
        return st.none() | st.booleans()
    if pa.types.is_floating(kind):
        return st.none() | st.floats(width=16)
    if pa.types.is_large_binary(kind):
        return st.none() | st.binary(max_size=3)
    if pa.types.is_decimal(kind):
        return st.none() | st.decimals(-1000, 1000, places=2)
    if pa.types.is_temporal(kind):
        return st.none() | st.integers(0, 80_000).map(
            lambda number: pa.scalar(number, pa.int64()).cast(_width(kind)).cast(kind)
        )
    return st.none() | (WORDS if pa.types.is_string(kind) or pa.types.is_dictionary(kind) else st.integers(0, 127))


def _width(kind):
    return pa.int32() if kind.bit_width == 32 else pa.int64()


@st.composite
def arrow_tables(draw):
    rows, kinds = draw(ROWS), draw(st.lists(ARROW_TYPES, max_size=3))
    names = draw(st.lists(WORDS, min_size=len(kinds), max_size=len(kinds)))
    arrays = [pa.array(draw(st.lists(arrow_cells(kind), min_size=rows, max_size=rows)), kind) for kind in kinds]
    table = pa.table(arrays, names=names)
    if draw(st.booleans()):
        table = pa.concat_tables([table, table.slice(0, draw(ROWS))])
    return table.replace_schema_metadata(draw(st.none() | st.just({"unit": "km"})))


@st.composite
def polars_frames(draw):
    rows = draw(ROWS)
    cells = {
        pl.Int8: st.integers(-128, 127),
        pl.UInt64: st.integers(0, 2**64 - 1),
        pl.Float32: st.floats(width=32),
        pl.Boolean: st.booleans(),
        pl.String: WORDS,
        pl.Binary: st.binary(max_size=3),
        pl.Datetime("us", "Asia/Tokyo"): TIMES,
        pl.Duration("ms"): st.integers(0, 10**6),
        pl.Categorical: st.sampled_from(["x", "y"]),
        pl.Enum(["y", "x"]): st.sampled_from(["x", "y"]),
        pl.List(pl.Int16): st.lists(st.none() | st.integers(0, 9), max_size=2),
        pl.Struct({"a": pl.Int8, "b": pl.String}): st.fixed_dictionaries({"a": st.none(), "b": WORDS}),
    }
    kinds = draw(st.lists(st.sampled_from(list(cells)), max_size=4))
    made = {
        f"{number}": pl.Series(
            draw(st.lists(st.none() | cells[kind], min_size=rows, max_size=rows)), dtype=kind, strict=False
        )
        for number, kind in enumerate(kinds)
    }
    return pl.DataFrame(made)


arrays = npst.arrays(
    st.one_of(npst.scalar_dtypes(), npst.array_dtypes(allow_subarrays=False)),
    npst.array_shapes(min_dims=0, min_side=0, max_side=3),
).flatmap(lambda array: st.sampled_from([array, np.asfortranarray(array), array[..., ::-1] if array.ndim else array]))
matrices = st.sampled_from(["csr", "csc", "coo", "bsr", "dia"]).map(
    lambda form: getattr(sparse, f"{form}_array")(np.diag([1.0, 0, 2]))
)
containers = st.recursive(
    st.one_of(
        frames(), series(), arrow_tables(), polars_frames(), arrays, matrices, st.integers(), st.text(max_size=3)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.integers() | st.text(max_size=2) | st.tuples(st.booleans()), inner, max_size=3),
    ),
    max_leaves=4,
)


@pytest.mark.parametrize(
    "values",
    [frames(), series(), arrow_tables(), polars_frames(), arrays, containers],
    ids=["pandas frames", "pandas series", "pyarrow tables", "polars frames", "arrays", "containers"],
)
def test_what_is_loaded_is_what_was_stored(trip, same, values):
    @lawful
    @given(values)
    def holds(value):
        same(trip(value), value)

    holds()
