"""From the offline to the online store, while others publish, too."""

from contextlib import contextmanager

import pytest

import datanectar as dn
from datanectar.errors import FeatureStoreError
from datanectar_feast import materializing


@pytest.fixture
def online(applied):
    """The trips of drivers that are online."""
    return lambda *drivers: applied.online(["stats:trips"], [{"driver": driver} for driver in drivers])["trips"]


@pytest.fixture
def meanwhile(monkeypatch):
    """Does something once Feast was given its files, before it writes; returns a note of each time it was."""
    given: list[str] = []

    def arrange(deed):
        read_files = materializing.read_files

        @contextmanager
        def reading(*arguments):
            with read_files(*arguments) as store:
                given.append("files")
                if len(given) == 1:
                    deed()
                yield store

        monkeypatch.setattr(materializing, "read_files", reading)
        return given

    return arrange


def test_what_is_published_meanwhile_is_not_overwritten_by_older_rows(applied, publish, online, meanwhile) -> None:
    def overtake():
        applied.materialize(publish((1, 3, 30), slot="newer"))

    given = meanwhile(overtake)
    applied.materialize(publish((1, 1, 10), slot="older"))
    assert online(1) == [30]
    assert len(given) == 3  # the one that was overtaken looked again


def test_a_batch_that_is_replaced_meanwhile_does_not_come_back(applied, publish, online, meanwhile) -> None:
    meanwhile(lambda: publish((1, 1, 11), slot="january"))
    applied.materialize(publish((1, 1, 10), slot="january"))
    assert online(1) == [11]


def test_feast_knows_the_interval(applied, publish, at) -> None:
    done = applied.materialize(publish((1, 1, 10), (2, 3, 20), slot="january"))
    view = applied.native.get_feature_view("stats")
    assert view.materialization_intervals == [(at(1), at(3))] == [(done.start, done.end)]


def test_what_was_materialised_says_which_artifact_it_came_from(applied, rows) -> None:
    @dn.task
    def published() -> dn.FeatureBatch:
        return applied.publish("stats", rows((1, 1, 10)), event_timestamp="at", created_timestamp="created")

    @dn.task
    def served(batch: dn.FeatureBatch) -> dn.Materialization:
        return applied.materialize(batch)

    done = dn.run(served(published()))
    (view,) = applied.views()
    assert done.source == published().name
    assert view.materialized == done


def test_a_batch_from_before_a_feature_came_in_gets_online(applied, publish, define, driver) -> None:
    from feast.types import Int64

    batch = publish((1, 1, 10), slot="january")
    applied.apply([driver, define("stats", trips=Int64, tips=Int64)])
    applied.materialize(batch)
    found = applied.online(["stats:trips", "stats:tips"], [{"driver": 1}])
    assert (found["trips"], found["tips"]) == ([10], [None])


def test_a_view_that_is_not_served_online_is_refused(applied, define, rows) -> None:
    from feast.types import Int64

    applied.apply(define("offline", online=False, trips=Int64))
    batch = applied.publish("offline", rows((1, 1, 10)), event_timestamp="at", slot="all")
    with pytest.raises(FeatureStoreError, match="view 'offline' has online=False, so Feast does not serve it online"):
        applied.materialize(batch)
