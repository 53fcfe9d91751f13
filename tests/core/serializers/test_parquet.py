"""pandas DataFrames: each comes back equal, whichever serializer took it."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import datanectar as dn

lawful = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)


def frame(values, dtype=None, **options) -> pd.DataFrame:
    return pd.DataFrame({"a": pd.Series(values, dtype=dtype)}, **options)


def with_attrs(unit: object = "km") -> pd.DataFrame:
    made = frame([1])
    made.attrs["unit"] = unit
    return made


BASE = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": list("vwxyz")})
DAYS = pd.date_range("2013-01-01", periods=5)

PARQUET = {
    "plain": BASE,
    "str": frame(["a", None, "ä", "", "e"], "str"),
    "str, nothing but NaN": frame([None] * 5, "str"),
    "nothing but None": frame([None] * 5, object),
    "bool": frame([True, False]),
    "float": frame([1.5, np.nan, -0.0, np.inf]),
    "float16": frame([1.5, 2.0], "float16"),
    "unsigned": frame([0, 255], "uint8"),
    "nullable int": frame([1, None, 3], "Int8"),
    "nullable bool": frame([True, None], "boolean"),
    "nullable float": frame([1.5, 2.5], "Float64"),
    "string": frame(["a", None], "string"),
    "Arrow": frame([1, None], pd.ArrowDtype(pa.int16())),
    "datetime ns": frame(DAYS.as_unit("ns")),
    "datetime us": frame([dt.datetime(1, 1, 1), pd.NaT], "datetime64[us]"),
    "datetime ms": frame(["2013-01-01", None], "datetime64[ms]"),
    "timedelta": frame([dt.timedelta(1), None], "timedelta64[ns]"),
    "UTC": frame(DAYS.tz_localize("UTC")),
    "index in UTC of zoneinfo": BASE.set_index(DAYS.tz_localize(ZoneInfo("UTC"))),
    "index in UTC": BASE.set_index(DAYS.tz_localize("UTC")),
    "MultiIndex in UTC": BASE.set_index(
        [pd.DatetimeIndex(DAYS.tolist(), tz=zone) for zone in ("UTC", ZoneInfo("UTC"))]
    ),
    "0 rows in UTC": frame(DAYS.tz_localize("UTC")).iloc[:0],
    "zone": frame(DAYS.tz_localize("Europe/Berlin")),
    "RangeIndex": BASE.set_index(pd.RangeIndex(10, 0, -2)),
    "RangeIndex with a name": BASE.set_index(pd.RangeIndex(5, name="row")),
    "index of str": BASE.set_index(pd.Index(list("edcba"), name="key")),
    "index of floats": BASE.set_index(pd.Index([0.5, 1.5, 0.25, 2.5, np.nan])),
    "index that repeats": BASE.set_index(pd.Index([1, 1, 1, 2, 2])),
    "index of times": BASE.set_index(pd.DatetimeIndex(DAYS.tolist(), name="day")),
    "MultiIndex": BASE.set_index(pd.MultiIndex.from_arrays([list("aabbc"), [1, 2, 1, 2, 1]], names=["x", "y"])),
    "MultiIndex without names": BASE.set_index(pd.MultiIndex.from_arrays([list("aabbc"), [1, 2, 1, 2, 1]])),
    "name of the columns": BASE.rename_axis(columns="feature"),
    "sliced": pd.DataFrame({"a": range(100), "b": list("ab") * 50}).iloc[10:90:3],
    "0 rows": BASE.iloc[:0],
    "column like an index": pd.DataFrame({"__index_level_0__": [1, 2]}, index=[5, 6]),
    "attrs": with_attrs(),
    "no duplicate labels": BASE.set_flags(allows_duplicate_labels=False),
    "freq": BASE.set_index(DAYS),
    "timedelta freq": BASE.set_index(pd.timedelta_range(0, periods=5, freq="h")),
    "index like a column": BASE.set_index(pd.Index(range(5), name="a")),
    "index with a number as its name": BASE.set_index(pd.Index(list("abcde"), name=0)),
    "MultiIndex with one name twice": BASE.set_index(
        pd.MultiIndex.from_arrays([list("aabbc"), [1, 2, 1, 2, 1]], names=["x", "x"])
    ),
    "duplicate columns": pd.DataFrame([[1, 2.5]], columns=["a", "a"]),
    "columns of numbers": pd.DataFrame(np.eye(3)),
    "columns of anything": pd.DataFrame([[1, 2, 3]], columns=["a", 1, None]),
    "columns of objects": BASE.set_axis(pd.Index(["a", "b"], dtype=object), axis=1),
    "columns of two levels": pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")])),
    "name of the columns is a number": BASE.rename_axis(columns=5),
    "0 rows of objects": frame([], object),
    "0 columns": pd.DataFrame(index=[1, 2, 3]),
    "nothing": pd.DataFrame(),
    "fixed offset": frame(DAYS.tz_localize(dt.timezone(dt.timedelta(hours=2)))),
    "UTC of datetime": frame(DAYS.tz_localize(dt.UTC)),
    "UTC of zoneinfo": frame(DAYS.tz_localize(ZoneInfo("UTC"))),
    "nullable float with NA": frame([1.5, None], "Float64"),
}

ARROW = {
    "Arrow's date64, with a time of day": frame(
        pd.arrays.ArrowExtensionArray(pa.array([0, 0, 0, 1, None], pa.int64()).cast(pa.date64()))
    ),
    "intervals in UTC": frame(pd.arrays.IntervalArray.from_breaks(DAYS.tz_localize("UTC"))),
    "datetime s": frame(["2013-01-01"], "datetime64[s]"),
    "datetime s beyond ms": frame([0, 0, 0, 0, 2**60], "datetime64[s]"),
    "category": frame(list("abca"), "category"),
    "category in an order": frame(pd.Categorical(list("ab"), categories=list("cba"), ordered=True)),
    "period": frame(pd.period_range("2013-01", periods=3, freq="M")),
    "interval": frame(pd.interval_range(0, 3)),
    "category index": BASE.set_index(pd.CategoricalIndex(list("abcab"))),
    "unused categories": frame(pd.Categorical(["b"], categories=["a", "b", "c"])),
    "categories of numbers": frame(pd.Categorical([10, 20, None, 10])),
    "categories of times": frame(pd.Categorical(pd.DatetimeIndex(DAYS.tolist()))),
    "period index": BASE.set_index(pd.period_range("2013-01", periods=5, freq="M", name="month")),
    "interval index": BASE.set_index(pd.interval_range(0.5, 5.5, closed="left")),
    "series": pd.Series([1.5, None, 2.5], name="x"),
    "series without a name": pd.Series(["a", None]),
    "series, named by a tuple": pd.Series([1], name=("a", 1), index=pd.Index(["k"], name="key")),
    "series of categories": pd.Series(list("aba"), dtype="category", index=pd.date_range("2013", periods=3, freq="D")),
    "0 rows of a series": pd.Series([], dtype="int16"),
}

OTHER = {
    "object of str": frame(["a", "b"], object),
    "object of str and None": frame(["a", None, np.nan], object),
    "object, None first": frame([None, None, None, None, "x"], object),
    "object, str late": frame([None] * 4000 + ["x"], object),
    "object of anything": frame([1, "a", None, (2, [3]), 1.5], object),
    "object of bool and None": frame([True, None], object),
    "object of bytes": frame([b"a", None], object),
    "object of Decimal": frame([Decimal("1.50"), None], object),
    "object of dates": frame([dt.date(2013, 1, 1)], object),
    "lists": frame([[1], [2, 3]]),
    "surrogates": frame(["a", "b", "c", "d", "\ud800"], object),
    "string in Python": frame(["a", None], "string[python]"),
    "sparse": frame(pd.arrays.SparseArray([0, 0, 1])),
    "complex": frame([1 + 2j]),
    "index of anything": BASE.set_index(pd.Index([1, "a", None, 2.5, (1,)], dtype=object)),
    "0 columns, RangeIndex": pd.DataFrame(index=pd.RangeIndex(3)),
    "nullable float with NaN beside NA": frame(
        pd.arrays.FloatingArray(np.array([np.nan, 0, 1]), np.array([False, True, False]))
    ),
    "Arrow's date64 as an index": BASE.set_index(
        pd.Index(pd.arrays.ArrowExtensionArray(pa.array([0, 0, 0, 1, 2], pa.int64()).cast(pa.date64())))
    ),
    "categories in UTC": frame(pd.Categorical(DAYS.tz_localize("UTC").tolist())),
    "categories with a frequency": frame(pd.Categorical(DAYS)),
    "attrs that are not plain": with_attrs(object),
    "labels that are not plain": pd.DataFrame([[1, 2]], columns=pd.date_range("2013", periods=2)),
    "series of anything": pd.Series([1, "a", None, (2,)], dtype=object),
}


def many(value, times):
    """So many rows of it that they are a file of their own."""
    if times == 1 or not len(value) or not value.flags.allows_duplicate_labels:
        return value
    made = pd.concat([value] * times)
    made.attrs = value.attrs
    return made


@pytest.mark.parametrize("value", PARQUET.values(), ids=PARQUET)
@pytest.mark.parametrize("times", [1, 400])
def test_what_parquet_holds_comes_back_from_parquet(trip, same, value, times):
    got, serializer = trip(many(value, times), with_serializer=True)
    same(got, many(value, times))
    assert serializer == "pandas-parquet"


@pytest.mark.parametrize("value", ARROW.values(), ids=ARROW)
@pytest.mark.parametrize("times", [1, 400])
def test_what_parquet_would_change_comes_back_from_arrow(trip, same, value, times):
    got, serializer = trip(many(value, times), with_serializer=True)
    same(got, many(value, times))
    assert serializer == "pandas-arrow"


@pytest.mark.parametrize("value", OTHER.values(), ids=OTHER)
def test_everything_else_is_pickled(trip, same, value):
    got, serializer = trip(value, with_serializer=True)
    same(got, value)
    assert serializer == "pickle"


ORDERED = pd.concat({"train": BASE, "test": BASE})


@pytest.mark.parametrize(
    "value",
    [
        ORDERED,
        ORDERED[["a"]].T,
        ORDERED.loc[["train"]],
        ORDERED.groupby([["z", "a"] * 5, [3, 1] * 5], sort=False).size(),
        pd.concat({"train": BASE, "test": BASE}, axis=1),
        pd.concat({"test": BASE, "train": BASE}, axis=1)[["train"]],
        BASE.set_index(pd.MultiIndex([[1, 2], [0]], [[0, 1, -1, 0, 1], [0] * 5])),
    ],
    ids=["rows", "columns", "unused", "series", "columns of concat", "unused columns", "none"],
)
def test_the_levels_of_a_multiindex_keep_their_order(trip, same, value):
    got, serializer = trip(value, with_serializer=True)
    same(got, value)
    assert serializer == ("pandas-parquet" if isinstance(value, pd.DataFrame) else "pandas-arrow")
    if value.index.nlevels > 1 and value.index.is_unique:
        same(got.unstack(0), value.unstack(0))


@pytest.mark.parametrize(
    "labels", [[pd.Timestamp("2014"), pd.Timestamp("2013")], [*range(20_000, 0, -1)]], ids=["times", "many"]
)
def test_levels_that_cannot_be_noted_are_left_to_pickle(trip, same, labels):
    value = pd.concat([BASE, BASE], keys=labels[:2], levels=[labels])
    got, serializer = trip(value, with_serializer=True)
    same(got, value)
    assert serializer == "pickle"


def test_sorted_levels_stay_in_parquet(trip, same):
    value = pd.concat({"test": BASE, "train": BASE})
    got, serializer = trip(value, with_serializer=True)
    same(got, value)
    assert serializer == "pandas-parquet"


columns = st.one_of(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=6, max_size=6),
    st.lists(st.floats(), min_size=6, max_size=6),
    st.lists(st.none() | st.text(max_size=4), min_size=6, max_size=6),
    st.lists(st.booleans(), min_size=6, max_size=6),
    st.lists(st.none() | st.booleans() | st.integers() | st.text(max_size=3), min_size=6, max_size=6),
    st.lists(st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)), min_size=6, max_size=6),
)
object_columns = st.lists(st.none() | st.text(max_size=4), min_size=6, max_size=6).map(
    lambda values: pd.Series(values, dtype=object)
)


@lawful
@given(st.dictionaries(st.text(max_size=4), columns | object_columns, min_size=0, max_size=4), st.data())
def test_frames_of_anything_come_back(trip, same, content, data):
    value = pd.DataFrame(content)
    if data.draw(st.booleans()) and len(value):
        value = value.iloc[data.draw(st.integers(0, 5)) :: data.draw(st.integers(1, 3))]
    if data.draw(st.booleans()) and len(value.columns) > 1:
        value = value.set_index(value.columns[0])
    same(trip(value), value)


class Flights(pd.DataFrame):
    pass


def test_a_subclass_stays_what_it_is(trip):
    got, serializer = trip(Flights({"a": [1]}), with_serializer=True)
    assert type(got) is Flights
    assert got["a"].tolist() == [1]
    assert serializer == "pickle"


@pytest.mark.parametrize("serializer", ["parquet", "arrow-ipc"])
def test_a_loaded_frame_can_be_changed(trip, same, serializer):
    value = pd.DataFrame(
        {
            "int": range(20_000),
            "float": np.linspace(0, 1, 20_000),
            "text": ["a", "b"] * 10_000,
            "flag": [True, False] * 10_000,
            "time": pd.date_range("2013", periods=20_000, freq="h"),
            "utc": pd.date_range("2013", periods=20_000, freq="h", tz="UTC"),
            "nullable": pd.array([1, None] * 10_000, "Int64"),
        }
    )
    if serializer == "arrow-ipc":
        value["category"] = value["text"].astype("category")
    got = trip(value, serializer)
    for frame_ in (got, value):
        for name in ("int", "float", "nullable"):
            frame_[name] *= 2
        for name in frame_.columns:
            frame_.loc[0, name] = frame_.loc[1, name]
        frame_["more"] = 1
        frame_.iloc[3:5] = frame_.iloc[5:7].to_numpy()
    same(got, value)


def test_the_file_is_any_readers_parquet(tmp_path):
    with dn.settings(storage_layer=(tmp_path / "store").as_uri()):
        layer = dn.storage_layer()
        layer.store("a/b", pd.DataFrame({"a": np.random.default_rng(0).random(50_000)}))
        assert layer.local_path("a/b").suffix == ".parquet"
        assert pyarrow.parquet.read_table(layer.local_path("a/b")).num_rows == 50_000


def test_what_a_caller_does_to_a_loaded_frame_does_not_reach_the_store(tmp_path):
    with dn.settings(storage_layer=(tmp_path / "store").as_uri()):
        layer = dn.storage_layer()
        layer.store("a/b", BASE)
        loaded = layer.load("a/b")
        loaded.loc[0, "a"] = 99
        pd.testing.assert_frame_equal(layer.load("a/b"), BASE)
