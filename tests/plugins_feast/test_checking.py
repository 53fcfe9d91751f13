from datetime import UTC, datetime

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datanectar.errors import InvalidBatch
from datanectar_feast.batches import _digest_of
from datanectar_feast.checking import checked
from datanectar_feast.views import View

MOMENT = pa.timestamp("us", "UTC")
NOON = datetime(2013, 3, 31, 12, tzinfo=UTC)


def view(*, created="created", keys=None, **features):
    return View(
        name="stats",
        keys={"driver": pa.int64()} if keys is None else keys,
        features=features or {"trips": pa.int64()},
        event_timestamp="at",
        created_timestamp=created,
        path="data/stats",
    )


def check(table, of=None, **options):
    of = of or view()
    return checked(of, table, "at", of.created_timestamp or None, **options)


def frame(**columns):
    """A row of ``stats``, with other columns in place of its own, or without those that are None."""
    row = {"driver": [1], "at": [NOON], "created": [NOON], "trips": [10], **columns}
    return pd.DataFrame({name: column for name, column in row.items() if column is not None})


def one(feature, column, kind):
    """A feature of a type as it comes out of a check."""
    return check(frame(**{"trips": None, feature: column}), view(**{feature: kind})).column(feature)


def test_no_rows_are_rows_of_the_views_types():
    found = check(frame()[:0])
    assert (found.num_rows, found.schema.types) == (0, [pa.int64(), MOMENT, MOMENT, pa.int64()])


def test_a_table_without_rows_and_types_becomes_one_of_the_views_types():
    empty = pd.DataFrame({name: pd.Series([], dtype=object) for name in ("driver", "at", "created", "trips")})
    assert check(empty).schema.types == [pa.int64(), MOMENT, MOMENT, pa.int64()]


def test_a_feature_that_is_null_throughout_has_the_views_type():
    assert one("trips", [None], pa.int64()).type == pa.int64()


def test_integers_with_nulls_are_integers_though_pandas_has_floats():
    table = pd.DataFrame({"driver": [1, 2], "at": NOON, "created": NOON, "trips": [10, None]})
    assert table["trips"].dtype == "float64"
    assert check(table).column("trips").to_pylist() == [10, None]


def test_a_fraction_is_refused_for_an_integer():
    with pytest.raises(InvalidBatch, match=r"column 'trips' for view 'stats' must be int64, is double, and loses som"):
        check(frame(trips=[1.5]))


def test_a_number_that_is_too_large_is_refused():
    with pytest.raises(InvalidBatch, match="loses something"):
        one("trips", [1 << 40], pa.int32())


@pytest.mark.parametrize("value", ["ten", True, NOON, b"ten", [10]])
def test_what_is_no_number_is_refused_for_one(value):
    with pytest.raises(InvalidBatch, match=r"column 'trips' for view 'stats' must be int64, and is .*: convert it bef"):
        check(frame(trips=[value]))


def test_numbers_are_refused_for_text():
    with pytest.raises(InvalidBatch, match="must be string, and is int64"):
        one("city", [10], pa.string())


def test_times_without_a_zone_are_refused_with_the_remedy():
    with pytest.raises(InvalidBatch, match=r"take for UTC: say which it is, as in table\[\"at\"\].dt.tz_localize"):
        check(frame(at=[NOON.replace(tzinfo=None)]))


def test_the_time_when_a_row_was_made_needs_a_zone_too():
    with pytest.raises(InvalidBatch, match="column 'created' for view 'stats' has times without a zone"):
        check(frame(created=[NOON.replace(tzinfo=None)]))


def test_text_is_no_time():
    with pytest.raises(InvalidBatch, match=r"must be a time with its zone, and is .*string.* makes one"):
        check(frame(at=["2013-03-31T12:00:00Z"]))


def test_times_of_other_zones_become_utc():
    times = pd.Series([NOON]).dt.tz_convert("Asia/Kolkata")
    found = check(frame(at=times)).column("at")
    assert (found.type, found.to_pylist()) == (MOMENT, [NOON])


