"""The rules of storage backends, on Azurite."""

from collections.abc import Callable
from typing import Any

import pytest

from datanectar.testing import StorageConformance
from datanectar_azure.backend import AzureBackend


class TestAzure(StorageConformance):
    #: Eight requests at once hold two copies of a block of 4 MiB each, however large the object.
    huge = (256 << 20) + 3

    @pytest.fixture
    def secrets(self, azurite: Any) -> list[str]:
        return [azurite.key]

    @pytest.fixture
    def backend(self, make_backend: Callable[..., AzureBackend]) -> AzureBackend:
        return make_backend()


class TestAzureByObstore(TestAzure):
    @pytest.fixture
    def backend(self, make_backend) -> AzureBackend:
        return make_backend(engine="obstore")
