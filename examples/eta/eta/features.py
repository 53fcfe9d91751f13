"""The feature table: what is known of a flight an hour before it should leave, and how late it came."""

from collections.abc import Sequence

import pandas as pd

from eta.flights import OUTCOME, WEATHER

CATEGORICAL = ("carrier", "carrier_route", "plane_engine")
# No month: trees that learned from January to September cannot know what the number of December means.
CALENDAR = ("weekday", "departure_minute", "scheduled_minutes")
NUMERIC = (*CALENDAR, "distance", "plane_age", "plane_seats", *WEATHER)


def feature_table(months: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Turns months of trips into one table that the models learn from.

    Flights that were cancelled or diverted (2.8 %) have no arrival delay and are dropped: the models answer
    "how late, given that it flies". Nothing here is learned from the outcome: rates of the past are up to the
    models, so that they come from the training months alone.

    Args:
        months: Trips of `eta.flights.month_of_flights`, in the order of time.

    Returns:
        The columns `CATEGORICAL`, `NUMERIC` and `arr_delay`.
    """
    trips = pd.concat(months, ignore_index=True).dropna(subset=[OUTCOME]).reset_index(drop=True)
    local_time = pd.to_datetime(trips["time_hour"], utc=True).dt.tz_convert("America/New_York")
    leaves = trips["hour"] * 60 + trips["minute"]
    arrives = trips["sched_arr_time"] // 100 * 60 + trips["sched_arr_time"] % 100
    return trips.assign(
        carrier_route=trips["carrier"] + " " + trips["origin"] + "-" + trips["dest"],
        weekday=local_time.dt.day_of_week.astype("int64"),
        departure_minute=leaves,
        # By the clocks of both airports, hence off by the time zone, which is the same for all of a route.
        scheduled_minutes=(arrives - leaves) % (24 * 60),
        plane_age=2013 - trips["plane_built"],
    )[[*CATEGORICAL, *NUMERIC, OUTCOME]]
