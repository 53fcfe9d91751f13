"""The rules of storage backends, on Azurite."""

from collections.abc import Callable
from typing import Any

import pytest

from datanectar.testing import StorageConformance
from datanectar_azure.backend import AzureBackend
from datanectar_azure.engine import container


class TestAzure(StorageConformance):
    #: Eight requests at once hold two copies of a block of 4 MiB each, however large the object.
    huge = (256 << 20) + 3
    #: What one request deletes. A page of a listing has 5000, which is more than the default would fill, too.
    page = 256

    @pytest.fixture
    def secrets(self, azurite: Any) -> list[str]:
        return [azurite.key]

    @pytest.fixture
    def backend(self, make_backend: Callable[..., AzureBackend]) -> AzureBackend:
        return make_backend()


class TestAzureByObstore(TestAzure):
    @pytest.fixture
    def backend(self, make_backend, monkeypatch: pytest.MonkeyPatch) -> AzureBackend:
        monkeypatch.setattr(container, "_LISTED_AT_ONCE", 100)  # so that listings are of several pieces here
        return make_backend(engine="obstore")
