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


_PANDAS_FRAME = ("pandas.DataFrame", "pandas.core.frame.DataFrame")
_PANDAS_SERIES = ("pandas.Series", "pandas.core.series.Series")
_POLARS_FRAME = ("polars.dataframe.frame.DataFrame",)
_ARROW = tuple(f"pyarrow.lib.{name}" for name in ("Table", "RecordBatch", "ChunkedArray", "Array"))
#: Serializers of tables. Of those that name a type, the last is asked first.
_TABLES = (
    ("pandas-arrow", _PANDAS_FRAME + _PANDAS_SERIES, "arrow:PandasArrow", "pandas frames and series as Arrow IPC"),
    ("pandas-parquet", _PANDAS_FRAME, "parquet:PandasParquet", "pandas frames as Parquet"),
    ("polars-arrow", _POLARS_FRAME, "arrow:PolarsArrow", "polars frames as Arrow IPC"),
    ("polars-parquet", _POLARS_FRAME, "parquet:PolarsParquet", "polars frames as Parquet"),
    ("polars-series", ("polars.series.series.Series",), "arrow:PolarsSeries", "polars series as Arrow IPC"),
    ("pyarrow-arrow", _ARROW, "arrow:ArrowTable", "pyarrow tables, batches and arrays as Arrow IPC, mapped"),
    ("pyarrow-parquet", _ARROW[:1], "parquet:ArrowParquet", "pyarrow tables as Parquet"),
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
        name="scipy-sparse",
        types=("scipy.sparse._base._spbase", "scipy.sparse._base.sparray", "scipy.sparse._matrix.spmatrix"),
        factory=f"{where}.sparse:SparseNpz",
        extension="npz",
        summary="SciPy's sparse arrays and matrices as .npz",
    )
    yield SerializerType(
        name="skops",
        types=("sklearn.base.BaseEstimator",),
        factory=f"{where}.skops:Skops",
        extension="skops",
        summary="scikit-learn estimators by skops, where it knows all that is in them",
    )
    for name, types, factory, summary in _TABLES:
        is_parquet = factory.startswith("parquet:")
        yield SerializerType(
            name=name,
            types=types,
            factory=f"{where}.{factory}",
            extension="parquet" if is_parquet else "arrow",
            format="parquet" if is_parquet else "arrow-ipc",
            summary=summary,
        )
    yield SerializerType(
        name="feature-record",
        types=tuple(f"datanectar.contracts.features.{name}" for name in ("FeatureBatch", "Materialization")),
        factory=f"{where}.feature_records:FeatureRecordJson",
        extension="json",
        summary="What a feature store says of what it published or brought online",
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
