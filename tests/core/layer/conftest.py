"""Storage layers on any backend, and a backend that can be made to fail, lie and count."""

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

NAME = "train_model/classifier/eta/aaaa"


class Faulty(StorageBackend):
    """Passes everything on to another backend, notes it, and does what a test puts in between.

    Attributes:
        calls: What was asked, as (method, key).
        before: By method: called with the key before the deed; what it raises is the answer.
        after: The same, once the deed is done: a lost reply.
    """

    def __init__(self, inner: StorageBackend | None = None) -> None:
        self.inner = inner or MemoryBackend()
        self.url = self.inner.url
        self.calls: list[tuple[str, str]] = []
        self.before: dict[str, Callable[[str], Any]] = {}
        self.after: dict[str, Callable[[str], Any]] = {}

    def _pass_on(self, method: str, key: str, *args: Any) -> Any:
        self.calls.append((method, key))
        self.before.get(method, lambda key: None)(key)
        answer = getattr(self.inner, method)(key, *args)
        self.after.get(method, lambda key: None)(key)
        return answer

    def read(self, key):
        return self._pass_on("read", key)

    def open(self, key, start=0, end=None):
        return self._pass_on("open", key, start, end)

    def write(self, key, source):
        return self._pass_on("write", key, source)

    def create(self, key, data):
        return self._pass_on("create", key, data)

    def stat(self, key):
        return self._pass_on("stat", key)

    def list(self, prefix):
        return self._pass_on("list", prefix)

    def delete(self, keys):
        for key in keys:
            self.calls.append(("delete", key))
            self.before.get("delete", lambda key: None)(key)
            self.inner.delete([key])

    def local_path(self, key):
        return self.inner.local_path(key)

    def listed(self, prefix: str = "") -> list[str]:
        """All keys below a prefix, not counted."""
        return sorted(info.key for info in self.inner.list(prefix))

    def put(self, key: str, data: bytes) -> None:
        """Replaces an object, which no backend does: for tests that damage something."""
        self.inner.delete([key])
        self.inner.create(key, data)


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
