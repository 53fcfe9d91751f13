"""Several processes on one store: they find it by its pickle, and race on it."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Generator, Sequence

import pytest

from datanectar.contracts.storage import StorageBackend
from datanectar.layer.writing import DifferentResult
from datanectar.testing.storage.commits import SIZES, check_commits, commit
from datanectar.testing.storage.creation import Outcome, check_race, contend
from datanectar.testing.storage.layers import NAME, layer_on
from datanectar.testing.storage.rules import StorageRules, keys
from datanectar.testing.workers import Workers

#: A pickle of a backend is a reference. Connections, caches and contents are larger.
_LARGEST_PICKLE = 16 << 10


class Processes(StorageRules):
    """Rules of stores that other processes can open."""

    def test_its_reach_says_that_other_processes_share_it(self, backend: StorageBackend) -> None:
        assert backend.reach in ("machine", "anywhere"), "reach is 'process': set processes = False beside `backend`"

    def test_a_pickle_is_a_reference_without_a_client(self, backend: StorageBackend) -> None:
        before = _pickled(backend)
        backend.create("a/k", b"x")
        backend.read("a/k")
        list(backend.list(""))
        after = _pickled(backend)
        assert len(after) == len(before), (
            "using the store changes its pickle, so a client, a cache or a counter travels with it: "
            "define __getstate__ or __reduce__ so that only its options do"
        )
        assert len(after) <= _LARGEST_PICKLE, f"a pickle of {len(after)} bytes is more than a reference"

    def test_another_process_opens_the_same_store_from_a_pickle(
        self, backend: StorageBackend, workers: Workers
    ) -> None:
        backend.create("a/here", b"here")
        (found,) = workers.run(_look, [(backend,)])
        assert found == {"a/here": b"here"}, f"from its pickle another process opened a store with {found}"
        assert backend.read("a/there") == b"there", "what another process stored is not seen here"

    def test_what_another_process_stored_and_deleted_is_seen_by_the_next_call(
        self, backend: StorageBackend, workers: Workers
    ) -> None:
        backend.create("a/here", b"here")
        assert (backend.stat("a/there"), keys(backend.list("a/"))) == (None, ["a/here"])
        assert backend.stat("a/here") is not None
        workers.run(_exchange, [(backend,)])
        assert backend.stat("a/there") is not None, "stat remembers that a key was free: artifacts seem to be missing"
        assert backend.stat("a/here") is None, "stat remembers a key that another process deleted"
        assert keys(backend.list("a/")) == ["a/there"], "list remembers what it found earlier: results are overlooked"

    def test_one_of_many_processes_wins(self, backend: StorageBackend, workers: Workers) -> None:
        for many in self.contenders:
            names = [f"race/{many}/{number}" for number in range(self.rounds)]
            outcomes = workers.run(_contend, [(backend, names, me) for me in range(many)])
            for race in zip(*outcomes, strict=True):
                check_race(race)

    @pytest.mark.usefixtures("private_cache")
    @pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
    def test_processes_that_store_one_artifact_all_get_the_winners(
        self, backend: StorageBackend, workers: Workers, size: int
    ) -> None:
        for many in self.contenders:
            names = [f"{NAME}{many}x{number}" for number in range(self.rounds)]
            outcomes = workers.run(_commit, [(backend, names, me, size) for me in range(many)])
            with layer_on(backend) as layer:
                for name, race in zip(names, zip(*outcomes, strict=True), strict=True):
                    check_commits(layer, name, list(race))


def _pickled(backend: StorageBackend) -> bytes:
    try:
        return pickle.dumps(backend)
    except Exception as error:
        pytest.fail(
            f"the backend cannot be pickled, so no other process can be given it: {error!r}. "
            "Define __getstate__ or __reduce__ so that its options travel, and no client, "
            "and its class in a module that can be imported"
        )


# What follows runs in workers


def _look(backend: StorageBackend) -> dict[str, bytes]:
    found = {key: backend.read(key) for key in keys(backend.list(""))}
    backend.create("a/there", b"there")
    return found


def _exchange(backend: StorageBackend) -> None:
    backend.delete(["a/here"])
    backend.create("a/there", b"there")


def _contend(backend: StorageBackend, names: Sequence[str], me: int) -> Generator[None, None, list[Outcome]]:
    backend.stat("race/warm")  # connections are opened before the race
    outcomes = []
    for name in names:
        yield
        outcomes.append(contend(backend, name, me))
    return outcomes


def _commit(
    backend: StorageBackend, names: Sequence[str], me: int, size: int
) -> Generator[None, None, list[tuple[str, str]]]:
    outcomes = []
    with warnings.catch_warnings(action="ignore", category=DifferentResult), layer_on(backend) as layer:
        layer.writer.prepare()
        for name in names:
            yield
            outcomes.append(commit(layer, name, me, size))
    return outcomes
