"""The built-in plugin: core's own components, registered through the hooks that third parties use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from datanectar.hookspecs import hookimpl
from datanectar.records import NamingType, OrchestratorType, SerializerType, StorageType


@hookimpl
def datanectar_storages() -> Iterator[StorageType]:
    yield StorageType(
        name="local",
        factory="datanectar.storages.local:LocalBackend",
        options="datanectar.storages.local:LocalOptions",
        schemes=("file",),
        summary="A directory on a local disk",
    )
    yield StorageType(
        name="memory",
        factory="datanectar.storages.memory:MemoryBackend",
        options="datanectar.storages.memory:MemoryOptions",
        schemes=("memory",),
        summary="A dictionary in this process, for tests",
    )


@hookimpl
def datanectar_namings() -> Iterator[NamingType]:
    yield NamingType(
        name="default",
        factory="datanectar.tasks.names:default_naming",
        summary="{task_type}/{model_family}/{task}/{fingerprint}",
    )


@hookimpl
def datanectar_orchestrators() -> Iterator[OrchestratorType]:
    yield OrchestratorType(
        name="local",
        factory="datanectar.running.local.orchestrator:LocalOrchestrator",
        summary="Steps in this process, or in worker processes",
    )


@hookimpl
def datanectar_serializers() -> Iterator[SerializerType]:
    where = "datanectar.serializers"
    yield SerializerType(
        name="text", types=("str",), factory=f"{where}.text:Text", extension="txt", summary="str as UTF-8"
    )
    yield SerializerType(
        name="bytes",
        types=("bytes",),
        factory=f"{where}.text:Bytes",
        extension="bin",
        summary="bytes as they are",
    )
    yield SerializerType(
        name="numpy",
        types=("numpy.ndarray",),
        factory=f"{where}.npy:Npy",
        extension="npy",
        summary="NumPy arrays as .npy, mapped when loaded from a local disk",
    )
    yield SerializerType(
        name="pandas-parquet",
        types=("pandas.DataFrame", "pandas.core.frame.DataFrame"),
        factory=f"{where}.parquet:PandasParquet",
        extension="parquet",
        summary="pandas DataFrames as Parquet",
    )
    yield SerializerType(
        name="json",
        types=("*",),
        factory=f"{where}.json:TypedJson",
        extension="json",
        summary="Plain values, typed",
    )
    yield SerializerType(
        name="pickle",
        types=("*",),
        factory=f"{where}.pickle:Pickle",
        extension="pkl",
        executes=True,
        summary="Anything else, signed",
    )


@hookimpl
def datanectar_defaults() -> Mapping[str, Any]:
    return {
        "profile": "local",
        "naming": "default",
        "storage": {"disk": {"type": "local", "path": ".datanectar"}},
        "profiles": {"local": {"storage_layer": "disk", "orchestrator": "local"}},
    }
