"""Arrow IPC, and tables of pyarrow and polars: each comes back equal, whichever serializer took it."""

import datetime as dt
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import datanectar as dn
from datanectar.errors import SerializationError

NESTED = pa.array([{"a": [1, None], "b": {"c": "x"}}, None, {"a": [], "b": None}])
WORDS = pa.array(["x", "y", None, "x"])

TABLES = {
    "numbers": (pa.table({"a": [1, 2, None], "b": [1.5, float("nan"), -0.0]}), "parquet"),
    "text and bytes": (pa.table({"a": ["ä", None, ""], "b": [b"\xff", b"", None]}), "parquet"),
    "large text": (pa.table({"a": pa.array(["a", None], pa.large_string())}), "parquet"),
    "nested": (pa.table({"a": NESTED, "b": pa.array([[[1]], [], None])}), "parquet"),
    "map": (pa.table({"a": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int8()))}), "arrow"),
    "lists of one length": (pa.table({"a": pa.array([[1, 2], [3, 4]], pa.list_(pa.int8(), 2))}), "parquet"),
    "times": (
        pa.table({"a": pa.array([0, None], pa.timestamp("ns", "Europe/Berlin")), "b": [dt.date(1, 1, 1)] * 2}),
        "parquet",
    ),
    "seconds": (pa.table({"a": pa.array([2**60, None], pa.timestamp("s"))}), "arrow"),
    "durations": (pa.table({"a": pa.array([5, None], pa.duration("us"))}), "parquet"),
    "decimals": (pa.table({"a": [Decimal("1.50"), None]}), "parquet"),
    "half": (pa.table({"a": pa.array([1.5, None], pa.float16())}), "parquet"),
    "only nulls": (pa.table({"a": pa.nulls(3)}), "parquet"),
    "metadata": (pa.table({"a": [1]}).replace_schema_metadata({"unit": "km"}), "parquet"),
    "date64": (pa.table({"a": pa.array([0, 0, 0, 1], pa.int64()).cast(pa.date64())}), "arrow"),
    "date64 in a list": (
        pa.table({"a": pa.ListArray.from_arrays([0, 0, 0, 0, 1], pa.array([1], pa.int64()).cast(pa.date64()))}),
        "arrow",
    ),
    "not nullable": (pa.table({"a": [1]}, pa.schema([pa.field("a", pa.int8(), nullable=False)])), "parquet"),
    "a name twice": (pa.table([pa.array([1]), pa.array(["x"])], names=["a", "a"]), "parquet"),
    "chunks": (pa.table({"a": pa.chunked_array([[1, 2], [], [3]])}), "parquet"),
    "slice": (pa.table({"a": range(100), "b": ["x"] * 100}).slice(10, 50), "parquet"),
    "0 rows": (pa.table({"a": pa.array([], pa.list_(pa.string()))}), "parquet"),
    "0 columns": (pa.table({}), "arrow"),
    "dictionary": (pa.table({"a": WORDS.dictionary_encode()}), "arrow"),
    "dictionary, unused": (
        pa.table({"a": pa.DictionaryArray.from_arrays(pa.array([1, None], pa.int8()), ["a", "b", "c"], ordered=True)}),
        "arrow",
    ),
    "dictionary in a list": (
        pa.table({"a": pa.array([["a"], None], pa.list_(pa.dictionary(pa.int8(), "str")))}),
        "arrow",
    ),
    "dictionaries that change": (
        pa.table({"a": pa.chunked_array([WORDS.dictionary_encode(), pa.array(["z", "y"]).dictionary_encode()])}),
        "arrow",
    ),
    "runs": (pa.table({"a": pa.RunEndEncodedArray.from_arrays([2, 5], ["a", "b"])}), "arrow"),
    "union": (
        pa.table({"a": pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array("ab")])}),
        "arrow",
    ),
    "views": (pa.table({"a": pa.array(["a", "long enough to be out of line"], pa.string_view())}), None),
    "batch": (pa.record_batch({"a": [1, None], "b": ["x", "y"]}), "arrow"),
    "batch with metadata": (pa.record_batch({"a": [1]}).replace_schema_metadata({"unit": "km"}), "arrow"),
    "0 rows of a batch": (pa.record_batch({"a": pa.array([], pa.int8())}), "arrow"),
    "array": (pa.array([1, None, 3]), "arrow"),
    "0 items": (pa.array([], pa.string()), "arrow"),
    "array of dictionary": (WORDS.dictionary_encode(), "arrow"),
    "nested array": (NESTED, "arrow"),
    "chunked array": (pa.chunked_array([[1, 2], [3]]), "arrow"),
    "0 chunks": (pa.chunked_array([], pa.int8()), "arrow"),
}