def test_the_hour_that_clocks_show_twice_stays_two_hours():
    times = pd.date_range("2013-10-27 00:00", periods=3, freq="h", tz="UTC").tz_convert("Europe/Berlin")
    assert [time.hour for time in times] == [2, 2, 3]
    table = pd.DataFrame({"driver": 1, "at": times, "created": times, "trips": range(3)})
    assert [time.hour for time in check(table).column("at").to_pylist()] == [0, 1, 2]


def test_nanoseconds_become_microseconds_which_is_what_feast_keeps():
    times = pd.to_datetime(["2013-03-31T12:00:00.000001234Z"])
    assert check(frame(at=times)).column("at").to_pylist() == [NOON.replace(microsecond=1)]


def test_an_index_that_has_what_is_missing_is_named_with_its_remedy():
    grouped = frame().groupby(["driver", "at", "created"]).sum()
    with pytest.raises(InvalidBatch, match=r"has no 'driver', 'at', 'created'; they are in its index: call reset_inde"):
        check(grouped)


def test_an_index_that_has_nothing_missing_is_left_out():
    assert check(frame().set_index(pd.Index([7], name="number"))).num_rows == 1


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"trips": None}, "the table has no 'trips'. View 'stats' is of driver, at, created, trips: change the table"),
        ({"fare": [2.5]}, "the table has, which the view does not, 'fare'. View"),
        ({"trips": None, "trip": [1]}, "the table has no 'trips' and has, which the view does not, 'trip'. View"),
    ],
)
def test_missing_and_unknown_columns_are_named(columns, says):
    with pytest.raises(InvalidBatch) as caught:
        check(frame(**columns))
    assert str(caught.value).startswith(says)


def test_a_column_that_is_there_twice_is_named():
    table = pa.Table.from_pandas(frame())
    with pytest.raises(InvalidBatch, match="the table has twice 'trips'"):
        check(table.append_column("trips", table["trips"]))


def test_a_column_that_pandas_has_twice_is_named():
    table = pd.concat([frame(), frame()[["trips"]]], axis=1)
    with pytest.raises(InvalidBatch, match=r"publish to view 'stats': .*[Dd]uplicate column names.*trips"):
        check(table)


@pytest.mark.parametrize("name", ["driver", "at", "created"])
def test_nulls_in_keys_and_times_are_refused(name):
    with pytest.raises(InvalidBatch, match=f"column '{name}' for view 'stats' has 1 null of 1: each row must say whos"):
        check(frame(**{name: [None]}))


def test_the_columns_of_times_are_those_of_the_source():
    with pytest.raises(InvalidBatch, match=r"event_timestamp='when', but the FileSource of view 'stats' has timestamp"):
        checked(view(), frame(), "when", None)
    with pytest.raises(InvalidBatch, match=r"created_timestamp='made', but the FileSource of view 'stats' has created"):
        checked(view(), frame(), "at", "made")
    with pytest.raises(InvalidBatch, match=r"created_timestamp='created', but the FileSource of view 'stats' has none"):
        checked(view(created=""), frame(), "at", "created")


def test_two_rows_of_one_entity_and_time_are_refused_with_an_example():
    table = pd.concat([frame(created=None), frame(created=None, trips=[11])])
    with pytest.raises(InvalidBatch) as caught:
        check(table, view(created=""))
    assert str(caught.value) == (
        "1 rows for view 'stats' have an entity and time that another row has, such as the 2 of driver=1, "
        "at=2013-03-31 12:00:00+00:00; a created_timestamp_column would say which counts"
    )


def test_two_rows_that_were_made_at_two_times_are_none_too_many():
    table = pd.concat([frame(), frame(created=[NOON.replace(hour=13)], trips=[11])])
    assert check(table).num_rows == 2


def test_two_rows_that_were_made_at_one_time_are_refused():
    with pytest.raises(InvalidBatch, match=r"the 2 of driver=1, at=.*, created=2013-03-31 12:00:00\+00:00$"):
        check(pd.concat([frame(), frame(trips=[11])]))


def test_a_time_when_rows_were_made_that_is_named_must_be_there():
    with pytest.raises(InvalidBatch, match="the table has no 'created'"):
        checked(view(), frame(created=None), "at", "created")


