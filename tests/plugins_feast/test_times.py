from datetime import UTC, date, datetime, timedelta, timezone

import pandas as pd
import pytest

from datanectar.errors import ArgumentError
from datanectar_feast.times import in_utc, time_column

NOON = datetime(2013, 3, 31, 12, tzinfo=UTC)


def utc(*times, zone=None, dtype=None):
    found = in_utc(pd.Series(list(times), dtype=dtype), "when", zone)
    assert str(found.dt.tz) == "UTC"
    return [time.to_pydatetime() for time in found]


def test_the_times_are_those_that_are_called_so():
    assert time_column(pd.DataFrame({"born": [NOON], "event_timestamp": [NOON]})) == "event_timestamp"


def test_the_only_times_are_the_times():
    assert time_column(pd.DataFrame({"driver": [1], "when": [NOON]})) == "when"
    assert time_column(pd.DataFrame({"when": pd.Series([NOON], dtype="timestamp[us, tz=UTC][pyarrow]")})) == "when"


def test_of_several_times_one_must_be_named():
    with pytest.raises(ArgumentError, match=r"has several columns with times, 'born', 'when': name the one .* 'event_"):
        time_column(pd.DataFrame({"born": [NOON], "when": [NOON]}))


def test_without_times_it_says_what_is_missing():
    with pytest.raises(ArgumentError, match="entity_df has no column with times"):
        time_column(pd.DataFrame({"driver": [1]}))


def test_times_of_a_zone_become_utc():
    local = NOON.astimezone(timezone(timedelta(hours=-5)))
    assert utc(local) == [NOON]


def test_times_of_several_zones_become_utc():
    assert utc(NOON, NOON.astimezone(timezone(timedelta(hours=2))), dtype=object) == [NOON, NOON]


def test_times_that_arrow_holds_become_utc():
    assert utc(NOON, dtype="timestamp[us, tz=Asia/Kolkata][pyarrow]") == [NOON]


def test_times_without_a_zone_are_refused():
    with pytest.raises(ArgumentError, match=r"the times in 'when' say no zone, .* timezone=\"Europe/Berlin\" or timez"):
        utc(NOON.replace(tzinfo=None))


@pytest.mark.parametrize("dtype", [None, object, "timestamp[us][pyarrow]"])
def test_times_without_a_zone_are_of_that_which_is_given(dtype):
    assert utc(NOON.replace(tzinfo=None), zone="Europe/Berlin", dtype=dtype) == [NOON.replace(hour=10)]


def test_a_zone_that_is_given_changes_no_time_that_says_its_own():
    assert utc(NOON, zone="Europe/Berlin") == [NOON]


def test_times_of_which_some_say_a_zone_are_refused():
    with pytest.raises(ArgumentError, match="some times in 'when' say their zone, and some do not"):
        utc(NOON, NOON.replace(tzinfo=None), zone="UTC", dtype=object)


def test_a_time_that_is_null_is_refused():
    with pytest.raises(ArgumentError, match="entity_df: 1 of 2 rows have no 'when'"):
        utc(NOON, None)


@pytest.mark.parametrize("value", ["2013-03-31", 1364731200, date(2013, 3, 31)])
def test_what_is_no_time_is_refused(value):
    with pytest.raises(ArgumentError, match=r"'when' has .*, not times: pd.to_datetime\(…, utc=True\) makes them"):
        utc(value)


def test_the_hour_that_clocks_show_twice_is_refused():
    with pytest.raises(ArgumentError, match=r"there twice or not at all in Europe/Berlin.*: give it with its offset"):
        utc(datetime(2013, 10, 27, 2, 30), zone="Europe/Berlin")


def test_the_hour_that_clocks_leave_out_is_refused():
    with pytest.raises(ArgumentError, match="there twice or not at all in Europe/Berlin"):
        utc(datetime(2013, 3, 31, 2, 30), zone="Europe/Berlin")


@pytest.mark.parametrize("zone", ["Berlin", "", "../etc/passwd"])
def test_a_zone_that_is_not_known_is_refused(zone):
    with pytest.raises(ArgumentError, match="is not known: name one as in 'Europe/Berlin' or 'UTC'"):
        utc(NOON.replace(tzinfo=None), zone=zone)


def test_no_times_at_all_are_fine():
    assert list(in_utc(pd.Series([], dtype="datetime64[ns, UTC]"), "when", None)) == []
