"""`datanectar features`, with a feature store of a plugin."""

import json
from datetime import UTC, datetime

import pytest

PLUGIN = """
from datetime import UTC, datetime

BATCH = dn.FeatureBatch(
    view="stats", slot="s", name="feature_batch/p/stats/b", rows=3, oldest=datetime(2013, 2, 1, tzinfo=UTC),
    newest=datetime(2013, 2, 27, tzinfo=UTC), source="features/none/publish/x",
)


def done(batch, source):
    end = datetime(2013, 2, 27, 12, 30, tzinfo=UTC)
    return dn.Materialization(batch=batch, source=source, start=BATCH.oldest, end=end, at=end)


VIEWS = {
    "full": [
        dn.FeatureViewState(view="empty", entities=["carrier"], features=["delay"]),
        dn.FeatureViewState(
            view="stats", entities=["driver"], features=["trips"], batches=[BATCH],
            materialized=done(BATCH.name, BATCH.source),
        ),
    ],
    "replaced": [
        dn.FeatureViewState(
            view="stats", entities=[], features=[], batches=[BATCH],
            materialized=done("feature_batch/p/stats/old", None),
        )
    ],
    "none": [],
}


class Store:
    def __init__(self, name):
        self.name = name

    def views(self):
        return VIEWS[self.name]


@dn.hookimpl
def datanectar_feature_stores():
    for name in VIEWS:
        yield dn.FeatureStoreType(name=name, factory=lambda name=name: Store(name), summary="A test")
"""


@pytest.fixture
def listed(install, in_process):
    """Returns a function that lists the features of a store."""
    install("acme-features", PLUGIN)
    return lambda *arguments: in_process("features", *arguments)


def test_each_batch_is_a_line_with_where_it_came_from_and_how_far_it_is_online(listed) -> None:
    code, out, _ = listed("--feature-store", "full")
    assert code == 0
    assert [line.split("\t") for line in out.splitlines()] == [
        ["empty", "-", "-", "-", "-", "-"],
        [
            *("stats", "2013-02", "3", "feature_batch/p/stats/b", "features/none/publish/x"),
            "to 2013-02-27 12:30, at 2013-02-27T12:30:00+00:00",
        ],
    ]


def test_what_is_online_from_a_batch_that_was_replaced_is_a_line_of_its_own(listed) -> None:
    _, out, _ = listed("--feature-store", "replaced")
    assert [line.split("\t")[1] for line in out.splitlines()] == ["2013-02", "replaced"]


def test_one_view_can_be_asked_for(listed) -> None:
    _, out, _ = listed("empty", "--feature-store", "full")
    assert out.startswith("empty\t")
    assert len(out.splitlines()) == 1


def test_a_view_that_there_is_not_is_told_with_those_there_are(listed) -> None:
    code, _, said = listed("stat", "--feature-store", "full")
    assert code == 2
    assert "there is no view 'stat'; registered: empty, stats" in said


def test_programs_get_json(listed) -> None:
    _, out, _ = listed("stats", "--json", "--feature-store", "full")
    (view,) = json.loads(out)
    assert view["batches"][0]["oldest"] == datetime(2013, 2, 1, tzinfo=UTC).isoformat()
    assert view["materialized"]["source"] == "features/none/publish/x"


def test_no_view_is_told(listed) -> None:
    code, out, said = listed("--feature-store", "none")
    assert (code, out) == (0, "")
    assert "has no views yet; apply() registers them" in said


def test_without_a_feature_store_it_says_how_to_choose_one(in_process) -> None:
    code, _, said = in_process("features")
    assert code == 2
    assert 'set one, such as feature_store = "feast"' in said
