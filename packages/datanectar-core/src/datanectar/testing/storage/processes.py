"""Several processes on one store: they find it by its pickle, race on it, and die in the middle of a commit."""

from __future__ import annotations

import os
import pickle
import signal
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from datanectar.contracts.storage import StorageBackend
from datanectar.errors import WorkerDied
from datanectar.layer.writing import DifferentResult
from datanectar.testing.faults import FaultyBackend
from datanectar.testing.storage.commits import SIZES, VALUES, check_commits, commit
from datanectar.testing.storage.creation import Outcome, check_race, contend
from datanectar.testing.storage.layers import NAME, layer_on
from datanectar.testing.storage.rules import StorageRules, content, keys
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

    @pytest.mark.usefixtures("private_cache")
    @pytest.mark.parametrize("kind", VALUES)
    def test_killed_at_any_call_of_a_commit_the_artifact_is_absent_or_whole(
        self, backend: StorageBackend, workers: Workers, kind: str
    ) -> None:
        with layer_on(backend) as layer:
            layer.writer.prepare()
            for moment in count(1):
                name, survived = f"{NAME}{moment}", False
                try:
                    workers.run(_commit_and_die, [(backend, name, kind, moment)])
                    survived = True
                except WorkerDied:
                    pass
                where = f"after a process was killed at moment {moment} of its commit"
                if survived or layer.exists(name):
                    assert layer.load(name) == VALUES[kind], f"{where}, half of the artifact is there"
                layer.store(name, VALUES[kind])
                assert layer.load(name) == VALUES[kind], f"{where}, running again does not store it"
                if survived:
                    break
        assert moment > 4, "no process was killed at all"


class Memory(StorageRules):
    """Objects larger than the memory."""

    def test_a_huge_object_goes_through_in_little_memory(self, backend: StorageBackend) -> None:
        assert self.huge is not None
        with closing(Workers()) as fresh:  # what others did in a process would hide what this does
            ((grown, stored, opened, fetched),) = fresh.run(_carry, [(backend, self.huge)])
        assert stored == opened == fetched, "a huge object came back with other bytes"
        assert grown < self.huge / 2, (
            f"for an object of {self.huge >> 20} MiB the process grew by {grown >> 20} MiB: "
            "models larger than the memory cannot be stored; hand streams on, piece by piece"
        )


def _pickled(backend: StorageBackend) -> bytes:
    try:
        return pickle.dumps(backend)
    except Exception as error:
        pytest.fail(
            f"the backend cannot be pickled, so no other process can be given it: {error!r}. "
            "Define __getstate__ or __reduce__ so that its options travel, and no client"
        )


# What follows runs in workers


def _look(backend: StorageBackend) -> dict[str, bytes]:
    found = {key: backend.read(key) for key in keys(backend.list(""))}
    backend.create("a/there", b"there")
    return found


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
    warnings.simplefilter("ignore", DifferentResult)
    with layer_on(backend) as layer:
        layer.writer.prepare()
        for name in names:
            yield
            outcomes.append(commit(layer, name, me, size))
    return outcomes


class _Mortal(FaultyBackend):
    """Kills its process at one moment: before, in the middle of, or after one of its calls."""

    def __init__(self, inner: StorageBackend, last: int) -> None:
        super().__init__(inner)
        self.moments, self.last = 0, last

    def _live(self) -> None:
        self.moments += 1
        if self.moments == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def _noted(self, method: str, key: str) -> Iterator[None]:
        self._live()
        yield
        self._live()

    @contextmanager
    def writer(self, key: str) -> Iterator[BinaryIO]:
        with super().writer(key) as stream:
            yield stream
            self._live()


def _commit_and_die(backend: StorageBackend, name: str, kind: str, last: int) -> None:
    """Stores an artifact, unless it is over before."""
    mortal = _Mortal(backend, last)
    with layer_on(mortal) as layer:
        layer.store(name, VALUES[kind])


def _carry(backend: StorageBackend, size: int) -> tuple[int, str, str, str]:
    """Writes and reads a huge object; returns by how much the process grew at most, and the digests on the way."""
    _through(backend, "warm", 1 << 20)  # whatever is imported and opened on first use
    before = _peak_memory()
    digests = _through(backend, "huge", size)
    return (_peak_memory() - before, *digests)


def _through(backend: StorageBackend, key: str, size: int) -> tuple[str, str, str]:
    block, hasher = content(1 << 20), sha256()
    with backend.writer(key) as sink:
        for number in range(0, size, 1 << 20):
            piece = memoryview(number.to_bytes(8, "big") + block[8:])[: size - number]
            hasher.update(piece)
            sink.write(piece)
    with backend.open(key) as source:
        opened = _digest(source)
    with Path("fetched").open("w+b") as file:
        backend.fetch(key, file)
        file.seek(0)
        return hasher.hexdigest(), opened, _digest(file)


def _digest(source: Any) -> str:
    hasher = sha256()
    while chunk := source.read(1 << 20):
        hasher.update(chunk)
    return hasher.hexdigest()


def _peak_memory() -> int:
    """Returns the most memory that this process ever had, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage counts the parent's there, from before the new process was one of its own
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) << 10
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
