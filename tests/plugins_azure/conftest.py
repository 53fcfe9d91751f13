"""Backends and layers on a container of Azurite, with a fault proxy between where a test asks for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from azure.storage.blob import ContainerClient, _download, generate_container_sas

import datanectar as dn
from datanectar.layer import commit
from datanectar.layer.options import LayerOptions
from datanectar.layer.signing import Signer
from datanectar.layer.storage_layer import StorageLayer
from datanectar.registry import registry
from datanectar_azure.backend import AzureBackend
from datanectar_azure.engine import settings as obstore
from datanectar_azure.options import AzureOptions

SDK = "azure-storage-blob"
#: The SDK tries again at once.
HASTE = {"initial_backoff": 0, "increment_base": 0, "random_jitter_range": 0}

MakeBackend = Callable[..., AzureBackend]


@pytest.fixture
def engine() -> str:
    """What moves bytes. A module whose tests are of both engines has a fixture of its own in place of this."""
    return SDK


@pytest.fixture
def make_backend(azurite: Any, azure_container: str, engine: str) -> MakeBackend:
    """Makes a backend of the test's container; options that are given win."""

    def make(**options: Any) -> AzureBackend:
        if not options.keys() & {"account", "account_url", "connection_string"}:
            options["connection_string"] = azurite.connection_string
        return AzureBackend(
            AzureOptions(**{"container": azure_container, "prefix": "artifacts", "engine": engine, **options})
        )

    return make


@pytest.fixture
def backend(make_backend: MakeBackend) -> AzureBackend:
    return make_backend()


@pytest.fixture
def container(azurite: Any, azure_container: str) -> Iterator[ContainerClient]:
    """The SDK's own view of the test's container."""
    with ContainerClient.from_connection_string(azurite.connection_string, azure_container) as client:
        yield client


@pytest.fixture
def make_faulty(azurite: Any, azure_faults: Any, make_backend: MakeBackend, engine: str) -> MakeBackend:
    """Makes a backend whose requests pass through the fault proxy, and are all seen by it."""
    url = f"{azure_faults.url}/{azurite.account}"

    def make(config: dict[str, Any] | None = None, **options: Any) -> AzureBackend:
        if "sas_token" not in options:
            options["account_key"] = azurite.key
        return make_backend(account_url=url, config={**(HASTE if engine == SDK else {}), **(config or {})}, **options)

    return make


@pytest.fixture
def make_sas(azurite: Any, azure_container: str) -> Callable[..., str]:
    """Signs a SAS of the test's container: ``make_sas("rl", hours=-1)``."""

    def make(permission: str, hours: float = 1) -> str:
        until = datetime.now(UTC) + timedelta(hours=hours)
        return generate_container_sas(
            azurite.account, azure_container, account_key=azurite.key, permission=permission, expiry=until
        )

    return make


@pytest.fixture
def make_layer() -> Iterator[Callable[..., StorageLayer]]:
    """Makes a layer of a backend: ``make_layer(backend, verify="always")``."""
    with dn.settings(storage_layer="memory://") as held:

        def make(backend: dn.StorageBackend, **options: Any) -> StorageLayer:
            return StorageLayer("azure", backend, LayerOptions(**options), registry(held), Signer((), Path.cwd()))

        yield make


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """No real waiting for a store that doesn't answer, neither by the layer nor by the SDK."""
    monkeypatch.setattr(commit, "_DEADLINE", 0.5)
    monkeypatch.setattr(commit, "pause_before", lambda retry, longest: 0.001)
    monkeypatch.setattr(_download, "time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setattr(obstore, "_PAUSES", dict.fromkeys(obstore._PAUSES, timedelta(milliseconds=1)))


@pytest.fixture
def big() -> bytes:
    """Too large for a manifest."""
    return bytes(range(256)) * 400


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pipeline in a module of the working directory."""
    Path("pipeline.py").write_text(
        "import datanectar as dn\n"
        "import numpy as np\n\n\n"
        '@dn.task(task_type="extract")\n'
        "def numbers(count: int) -> np.ndarray:\n"
        "    return np.arange(count, dtype=float)\n\n\n"
        '@dn.task(task_type="train_model", model_family="mean")\n'
        "def mean(values: np.ndarray, shift: float = 0.0) -> float:\n"
        "    return float(values.mean()) + shift\n\n\n"
        "def everything():\n"
        "    return [mean(numbers(300_000), shift=shift) for shift in (0.0, 1.0, 2.0)]\n"
    )
    monkeypatch.syspath_prepend(str(Path.cwd()))
    return Path.cwd()
