"""All hooks. A plugin implements those it needs, marked with `datanectar.hookimpl`.

Collect hooks return records, and core picks one by the name in the user's configuration. Observers are told
what happened; their results are ignored, and one that raises is logged and disturbs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from datanectar.contracts.orchestration import Outcome
    from datanectar.records import (
        CommandType,
        FeatureStoreType,
        NamingType,
        OrchestratorType,
        SerializerType,
        ServiceType,
        StorageType,
        TaskAdapterType,
    )

PROJECT = "datanectar"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def datanectar_storages() -> Iterable[StorageType]:  # type: ignore[empty-body]
    """Returns the kinds of storage the plugin brings. Called once, when a component is first looked up.

    Example:
        A thin module ``datanectar_s3.plugin`` that imports no SDK::

            @hookimpl
            def datanectar_storages():
                yield StorageType(name="s3", factory="datanectar_s3.backend:S3Backend",
                                  options="datanectar_s3.options:S3Options", summary="Amazon S3 and alike")
    """


@hookspec
def datanectar_namings() -> Iterable[NamingType]:  # type: ignore[empty-body]
    """Returns naming schemes. Called once, when a component is first looked up.

    Example:
        ::

            @hookimpl
            def datanectar_namings():
                return [NamingType(name="flat", factory=lambda: flat_name, summary="task-fingerprint")]
    """


@hookspec
def datanectar_orchestrators() -> Iterable[OrchestratorType]:  # type: ignore[empty-body]
    """Returns orchestrators. Called once, when a component is first looked up.

    Example:
        ::

            @hookimpl
            def datanectar_orchestrators():
                return [OrchestratorType(name="acme", factory="acme.engine:Acme", summary="Acme's grid")]
    """


@hookspec
def datanectar_serializers() -> Iterable[SerializerType]:  # type: ignore[empty-body]
    """Returns serializers. Called once, when a component is first looked up.

    Example:
        ::

            @hookimpl
            def datanectar_serializers():
                return [SerializerType(name="geo", types=("geopandas.geodataframe.GeoDataFrame",),
                                       factory="acme.geo:Geo", extension="parquet", summary="GeoParquet")]
    """


@hookspec
def datanectar_feature_stores() -> Iterable[FeatureStoreType]:  # type: ignore[empty-body]
    """Returns feature stores. Called once, when a component is first looked up.

    Example:
        ::

            @hookimpl
            def datanectar_feature_stores():
                return [FeatureStoreType(name="feast", factory="datanectar_feast.store:FeastStore",
                                         options="datanectar_feast.options:Options", summary="Feast")]
    """


@hookspec
def datanectar_services() -> Iterable[ServiceType]:  # type: ignore[empty-body]
    """Returns servers that the plugin knows how to start. Called once, when a component is first looked up.

    Example:
        ::

            @hookimpl
            def datanectar_services():
                return [ServiceType(name="luigid", factory="datanectar_luigi.service:luigid", summary="luigid")]
    """


@hookspec
def datanectar_task_adapters() -> Iterable[TaskAdapterType]:  # type: ignore[empty-body]
    """Returns adapters for foreign task objects. Called once, when a component is first looked up.

    Example:
        ::

            @hookimpl
            def datanectar_task_adapters():
                return [TaskAdapterType(name="luigi", bases=("luigi.task.Task",),
                                        factory="datanectar_luigi.adapter:LuigiAdapter", summary="luigi tasks")]
    """


@hookspec
def datanectar_commands() -> Iterable[CommandType]:  # type: ignore[empty-body]
    """Returns subcommands of `datanectar`. Called by the command line only.

    Example:
        ::

            @hookimpl
            def datanectar_commands():
                return [CommandType(name="cards", factory="acme.cli:cards", summary="Print model cards")]
    """


@hookspec
def datanectar_defaults() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Returns profiles and policies that an installed package brings; the user's own file wins.

    Called once, when the configuration is read. The keys are those of ``[tool.datanectar]``: ``profiles``,
    ``policies`` and ``storage``.

    Example:
        ::

            @hookimpl
            def datanectar_defaults():
                return {"profiles": {"acme": {"storage_layer": "lake"}},
                        "storage": {"lake": {"type": "s3", "bucket": "acme-lake"}}}
    """


@hookspec(historic=True)
def datanectar_configure(settings: Any) -> None:
    """Called with the configuration when it was read; a plugin registered later is called at once.

    Example:
        ::

            @hookimpl
            def datanectar_configure(settings):
                log.info("project %s", settings.project)
    """


@hookspec
def datanectar_run_started(targets: Sequence[str], steps: Sequence[str]) -> None:
    """Observes that a run begins: the names asked for, and the names that will be computed.

    Example:
        ::

            @hookimpl
            def datanectar_run_started(targets, steps):
                log.info("%d steps", len(steps))
    """


@hookspec
def datanectar_run_finished(targets: Sequence[str], error: BaseException | None) -> None:
    """Observes that a run ended, well or with `error`. Called for every run that started.

    Example:
        ::

            @hookimpl
            def datanectar_run_finished(targets, error):
                log.info("failed" if error else "done")
    """


@hookspec
def datanectar_task_started(name: str, task: str) -> None:
    """Observes that a task's code is about to run, in the process that runs it.

    Example:
        ::

            @hookimpl
            def datanectar_task_started(name, task):
                log.info("making %s", name)
    """


@hookspec
def datanectar_task_finished(name: str, task: str, outcome: Outcome) -> None:
    """Observes that a task's result is stored, in the process that ran it.

    Example:
        ::

            @hookimpl
            def datanectar_task_finished(name, task, outcome):
                log.info("%s took %.1f s", task, outcome.seconds)
    """


@hookspec
def datanectar_task_failed(name: str, task: str, error: BaseException) -> None:
    """Observes that an attempt of a task failed, in the process that ran it.

    Example:
        ::

            @hookimpl
            def datanectar_task_failed(name, task, error):
                log.error("%s: %s", task, error)
    """


@hookspec
def datanectar_artifact_stored(name: str, uri: str, size: int) -> None:
    """Observes that an artifact was stored; `size` is that of its files in bytes.

    Example:
        ::

            @hookimpl
            def datanectar_artifact_stored(name, uri, size):
                log.info("%s: %d bytes", uri, size)
    """


@hookspec
def datanectar_artifact_loaded(name: str, uri: str) -> None:
    """Observes that an artifact was read, verified and decoded.

    Example:
        ::

            @hookimpl
            def datanectar_artifact_loaded(name, uri):
                log.info("read %s", uri)
    """
