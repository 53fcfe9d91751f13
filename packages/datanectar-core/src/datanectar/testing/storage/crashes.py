"""A process is killed in the middle of a commit, at each of its calls to the store in turn."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

import pytest

from datanectar.contracts.storage import StorageBackend
from datanectar.errors import WorkerDied
from datanectar.testing.faults import FaultyBackend
from datanectar.testing.storage.commits import VALUES
from datanectar.testing.storage.layers import NAME, layer_on
from datanectar.testing.storage.rules import StorageRules, content
from datanectar.testing.workers import Workers

_NEVER = 0


class Crashes(StorageRules):
    """Rules of stores that a killed process leaves behind."""

    @pytest.mark.usefixtures("private_cache")
    @pytest.mark.parametrize("kind", VALUES)
    def test_killed_at_any_call_of_a_commit_the_artifact_is_absent_or_whole(
        self, backend: StorageBackend, workers: Workers, kind: str
    ) -> None:
        with layer_on(backend) as layer:
            layer.writer.prepare()
            try:
                (moments,) = workers.run(_commit_and_die, [(backend, NAME, kind, _NEVER)])
            except WorkerDied as error:
                pytest.fail(f"the store cannot be used by other processes: {error}, and nobody had killed it")
            assert layer.load(NAME) == VALUES[kind], "what another process stored is not what is loaded here"
            assert moments > 3, "no process would be killed at all"
            for moment in range(1, moments + 1):
                name, where = f"{NAME}{moment}", f"after a process was killed at moment {moment} of its commit"
                with suppress(WorkerDied):
                    workers.run(_commit_and_die, [(backend, name, kind, moment)])
                if layer.exists(name):
                    assert layer.load(name) == VALUES[kind], f"{where}, half of the artifact is there"
                layer.store(name, VALUES[kind])
                assert layer.load(name) == VALUES[kind], f"{where}, running again does not store it"

    def test_what_a_killed_writer_began_is_not_there_and_its_key_can_be_written(
        self, backend: StorageBackend, workers: Workers
    ) -> None:
        with pytest.raises(WorkerDied):
            workers.run(_write_and_die, [(backend, "a/k")])
        assert backend.stat("a/k") is None, "half of an object is there, since its process was killed"
        with backend.writer("a/k") as sink:
            sink.write(b"again")
        assert backend.read("a/k") == b"again"


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


def _commit_and_die(backend: StorageBackend, name: str, kind: str, last: int) -> int:
    """Stores an artifact, unless it is over before; returns in how many moments."""
    mortal = _Mortal(backend, last)
    with layer_on(mortal) as layer:
        layer.store(name, VALUES[kind])
    return mortal.moments


def _write_and_die(backend: StorageBackend, key: str) -> None:
    with backend.writer(key) as sink:
        sink.write(content(9 << 20))
        os.kill(os.getpid(), signal.SIGKILL)
