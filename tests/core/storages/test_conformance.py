"""The stores that core brings, held against the rules of every store."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from datanectar.contracts.storage import StorageBackend
from datanectar.storages import local
from datanectar.storages.local import LocalBackend, LocalOptions
from datanectar.storages.memory import MemoryBackend
from datanectar.testing import StorageConformance
from datanectar.testing.workers import Workers


class TestLocal(StorageConformance):
    @pytest.fixture
    def backend(self, tmp_path: Path) -> StorageBackend:
        return LocalBackend(LocalOptions(tmp_path / "store"))


class TestLocalWithoutFsync(StorageConformance):
    @pytest.fixture
    def backend(self, tmp_path: Path) -> StorageBackend:
        return LocalBackend(LocalOptions(tmp_path / "store", durability="none"))


class TestLocalWithNamedTemporaries(StorageConformance):
    """File systems without nameless files, and other systems than Linux."""

    @pytest.fixture
    def backend(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StorageBackend:
        monkeypatch.syspath_prepend(str(Path(__file__).parent))
        monkeypatch.setattr(local, "_O_TMPFILE", None)
        from named_temporaries import named_temporaries

        return named_temporaries(tmp_path / "store")

    @pytest.fixture
    def workers(self) -> Iterator[Workers]:
        """Not those of the session: these make named files from now on."""
        with closing(Workers()) as workers:
            yield workers


class TestMemory(StorageConformance):
    processes = False

    @pytest.fixture
    def backend(self) -> StorageBackend:
        return MemoryBackend()
