"""Storage layers on any backend, and on one that can be made to fail, lie and count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import datanectar as dn
from datanectar.contracts.storage import StorageBackend
from datanectar.layer import commit
from datanectar.layer.options import LayerOptions
from datanectar.layer.signing import Signer
from datanectar.layer.storage_layer import StorageLayer
from datanectar.registry import registry
from datanectar.storages.local import LocalBackend, LocalOptions
from datanectar.storages.memory import MemoryBackend
from datanectar.testing.faults import FaultyBackend

NAME = "train_model/classifier/eta/aaaa"


class Faulty(FaultyBackend):
    """A faulty backend, by default around one in memory that stands for a remote one."""

    def __init__(self, inner: StorageBackend | None = None) -> None:
        super().__init__(inner or MemoryBackend())
        self.reach = "anywhere"


@pytest.fixture
def faulty() -> type[Faulty]:
    return Faulty


@pytest.fixture
def settings() -> Iterator[Any]:
    with dn.settings(storage_layer="memory://") as held:
        yield held


@pytest.fixture
def make_layer(settings: Any) -> Callable[..., StorageLayer]:
    """Makes a layer of a backend: ``make_layer(backend, verify="always", signing_keys=["env:KEY"])``."""

    def make(backend: StorageBackend, signing_keys: tuple[str, ...] = (), **options: Any) -> StorageLayer:
        signer = Signer(signing_keys, Path.cwd())
        return StorageLayer("test", backend, LayerOptions(**options), registry(settings), signer)

    return make


@pytest.fixture
def disk(tmp_path: Path) -> LocalBackend:
    return LocalBackend(LocalOptions(tmp_path / "store", durability="none"))


@pytest.fixture(params=["local", "memory"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Faulty:
    """Both built-in backends, watched."""
    local = LocalBackend(LocalOptions(tmp_path / "store", durability="none"))
    return Faulty(local if request.param == "local" else MemoryBackend())


@pytest.fixture
def layer(backend: Faulty, make_layer: Callable[..., StorageLayer]) -> StorageLayer:
    return make_layer(backend)


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """No real waiting for a store that doesn't answer."""
    monkeypatch.setattr(commit, "_DEADLINE", 0.05)
    monkeypatch.setattr(commit, "pause_before", lambda retry, longest: 0.001)


@pytest.fixture
def name() -> str:
    return NAME


@pytest.fixture
def big() -> bytes:
    """Too large for a manifest."""
    return bytes(range(256)) * 400
