"""Feature stores whose registry is Datanectar's, and definitions for them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import datanectar as dn

with warnings.catch_warnings():  # what Feast's own imports warn of is not what is tested here
    warnings.simplefilter("ignore")
    from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
    from feast.types import Float64, Int64


@pytest.fixture
def place() -> str:
    """The URL of a new store."""
    return f"memory://{uuid4().hex}"


@pytest.fixture
def layer(place: str) -> dn.StorageLayer:
    """The storage layer of `place`."""
    return dn.storage_layer(place)


@pytest.fixture
def make_store(place: str, tmp_path: Path) -> Callable[..., Any]:
    """Makes a `FeatureStore` with the registry in `place`, and a cache of its own: what another process would have."""

    def make(path: str = place, project: str = "shop") -> Any:
        config = RepoConfig(
            project=project,
            provider="local",
            registry={"registry_store_type": "datanectar_feast.registry.DatanectarRegistryStore", "path": path},
            online_store={"type": "sqlite", "path": str(tmp_path / "online.db")},
            offline_store={"type": "file"},
            entity_key_serialization_version=3,
        )
        store = FeatureStore(config=config, repo_path=str(tmp_path))
        assert store.registry  # which is read when it is first asked for
        return store

    return make


@pytest.fixture
def entity() -> Any:
    return Entity(name="driver", join_keys=["driver"], value_type=ValueType.INT64)


@pytest.fixture
def make_view(entity: Any, tmp_path: Path) -> Callable[..., Any]:
    """Makes a feature view with one feature."""

    def make(name: str, feature: str = "trips", description: str = "", online: bool = True) -> Any:
        source = FileSource(name=f"{name}_source", path=str(tmp_path / f"{name}.parquet"), timestamp_field="at")
        return FeatureView(
            name=name,
            entities=[entity],
            ttl=timedelta(days=1),
            schema=[Field(name="driver", dtype=Int64), Field(name=feature, dtype=Float64)],
            source=source,
            online=online,
            description=description,
        )

    return make
