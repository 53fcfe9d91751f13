"""What all parts of the storage kit share: the fixtures that an author gives, and the figures an author may change."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from functools import lru_cache

import pytest

from datanectar.contracts.storage import StorageBackend
from datanectar.records import ObjectInfo
from datanectar.testing.workers import Workers, session_workers


class StorageRules:
    """The fixtures of every part of the kit."""

    #: Whether other processes can open the same store. False is for stores whose `reach` is ``"process"``.
    processes = True
    #: An object of this size, in bytes, goes in and out in less memory than half of it. None is for stores whose
    #: objects are in memory by nature.
    huge: int | None = (64 << 20) + 3
    #: Keys in a page of the store's listings, or in one of its requests to delete; some more are listed and deleted.
    page = 1000
    #: How many race for one key, and how often.
    contenders: Sequence[int] = (2, 8)
    rounds = 5
    #: Threads that use one backend at once.
    threads = 16
    #: By how many seconds the store's clock may differ from this one.
    clock_skew = 1.0

    @pytest.fixture
    def backend(self) -> StorageBackend:
        """The store under test, to be given by the subclass: fresh, empty, and picklable."""
        raise NotImplementedError(f"{type(self).__name__} lacks a fixture `backend` that returns a fresh, empty store")

    @pytest.fixture
    def secrets(self) -> Sequence[str]:
        """Texts that nobody must see, such as the password that `backend` was made with; none by default."""
        return ()

    @pytest.fixture
    def workers(self, request: pytest.FixtureRequest) -> Workers:
        """Other processes, kept from test to test."""
        return session_workers(request.config)

    @pytest.fixture
    def private_cache(self, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
        """Keeps copies of objects out of the developer's cache."""
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@lru_cache(maxsize=128)
def content(size: int) -> bytes:
    """Returns bytes of which no two stretches are alike, the same each time."""
    return random.Random(size).randbytes(size)


def keys(found: Iterable[ObjectInfo]) -> list[str]:
    """Returns the keys of a listing, sorted; doubles stay."""
    return sorted(info.key for info in found)
