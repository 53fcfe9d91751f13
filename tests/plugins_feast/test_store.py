"""Features published by tasks, in this process and in workers; and what one process may not know of another."""

import os
import pickle
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

import datanectar as dn
from datanectar.errors import ArgumentError, FeatureStoreError

HOURS = [datetime(2013, 1, 1, tzinfo=UTC) + timedelta(hours=number) for number in range(6)]


def publish_trips(trips, hour=1, slot=None):
    table = pd.DataFrame({"driver": [1], "at": [HOURS[hour]], "created": [HOURS[hour]], "trips": [trips]})
    return dn.feature_store().publish("stats", table, event_timestamp="at", created_timestamp="created", slot=slot)


def month_task(version, factor, name="month"):
    """A task as it is at some version of its code."""

    @dn.task(name=name, version=version, task_type="publish_features")
    def month(number: int) -> dn.FeatureBatch:
        return publish_trips(number * factor)

    return month


@dn.task(task_type="publish_features")
def hourly(hour: int) -> dn.FeatureBatch:
    return publish_trips(hour * 10, hour)


@dn.task(task_type="publish_features")
def elsewhere(hour: int) -> dn.FeatureBatch:
    return publish_trips(hour * 10 + 1, hour)


@dn.task(task_type="publish_features")
def into_one_slot(trips: int) -> dn.FeatureBatch:
    return publish_trips(trips, slot="all")


@dn.task
def learnt(batches: list[dn.FeatureBatch], hour: int) -> list[float]:
    frame = pd.DataFrame({"driver": [1], "event_timestamp": [HOURS[hour]]})
    return list(dn.feature_store().training_set(frame, ["stats:trips"], batches=batches)["trips"])


@dn.task
def served(batch: dn.FeatureBatch) -> list[int]:
    dn.feature_store().materialize(batch)
    return list(dn.feature_store().online(["stats:trips"], [{"driver": 1}])["trips"])


@pytest.fixture
def slots():
    return lambda: dn.storage_layer().aliases("feature_batch/eta/stats")


def files(repo):
    return sorted(path.name for path in repo.joinpath("data/stats").iterdir())


def test_a_batch_of_a_task_says_which_artifact_it_came_from(applied):
    handle = hourly(hour=1)
    batch = dn.run(handle)
    assert (batch.source, batch.slot.startswith("hourly-")) == (handle.name, True)


def test_a_task_that_is_changed_replaces_its_file(applied, repo, known):
    first, second = (dn.run(month_task(version, factor)(number=1)) for version, factor in (("1", 10), ("2", 20)))
    assert (first.slot, first.name != second.name) == (second.slot, True)
    assert (files(repo), known((1, 2))) == ([f"{first.slot}.parquet"], [20])


def test_a_task_that_runs_again_adds_nothing(applied, repo, stored, known):
    handle = hourly(hour=1)
    first = dn.run(handle)
    dn.storage_layer().delete(handle.name)
    assert dn.run(handle) == first
    assert (files(repo), stored(), known((1, 2))) == ([f"{first.slot}.parquet"], [first.name], [10])


def test_a_task_that_is_changed_back_is_found_and_put_in_force_again(applied, repo, known, online):
    handle = month_task("1", 10)(number=1)
    first = dn.run(handle)
    second = dn.run(month_task("2", 20)(number=1))
    again = dn.run(handle)  # it is stored, so nothing is published
    assert (again, known((1, 2)), known((1, 2), batches=[again])) == (first, [20], [10])
    applied.materialize(again)
    assert (known((1, 2)), known((1, 2), batches=[second]), online(1)) == ([10], [20], [10])
    assert files(repo) == [f"{first.slot}.parquet"]


def test_tasks_of_other_names_and_other_parameters_have_slots_of_their_own(applied, slots, repo):
    dn.run([hourly(hour=1), hourly(hour=2), elsewhere(hour=1)])
    assert len(slots()) == len(files(repo)) == 3


