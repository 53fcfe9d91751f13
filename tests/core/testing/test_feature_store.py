"""The kit for feature stores, on one in memory that keeps the rules and on some that break one each."""

import pytest

COMPONENTS = """
import datanectar as dn


class Memory(dn.FeatureStore):
    def __init__(self):
        self.views, self.rows, self.newest = set(), [], {}

    def apply(self, definitions):
        self.views |= set(definitions)

    def publish(self, view, table, *, event_timestamp, created_timestamp=None):
        assert view in self.views
        batch = [{**row, "event": row[event_timestamp], "made": row[created_timestamp]} for row in table]
        self.rows += [row for row in batch if row not in self.rows]
        return batch

    def materialize(self, batch, *, lag=None):
        for row in batch:
            earlier = self.newest.get(row["driver"])
            if earlier is None or order(row) > order(earlier):
                self.newest[row["driver"]] = row

    def training_set(self, entity_df, features, *, on_missing="keep"):
        found = [self.known(entity["driver"], entity["event_timestamp"]) for entity in entity_df]
        if on_missing == "raise" and None in found:
            raise LookupError("no features")
        return found

    def known(self, driver, time):
        rows = [row for row in self.rows if row["driver"] == driver and row["event"] <= time]
        return max(rows, key=order)["trips"] if rows else None

    def online(self, features, rows):
        return [self.newest.get(row["driver"], {}).get("trips") for row in rows]


def order(row):
    return row["event"], row["made"]
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
    ("self.views |= set(definitions)", "self.__init__(); self.views = set(definitions)", "definitions_can_be_applied"),
    (' and row["event"] <= time', "", "features_are_those_that_were_known"),
    ('return row["event"], row["made"]', 'return row["event"], -row["made"].timestamp()', "of_two_rows_of_one_time"),
    ("        return found\n", "        return [known for known in found if known]\n", "every_entity_row_is_there"),
    ('on_missing == "raise"', 'on_missing == "fail"', "missing_features_raise"),
    (
        "        for row in batch:",
        "        if batch[0] in self.newest.values(): self.newest = {}; return\n        for row in batch:",
        "published_again_adds_no_row",
    ),
    ("        return batch\n", "        self.materialize(batch)\n        return batch\n", "online_has_the_newest"),
    ("earlier is None or order(row) > order(earlier)", "True", "an_older_row_never_replaces"),
]


@pytest.mark.parametrize(("right", "wrong", "check"), BROKEN, ids=[check for *_, check in BROKEN])
def test_one_that_breaks_a_rule_is_caught_by_the_check_of_it(run_kit, right: str, wrong: str, check: str) -> None:
    assert right in COMPONENTS
    failures = run_kit("FeatureStoreConformance", COMPONENTS.replace(right, wrong), BODY)
    assert [test for test in failures if check in test]
