"""Trip statistics: how a carrier did on a route lately, as it was known day by day."""

from collections.abc import Sequence

import pandas as pd

from eta.flights import OUTCOME
from eta.models import LATE_MINUTES

KEYS = ("carrier", "route")
STATISTICS = ("recent_flights", "recent_delay", "recent_late_share")
WINDOW_DAYS = 28
# The latest flight of the year landed 21 hours late: two midnights after a day began to leave, all of it is known.
KNOWN_AFTER_DAYS = 2


def trip_statistics(months: Sequence[pd.DataFrame], month: int) -> pd.DataFrame:
    """Gives, for each carrier, route and day of a month, what was known of the 28 days before.

    Args:
        months: Trips of `eta.flights.month_of_flights`: the month's, and those of the month before for its first days.
        month: 1 to 12.

    Returns:
        The columns `KEYS`, `STATISTICS` (flights, mean delay in minutes, share of those 15 minutes late or more) and
        ``known_at``, from when on that was known.
    """
    trips = arrived(months)
    day = departure(trips).dt.tz_convert("America/New_York").dt.normalize().dt.tz_localize(None)
    daily = (
        trips.assign(day=day, late=trips[OUTCOME] >= LATE_MINUTES)
        .groupby([*KEYS, "day"])
        .agg(flights=(OUTCOME, "size"), minutes=(OUTCOME, "sum"), late=("late", "sum"))
    )
    recent = daily.reset_index(list(KEYS)).groupby(list(KEYS)).rolling(f"{WINDOW_DAYS}D").sum().reset_index()
    recent = recent[recent["day"].dt.month == month]
    known_at = (recent["day"] + pd.Timedelta(days=KNOWN_AFTER_DAYS)).dt.tz_localize("America/New_York")
    return pd.DataFrame(
        {
            **{key: recent[key] for key in KEYS},
            "known_at": known_at,
            "recent_flights": recent["flights"].astype("int64"),
            "recent_delay": recent["minutes"] / recent["flights"],
            "recent_late_share": recent["late"] / recent["flights"],
        }
    ).reset_index(drop=True)


def questions(months: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Gives what is asked for each trip: its carrier, its route, and an hour before it should leave.

    Args:
        months: Trips of `eta.flights.month_of_flights`.

    Returns:
        The columns `KEYS` and ``event_timestamp``, a row for each row of `eta.features.feature_table`.
    """
    trips = arrived(months)
    return trips[list(KEYS)].assign(event_timestamp=departure(trips) - pd.Timedelta(hours=1))


def arrived(months: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Gives the trips that have an outcome, with their route."""
    trips = pd.concat(months, ignore_index=True).dropna(subset=[OUTCOME]).reset_index(drop=True)
    return trips.assign(route=trips["origin"] + "-" + trips["dest"])


def departure(trips: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    """Gives the hours in which trips should leave, in UTC."""
    return pd.to_datetime(trips["time_hour"], utc=True)
