"""Killed at each step, then run again: everything is as if nothing had happened."""

import os
import shutil
import signal
import sys
from datetime import UTC, datetime
from hashlib import sha256

import pandas as pd
import pytest

import datanectar as dn
from datanectar_feast import applying
from datanectar_feast.batches import BatchLog
from datanectar_feast.sources import LocalDirectory

MIDNIGHT = datetime(2013, 1, 1, tzinfo=UTC)

# Python warns of forks where threads run, which is right: what is forked here may not wait for one.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


@dn.task(task_type="publish_features")
def published(trips: int) -> dn.FeatureBatch:
    table = pd.DataFrame({"driver": range(5000), "at": MIDNIGHT, "created": MIDNIGHT, "trips": trips})
    return dn.feature_store().publish("stats", table, event_timestamp="at", created_timestamp="created", slot="all")


@dn.task
def served(batch: dn.FeatureBatch) -> dn.Materialization:
    return dn.feature_store().materialize(batch)


@pytest.fixture
def run(store, stats):
    """Applies the view, publishes a batch by a task and materialises it by another."""

    def steps():
        store.apply(stats)
        dn.run(served(published(trips=11)))

    return steps


@pytest.fixture
def state(store, repo, asking):
    """What others see of it."""

    def look():
        files = {path.name: sha256(path.read_bytes()).hexdigest() for path in (repo / "data/stats").iterdir()}
        known = store.training_set(asking((1, 2), (4999, 3), (5000, 3)), ["stats:trips"])["trips"].fillna(-1).tolist()
        online = store.online(["stats:trips"], [{"driver": who} for who in (1, 4999, 5000)])["trips"]
        return files, known, online, dn.storage_layer().aliases("feature_batch/eta/stats"), len(store.views())

    return look


def killed(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def after(function):
    def wrapped(*args, **options):
        function(*args, **options)
        killed()

    return wrapped


def half_copied(source, copy, *_):
    copy.write(source.read(1000))
    copy.flush()
    killed()


def feast():
    from feast import FeatureStore

    return FeatureStore


def points(patch):
    """What is patched for the process to be killed there."""
    stock = feast()
    return {
        "apply wrote": lambda: patch.setattr(applying, "_missing", killed),
        "the artifact is stored": lambda: patch.setattr(BatchLog, "put_in_force", killed),
        "the alias moved": lambda: patch.setattr(LocalDirectory, "put", killed),
        "half of the file is copied": lambda: patch.setattr(shutil, "copyfileobj", half_copied),
        "the file is in place": lambda: patch.setattr(LocalDirectory, "put", after(LocalDirectory.put)),
        "rows are online": lambda: patch.setattr(stock, "materialize", after(stock.materialize)),
        "feast has recorded it": lambda: patch.setattr(BatchLog, "record", killed),
        "it is recorded": lambda: patch.setattr(BatchLog, "record", after(BatchLog.record)),
    }


@pytest.fixture
def kill_at(run):
    """Runs it in another process, which is killed at a point."""

    def start(point):
        child = os.fork()
        if not child:
            try:
                points(pytest.MonkeyPatch())[point]()
                sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115  it lives as long as the process
                run()
            finally:
                os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL, f"it went on after {point}"

    return start


def test_killed_at_any_step_and_run_again_it_is_as_if_never_killed(run, state, kill_at, repo):
    run()
    undisturbed = state()
    assert undisturbed[1:3] == ([11, 11, -1], [11, 11, None])
    for point in points(pytest.MonkeyPatch()):
        for name in ("data", ".datanectar"):
            shutil.rmtree(repo / name, ignore_errors=True)
        kill_at(point)
        run()
        assert state() == undisturbed, f"killed when {point}"


def test_killed_while_a_batch_is_replaced_either_batch_is_there_whole(run, store, state, kill_at, repo, asking):
    for point in ("the artifact is stored", "the alias moved", "half of the file is copied", "the file is in place"):
        for name in ("data", ".datanectar"):
            shutil.rmtree(repo / name, ignore_errors=True)
        run()
        before = state()
        dn.storage_layer().delete(published(trips=11).name)
        dn.storage_layer().delete(served(published(trips=11)).name)
        table = pd.DataFrame({"driver": range(5000), "at": MIDNIGHT, "created": MIDNIGHT, "trips": 10})
        first = store.publish("stats", table, event_timestamp="at", created_timestamp="created", slot="all")
        kill_at(point)
        seen = pd.read_parquet(repo / "data/stats")["trips"].unique().tolist()
        assert seen in ([10], [11]), point
        known = store.training_set(asking((1, 2)), ["stats:trips"], batches=[first])["trips"].tolist()
        assert known == [10], point
        run()
        assert state() == before, point