def test_the_time_when_rows_were_made_may_be_left_out():
    found = checked(view(), frame(created=None), "at", None)
    assert found.column_names == ["driver", "at", "trips"]


@given(st.permutations(range(8)), st.lists(st.one_of(st.none(), st.integers(-5, 5)), min_size=8, max_size=8))
def test_rows_in_any_order_are_the_same_rows(order, trips):
    table = pd.DataFrame(
        {
            "driver": [number % 3 for number in range(8)],
            "at": [NOON.replace(minute=number) for number in range(8)],
            "created": NOON,
            "trips": pd.array(trips, dtype="Int64"),
        }
    )
    assert _digest_of(check(table)) == _digest_of(check(table.iloc[list(order)]))


@given(
    st.lists(st.tuples(st.one_of(st.none(), st.integers(-5, 5)), st.one_of(st.none(), st.text(max_size=3))), max_size=9)
)
def test_the_same_rows_are_the_same_whoever_made_the_table(found):
    import polars as pl

    of = view(trips=pa.int64(), city=pa.string())
    rows = {
        "driver": list(range(len(found))),
        "at": [NOON] * len(found),
        "created": [NOON] * len(found),
        "trips": [trips for trips, _ in found],
        "city": [city for _, city in found],
    }
    kinds = [pa.int64(), MOMENT, MOMENT, pa.int64(), pa.string()]
    arrow = pa.table({name: pa.array(column, kind) for (name, column), kind in zip(rows.items(), kinds, strict=True)})
    pandas, polars = pd.DataFrame(rows), pl.from_arrow(arrow)
    if found:  # pandas knows no types of nothing
        assert _digest_of(check(pandas, of)) == _digest_of(check(arrow, of))
    assert _digest_of(check(polars, of)) == _digest_of(check(arrow, of))


def test_what_is_no_table_is_refused():
    with pytest.raises(InvalidBatch, match="publish to view 'stats': a list is no table that Arrow can hold"):
        check([{"driver": 1}])


def test_categories_become_text():
    assert one("city", pd.Categorical(["Bern"]), pa.string()).to_pylist() == ["Bern"]
    assert one("city", pa.array(["Bern"]).dictionary_encode().to_pandas(), pa.string()).to_pylist() == ["Bern"]


def test_an_arrow_dictionary_becomes_what_it_names():
    table = pa.Table.from_pandas(frame(trips=None)).append_column("city", pa.array(["Bern"]).dictionary_encode())
    assert check(table, view(city=pa.string())).column("city").to_pylist() == ["Bern"]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.binary(), b"\x00\xff"),
        (pa.bool_(), True),
        (pa.float32(), 2.5),
        (pa.int32(), 7),
        (MOMENT, NOON),
        (pa.list_(pa.int64()), [1, None, 3]),
        (pa.list_(pa.string()), ["a", "b"]),
        (pa.list_(pa.binary()), [b"a"]),
    ],
    ids=str,
)
def test_a_feature_of_each_type_comes_out_as_it_went_in(kind, value):
    assert one("feature", [value], kind).to_pylist() == [value]
    assert one("feature", [None], kind).to_pylist() == [None]


def test_a_time_that_is_a_feature_needs_a_zone():
    with pytest.raises(InvalidBatch, match="column 'seen' for view 'stats' has times without a zone"):
        one("seen", [NOON.replace(tzinfo=None)], MOMENT)


def test_a_list_of_text_is_refused_for_one_of_numbers():
    with pytest.raises(InvalidBatch, match="must be list<item: int64>, and is list<"):
        one("last", [["a"]], pa.list_(pa.int64()))


def test_a_view_of_no_entity_has_one_row_for_each_time():
    of = view(keys={}, rate=pa.float64())
    assert check(frame(driver=None, trips=None, rate=[0.5]), of).column_names == ["at", "created", "rate"]
    with pytest.raises(InvalidBatch, match="the 2 of at="):
        check(pd.concat([frame(driver=None, trips=None, rate=[rate]) for rate in (0.5, 0.6)]), of)
