"""What the plugin brings. Nothing is imported here but datanectar; luigi is, when one of its tasks is first met."""

from __future__ import annotations

from collections.abc import Iterator

import datanectar as dn


@dn.hookimpl
def datanectar_task_adapters() -> Iterator[dn.TaskAdapterType]:
    yield dn.TaskAdapterType(
        name="luigi",
        bases=("luigi.task.Task",),
        factory="datanectar_luigi.adapter:LuigiAdapter",
        summary="luigi.Task: named, decorated and run",
    )


@dn.hookimpl
def datanectar_orchestrators() -> Iterator[dn.OrchestratorType]:
    yield dn.OrchestratorType(
        name="luigi",
        factory="datanectar_luigi.orchestrator:LuigiOrchestrator",
        options="datanectar_luigi.options:LuigiOptions",
        summary="Luigi's scheduler and workers, its own or luigid's",
    )


@dn.hookimpl
def datanectar_services() -> Iterator[dn.ServiceType]:
    yield dn.ServiceType(
        name="luigid",
        factory="datanectar_luigi.service:luigid",
        options="datanectar_luigi.service:LuigidOptions",
        summary="Luigi's central scheduler, by its own luigi.cfg",
    )
