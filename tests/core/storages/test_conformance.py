"""The stores that core brings, held against the rules of every store."""

from pathlib import Path

import pytest

from datanectar.contracts.storage import StorageBackend
from datanectar.storages.local import LocalBackend, LocalOptions
from datanectar.storages.memory import MemoryBackend
from datanectar.testing import StorageConformance


class TestLocal(StorageConformance):
    @pytest.fixture
    def backend(self, tmp_path: Path) -> StorageBackend:
        return LocalBackend(LocalOptions(tmp_path / "store"))


class TestLocalWithoutFsync(StorageConformance):
    @pytest.fixture
    def backend(self, tmp_path: Path) -> StorageBackend:
        return LocalBackend(LocalOptions(tmp_path / "store", durability="none"))


class TestMemory(StorageConformance):
    processes = False

    @pytest.fixture
    def backend(self) -> StorageBackend:
        return MemoryBackend()