def test_the_same_rows_of_two_tasks_are_two_batches(applied, stored):
    one, two = (dn.run(month_task("1", 10, name)(number=1)) for name in ("one", "two"))
    assert (one.name != two.name, stored()) == (True, sorted([one.name, two.name]))


def test_workers_publish_learn_and_serve_as_this_process_does(applied, known, repo):
    targets = [learnt([hourly(hour=number) for number in (1, 2)], hour=3), served(hourly(hour=4))]
    assert dn.run(targets, workers=2) == [[20], [40]]
    assert (known((1, 5)), len(files(repo))) == ([40], 3)


def test_one_slot_in_two_workers_at_once_ends_with_one_file(applied, known, repo):
    dn.run([into_one_slot(trips=trips) for trips in (10, 20, 30)], workers=2)
    assert (files(repo), known((1, 2))) == (["all.parquet"], pd.read_parquet("data/stats")["trips"].tolist())


def test_a_feature_store_pickles_as_its_configuration(applied, publish):
    publish((1, 1, 10))
    again = pickle.loads(pickle.dumps(applied))
    assert [view.view for view in again.views()] == ["stats"]
    assert again.native is not applied.native


def test_a_worker_has_a_connection_of_its_own_after_this_process_used_its(applied, publish, known):
    publish((1, 1, 10))
    known((1, 2))
    here = applied.native
    child = os.fork()
    if not child:
        try:
            good = applied.native is not here and known((1, 2)) == [10]
        finally:
            os._exit(0 if good else 1)
    assert os.waitpid(child, 0)[1] == 0


# What another process changes


def test_views_that_another_process_applied_are_seen(applied, define, rows):
    from feast.types import Int64

    other = pickle.loads(pickle.dumps(applied))
    other.apply(define("fares", trips=Int64))
    assert applied.publish("fares", rows((1, 1, 10)), event_timestamp="at").view == "fares"
    assert [view.view for view in applied.views()] == ["fares", "stats"]


def test_a_file_that_is_lost_comes_back_where_it_is_needed(applied, publish, known, online, repo):
    batch = publish((1, 1, 10), slot="all")
    path = repo / "data/stats/all.parquet"
    path.unlink()
    assert known((1, 2)) == [10]  # for which the artifact will do
    applied.materialize(batch)
    assert online(1) == [10]
    path.unlink()
    publish((1, 1, 10), slot="all")
    assert path.exists()


def test_a_view_that_is_not_applied_takes_nothing(applied, rows, stored):
    with pytest.raises(
        FeatureStoreError, match="view 'fares' is not registered in the Feast project 'eta': apply its def"
    ):
        applied.publish("fares", rows((1, 1, 10)), event_timestamp="at")
    assert stored() == []


# Online


def test_entities_may_be_given_as_a_table(applied, publish):
    applied.materialize(publish((1, 1, 10), (2, 1, 20)))
    table = pd.DataFrame({"driver": [2, 1, 9]})
    assert applied.online(["stats:trips"], table)["trips"] == [20, 10, None]
    import polars as pl

    assert applied.online(["stats:trips"], pl.from_pandas(table))["trips"] == [20, 10, None]


@pytest.mark.parametrize("rows", [{"driver": 1}, [1], "driver", 7])
def test_what_names_no_entities_is_refused(applied, rows):
    with pytest.raises(ArgumentError, match="rows are a table, or a mapping for each entity, as in"):
        applied.online(["stats:trips"], rows)


def test_online_has_full_names_if_asked(applied, publish):
    applied.materialize(publish((1, 1, 10)))
    assert applied.online(["stats:trips"], [{"driver": 1}], full_feature_names=True)["stats__trips"] == [10]


def test_a_feature_that_is_not_there_is_named_online_too(applied):
    with pytest.raises(FeatureStoreError, match="view 'stats' has no feature 'fare'; it has trips"):
        applied.online(["stats:fare"], [{"driver": 1}])
