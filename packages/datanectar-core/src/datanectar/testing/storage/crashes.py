"""A process is killed in the middle of a commit, at each of its calls to the store in turn."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import BinaryIO

import pytest

from datanectar.contracts.storage import StorageBackend
from datanectar.errors import WorkerDied
from datanectar.testing.faults import FaultyBackend
from datanectar.testing.storage.commits import VALUES
from datanectar.testing.storage.layers import NAME, layer_on
from datanectar.testing.storage.rules import StorageRules
from datanectar.testing.workers import Workers


class Crashes(StorageRules):
    """Rules of stores that a killed process leaves behind."""

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
