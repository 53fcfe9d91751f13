"""The kit for feature stores, on one in memory that keeps the rules and on some that break one each."""

import pytest

COMPONENTS = """
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import datanectar as dn
from datanectar.errors import InvalidBatch, MissingFeatures

COLUMNS = {"driver", "at", "created", "trips"}


class Memory(dn.FeatureStore):
    def __init__(self):
        self.known_views, self.batches, self.slots, self.newest, self.last = set(), {}, {}, {}, None

    def apply(self, definitions):
        self.known_views |= set(definitions)

    def publish(self, view, table, *, event_timestamp, created_timestamp=None, slot=None):
        assert view in self.known_views
        for row in table:
            if set(row) != COLUMNS: raise InvalidBatch("columns")
            if row["driver"] is None: raise InvalidBatch("null")
            if type(row["trips"]) is not int: raise InvalidBatch("type")
            if row["at"].tzinfo is None: raise InvalidBatch("zone")
        if len({(row["driver"], row["at"], row["created"]) for row in table}) < len(table): raise InvalidBatch("twice")
        rows = tuple(tuple(sorted(row.items())) for row in table)
        times = [row["at"] for row in table]
        slot = slot or f"rows-{hash(rows)}"
        name = f"{slot}/{hash(rows)}"
        batch = dn.FeatureBatch(
            view=view, slot=slot, name=name, rows=len(table), oldest=min(times, default=None),
            newest=max(times, default=None),
        )
        self.batches[name] = batch, table
        self.slots[slot] = name
        return batch

    def in_force(self):
        return [row for name in self.slots.values() for row in self.batches[name][1]]

    def materialize(self, batch, *, lag=timedelta(0)):
        self.slots[batch.slot] = batch.name
        now = datetime.now(UTC)
        rows = self.in_force() if batch.oldest else []
        rows = [row for row in rows if batch.oldest - lag <= row["at"] <= now]
        for row in rows:
            earlier = self.newest.get(row["driver"])
            if earlier is None or order(row) >= order(earlier):
                self.newest[row["driver"]] = row
        self.last = dn.Materialization(
            batch=batch.name, source=None, start=(batch.oldest or now) - lag, end=now, at=now
        )
        return self.last

    def training_set(self, entity_df, features, *, on_missing="keep", timezone=None, batches=None):
        rows = self.in_force() if batches is None else [row for one in batches for row in self.batches[one.name][1]]
        found = [known(rows, one["driver"], zoned(one["event_timestamp"], timezone)) for one in entity_df]
        if on_missing == "raise" and None in found:
            raise MissingFeatures("no features")
        return found

    def online(self, features, rows):
        return [self.newest.get(row["driver"], {}).get("trips") for row in rows]

    def views(self):
        batches = [self.batches[name][0] for name in self.slots.values()]
        batches = sorted(batches, key=lambda batch: batch.oldest)
        return [
            dn.FeatureViewState(
                view="stats", entities=["driver"], features=["trips"], batches=batches, materialized=self.last
            )
        ]


def known(rows, driver, time):
    rows = [row for row in rows if row["driver"] == driver and row["at"] <= time]
    return max(rows, key=order)["trips"] if rows else None


def zoned(time, zone):
    if time.tzinfo is None and zone is None: raise ValueError("naive")
    return time.replace(tzinfo=ZoneInfo(zone)) if time.tzinfo is None else time


def order(row):
    return row["at"], row["created"]
"""
BODY = """
@pytest.fixture
def feature_store(self):
    return MODULE.Memory()

@pytest.fixture
def definitions(self):
    return ["stats"]

def table(self, rows):
    return list(rows)

def trips(self, result):
    return result
"""


def test_one_that_keeps_the_rules_passes(run_kit) -> None:
    assert run_kit("FeatureStoreConformance", COMPONENTS, BODY) == {}


BROKEN = [
    (
        "self.known_views |= set(definitions)",
        "self.__init__(); self.known_views = set(definitions)",
        "definitions_can_be_applied",
    ),
    ("rows=len(table)", "rows=7", "a_batch_says_what_it_has"),
    ('slot = slot or f"rows-{hash(rows)}"', 'slot = f"rows-{hash(rows)}"', "replaces_that_of_its_slot"),
    ("self.slots[slot] = name", "self.slots = {slot: name}", "batches_of_other_slots_stay"),
    (" if batch.oldest else []", "", "a_batch_of_no_rows"),
    ('if set(row) != COLUMNS: raise InvalidBatch("columns")', "row.setdefault('trips', 0)", "the_view_has_are_refused"),
    ('if row["driver"] is None: raise InvalidBatch("null")', "pass", "the_view_has_are_refused"),
    ('if type(row["trips"]) is not int: raise InvalidBatch("type")', "pass", "the_view_has_are_refused"),
    (
        'if row["at"].tzinfo is None: raise InvalidBatch("zone")',
        'row["at"] = row["at"].replace(tzinfo=UTC)',
        "the_view_has_are_refused",
    ),
    ('< len(table): raise InvalidBatch("twice")', "< 0: pass", "the_view_has_are_refused"),
    (' and row["at"] <= time', "", "features_are_those_that_were_known"),
    ('return row["at"], row["created"]', 'return row["at"], -row["created"].timestamp()', "of_two_rows_of_one_time"),
    ("        return found\n", "        return [known for known in found if known]\n", "every_entity_row_is_there"),
    ('raise MissingFeatures("no features")', 'raise OSError("no features")', "missing_features_raise"),
    ('if time.tzinfo is None and zone is None: raise ValueError("naive")', 'zone = zone or "UTC"', "zone_are_refused"),
    ("tzinfo=ZoneInfo(zone)", "tzinfo=UTC", "of_that_which_is_given"),
    ("self.in_force() if batches is None else", "self.in_force() if True else", "given_batches_are_all"),
    ("        return batch\n", "        self.materialize(batch)\n        return batch\n", "online_has_the_newest"),
    ("for row in rows]\n\n    def views", "for row in rows[:2]]\n\n    def views", "a_row_for_each_that_was_asked"),
    (
        "earlier is None or order(row) >= order(earlier)",
        "row in self.batches[batch.name][1]",
        "an_older_row_never_replaces",
    ),
    ("order(row) >= order(earlier)", 'row["at"] >= earlier["at"]', "the_later_made_gets_online"),
    ("batch.oldest - lag <=", "(self.last.end if self.last else batch.oldest - lag) <=", "a_late_row_gets_online"),
    (' <= row["at"] <= now]', ' <= row["at"]]', "a_row_of_the_future_stays_out"),
    ("batch.oldest - lag <=", "batch.oldest <=", "a_lag_brings_earlier_rows"),
    ("        self.slots[batch.slot] = batch.name\n", "", "can_be_put_in_force_again"),
    ("materialized=self.last", "materialized=None", "views_tell_what_is_published"),
]


@pytest.mark.parametrize(
    ("right", "wrong", "check"), BROKEN, ids=[f"{number}-{check}" for number, (*_, check) in enumerate(BROKEN)]
)
def test_one_that_breaks_a_rule_is_caught_by_the_check_of_it(run_kit, right: str, wrong: str, check: str) -> None:
    assert right in COMPONENTS
    failures = run_kit("FeatureStoreConformance", COMPONENTS.replace(right, wrong), BODY, check)
    assert [test for test in failures if check in test]
