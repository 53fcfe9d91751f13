"""A storage of a third party, held against the rules of every store as its author would do it."""

from pathlib import Path

import pytest

from datanectar.testing import StorageConformance

SOURCE = Path(__file__).parent / "datanectar-acme/src"


class TestVault(StorageConformance):
    huge = None  # SQLite hands out a value in one piece
    page = 100  # and all keys in one answer

    @pytest.fixture
    def backend(self, tmp_path, monkeypatch):
        monkeypatch.syspath_prepend(str(SOURCE))
        from datanectar_acme.storage import Vault, VaultOptions

        return Vault(VaultOptions(tmp_path / "vault.db", password="hunter2"))

    @pytest.fixture
    def secrets(self):
        return ["hunter2"]