@pytest.mark.parametrize(("value", "form"), TABLES.values(), ids=TABLES)
def test_pyarrow_values_come_back(trip, same, value, form):
    got, serializer = trip(value, with_serializer=True)
    same(got, value)
    assert form is None or serializer == f"pyarrow-{form}"


class Celsius(pa.ExtensionType):
    """A type that nobody registers."""

    def __init__(self):
        super().__init__(pa.int8(), "acme.celsius")

    def __arrow_ext_serialize__(self):
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        return cls()


DEGREES = pa.ExtensionArray.from_storage(Celsius(), pa.array([1, None], pa.int8()))


@pytest.mark.parametrize(
    "value",
    [
        DEGREES,
        pa.chunked_array([DEGREES, DEGREES]),
        pa.table({"a": DEGREES}),
        pa.record_batch({"a": DEGREES}),
        pa.table({"a": pa.ListArray.from_arrays([0, 2], DEGREES)}),
        pa.array([{"a": 1}]).from_arrays([DEGREES], names=["a"]),
    ],
    ids=["array", "chunks", "table", "batch", "list", "struct"],
)
def test_a_type_that_is_not_registered_stays_what_it_is(trip, same, value):
    got, serializer = trip(value, with_serializer=True)
    same(got, value)
    assert serializer == "pickle"


def test_a_type_that_is_registered_stays_in_arrow(trip, same):
    value = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(16), None], pa.binary(16)))
    got, serializer = trip(value, with_serializer=True)
    same(got, value)
    assert serializer == "pyarrow-arrow"


@pytest.mark.parametrize("value", [pa.table({"a": [1, 2]}), pa.record_batch({"a": [1, 2]})], ids=["table", "batch"])
def test_rows_without_columns_are_refused_since_nothing_keeps_them(trip, value):
    with pytest.raises(SerializationError, match="rows without columns are not kept by Arrow; return their number"):
        trip(value.select([]))


POLARS = {
    "numbers": (pl.DataFrame({"a": [1, None, 3], "b": [1.5, float("nan"), -0.0], "c": [True, None, False]}), "parquet"),
    "widths": (pl.DataFrame({"a": [1, 2]}, schema={"a": pl.UInt8}), "parquet"),
    "128 bits": (pl.DataFrame({"a": [2**100, None]}, schema={"a": pl.Int128}), "parquet"),
    "text and bytes": (pl.DataFrame({"a": ["ä", None, ""], "b": [b"\xff", b"", None]}), "parquet"),
    "nested": (pl.DataFrame({"a": [[1], [], None], "b": [{"x": 1, "y": [None]}, None, {"x": 2, "y": []}]}), "parquet"),
    "lists of one length": (pl.DataFrame({"a": [[1, 2], [3, 4]]}, schema={"a": pl.Array(pl.Int16, 2)}), "parquet"),
    "times": (
        pl.DataFrame(
            {
                "a": [dt.datetime(2013, 1, 1, tzinfo=dt.UTC), None],
                "b": [dt.date(1, 1, 1), None],
                "c": [dt.time(1, 2, 3), None],
                "d": [dt.timedelta(microseconds=1), None],
            }
        ),
        "parquet",
    ),
    "time zone": (
        pl.Series("a", [dt.datetime(2013, 1, 1)]).dt.replace_time_zone("Europe/Berlin").to_frame(),
        "parquet",
    ),
    "decimals": (pl.DataFrame({"a": [Decimal("1.50"), None]}), "parquet"),
    "categories": (pl.DataFrame({"a": pl.Series(["x", None, "y"], dtype=pl.Categorical)}), None),
    "enum": (pl.DataFrame({"a": pl.Series(["x", None], dtype=pl.Enum(["z", "x", "y"]))}), None),
    "only nulls": (pl.DataFrame({"a": [None, None]}), None),
    "0 rows": (pl.DataFrame(schema={"a": pl.List(pl.String)}), "parquet"),
    "nothing": (pl.DataFrame(), "arrow"),
    "chunks": (pl.concat([pl.DataFrame({"a": [1]}), pl.DataFrame({"a": [2]})], rechunk=False), "parquet"),
}


