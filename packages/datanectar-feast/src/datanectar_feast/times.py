"""Times of entity rows, in UTC: those that say no zone are refused, unless one is given."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from datanectar.errors import ArgumentError

EVENT_TIMESTAMP = "event_timestamp"


def time_column(frame: Any) -> str:
    """Returns the column with the times of the rows: ``event_timestamp``, or the only one with times.

    Raises:
        ArgumentError: There is none, or several.
    """
    if EVENT_TIMESTAMP in frame.columns:
        return EVENT_TIMESTAMP
    import pandas as pd

    found = [name for name in frame.columns if pd.api.types.is_datetime64_any_dtype(frame[name].dtype)]
    if len(found) == 1:
        return str(found[0])
    has = f"has several columns with times, {', '.join(map(repr, found))}" if found else "has no column with times"
    raise ArgumentError(f"entity_df {has}: name the one that says when each row was as of {EVENT_TIMESTAMP!r}")


def in_utc(times: Any, name: str, zone: str | None) -> Any:
    """Returns a pandas series of times in UTC.

    Args:
        times: The series.
        name: What it is called, for messages.
        zone: The zone of times that say none.

    Raises:
        ArgumentError: A time is null or none, says no zone where none is given, or is not one time in that zone.
    """
    import pandas as pd

    if isinstance(times.dtype, pd.ArrowDtype):
        import pyarrow as pa

        times = pd.Series(pa.array(times).to_pandas(), name=name)
    if times.isna().any():
        raise ArgumentError(f"entity_df: {int(times.isna().sum())} of {len(times)} rows have no {name!r}")
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        return times.dt.tz_convert("UTC")
    if not pd.api.types.is_datetime64_any_dtype(times.dtype):
        if not all(isinstance(value, datetime) for value in times):
            raise ArgumentError(
                f"entity_df: {name!r} has {times.dtype}, not times: pd.to_datetime(…, utc=True) makes them"
            )
        if all(value.tzinfo is not None for value in times):
            return pd.to_datetime(times, utc=True)
        if any(value.tzinfo is not None for value in times):
            raise ArgumentError(f"entity_df: some times in {name!r} say their zone, and some do not")
        times = pd.to_datetime(times)
    if zone is None:
        raise ArgumentError(
            f"entity_df: the times in {name!r} say no zone, and Feast would take them for UTC. Say which it is, as in "
            'timezone="Europe/Berlin" or timezone="UTC"'
        )
    return _localized(times, name, zone)


def _localized(times: Any, name: str, zone: str) -> Any:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ArgumentError(f"timezone={zone!r} is not known: name one as in 'Europe/Berlin' or 'UTC'") from error
    try:
        return times.dt.tz_localize(place).dt.tz_convert("UTC")
    except Exception as error:  # pytz's or pandas' own, by release: no common base
        if type(error).__name__ not in ("AmbiguousTimeError", "NonExistentTimeError", "ValueError"):
            raise
        raise ArgumentError(
            f"entity_df: a time in {name!r} is there twice or not at all in {zone}, since clocks are changed then "
            f"({error}): give it with its offset"
        ) from error