@pytest.mark.parametrize(("value", "form"), POLARS.values(), ids=POLARS)
def test_polars_frames_come_back(trip, same, value, form):
    got, serializer = trip(value, with_serializer=True)
    same(got, value)
    assert serializer in ((f"polars-{form}",) if form else ("polars-parquet", "polars-arrow"))


@pytest.mark.parametrize(
    "value",
    [
        pl.Series("x", [1, None]),
        pl.Series([1.5]),
        pl.Series("e", ["b"], dtype=pl.Enum(["a", "b"])),
        pl.Series("0", [], dtype=pl.Int8),
    ],
    ids=repr,
)
def test_polars_series_come_back(trip, same, value):
    got, serializer = trip(value, with_serializer=True)
    same(got, value)
    assert serializer == "polars-series"


def test_a_lazy_frame_is_refused_since_it_has_no_rows(trip):
    with pytest.raises(SerializationError, match=r"return frame\.collect\(\)"):
        trip(pl.LazyFrame({"a": [1]}))


VALUES = {
    "pandas": pd.DataFrame({"a": np.arange(20_000.0), "b": ["x", "y"] * 10_000}),
    "polars": pl.DataFrame({"a": np.arange(20_000.0), "b": ["x", "y"] * 10_000}),
    "pyarrow": pa.table({"a": np.arange(20_000.0), "b": ["x", "y"] * 10_000}),
}


@pytest.mark.parametrize("library", VALUES)
@pytest.mark.parametrize("form", ["arrow-ipc", "parquet"])
def test_a_format_can_be_asked_for_whatever_the_library(trip, same, library, form):
    got, serializer = trip(VALUES[library], form, with_serializer=True)
    same(got, VALUES[library])
    assert serializer == f"{library}-{form.removesuffix('-ipc')}"


def test_a_format_that_has_nothing_for_a_type_is_told(trip):
    with pytest.raises(SerializationError, match=r"'arrow-ipc', which was asked for, cannot hold this list exactly"):
        trip([1, 2], "arrow-ipc")


@pytest.mark.parametrize("library", VALUES)
def test_the_file_is_any_readers_arrow(tmp_path, library):
    with dn.settings(storage_layer=(tmp_path / "store").as_uri()):
        dn.storage_layer().store("a/b", VALUES[library], "arrow-ipc")
        path = dn.storage_layer().local_path("a/b")
    assert path.suffix == ".arrow"
    assert pa.ipc.open_file(path).read_all().num_rows == 20_000
    assert pl.read_ipc(path).height == 20_000


def test_a_loaded_arrow_table_is_mapped_not_read(tmp_path):
    with dn.settings(storage_layer=(tmp_path / "store").as_uri()):
        layer = dn.storage_layer()
        layer.store("a/b", VALUES["pyarrow"], "arrow-ipc")
        before = pa.total_allocated_bytes()
        loaded = layer.load("a/b")
        assert pa.total_allocated_bytes() - before < 10_000
        layer.delete("a/b")
        assert loaded.equals(VALUES["pyarrow"])


def test_frames_without_pyarrow_are_refused_with_what_to_install(tmp_path):
    code = """
import sys
sys.modules["pyarrow"] = None
import datanectar as dn, pandas as pd
from datanectar.errors import SerializationError
with dn.settings(storage_layer=sys.argv[1]):
    try:
        dn.storage_layer().store("a/b", {"table": pd.DataFrame({"a": [1]})})
    except SerializationError as error:
        print(error)
    dn.storage_layer().store("a/c", pd.DataFrame({"a": [1]}), serializer="pickle")
    print(dn.storage_layer().load("a/c")["a"].tolist())
"""
    run = subprocess.run(
        [sys.executable, "-c", code, (tmp_path / "store").as_uri()], check=False, capture_output=True, text=True
    )
    assert "the part ['table'] of the result" in run.stdout
    assert "pip install pyarrow" in run.stdout
    assert run.stdout.endswith("[1]\n")
    assert run.stderr == ""
