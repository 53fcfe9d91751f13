"""Datanectar: ML code says what it makes; configuration says where it is stored, how it is named and what runs it.

All public names are here and are imported when they are first used.
"""

from __future__ import annotations

# typing would cost more to import than everything here; type checkers know the name.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from datanectar import errors, hookspecs
    from datanectar._typing import task
    from datanectar.configuration.active import settings
    from datanectar.contracts.adapters import ForeignTask, TaskAdapter
    from datanectar.contracts.features import FeatureBatch, FeatureStore, FeatureViewState, Materialization
    from datanectar.contracts.naming import Identity
    from datanectar.contracts.orchestration import Execute, Orchestrator, Outcome, Step
    from datanectar.contracts.portability import why_not_portable
    from datanectar.contracts.processes import adopt_main, interrupts_blocked, leave_the_terminal
    from datanectar.contracts.serialization import Serializer, StoredFile
    from datanectar.contracts.storage import StorageBackend, check_key
    from datanectar.contracts.transfers import fetch_ranges, interruptible
    from datanectar.features import feature_store
    from datanectar.hookspecs import hookimpl
    from datanectar.layer.opening import storage_layer
    from datanectar.layer.storage_layer import StorageLayer
    from datanectar.records import (
        CommandType,
        FeatureStoreType,
        NamingType,
        ObjectInfo,
        OrchestratorType,
        SerializerType,
        Service,
        ServiceRequest,
        ServiceType,
        StorageType,
        TaskAdapterType,
    )
    from datanectar.running.current import RunningStep, running_step
    from datanectar.running.explanation import explain, plan
    from datanectar.running.session import run
    from datanectar.running.targets import artifact, get_artifact_name, get_artifact_path
    from datanectar.services.serving import Services, serve
    from datanectar.services.waiting import Serving
    from datanectar.tasks.function import Task
    from datanectar.tasks.handle import Artifact
    from datanectar.tasks.inputs import File, Secret
    from datanectar.tasks.nectar import NectarTask
    from datanectar.values.backoff import pause_before

__all__ = [
    "Artifact",
    "CommandType",
    "Execute",
    "FeatureBatch",
    "FeatureStore",
    "FeatureStoreType",
    "FeatureViewState",
    "File",
    "ForeignTask",
    "Identity",
    "Materialization",
    "NamingType",
    "NectarTask",
    "ObjectInfo",
    "Orchestrator",
    "OrchestratorType",
    "Outcome",
    "RunningStep",
    "Secret",
    "Serializer",
    "SerializerType",
    "Service",
    "ServiceRequest",
    "ServiceType",
    "Services",
    "Serving",
    "Step",
    "StorageBackend",
    "StorageLayer",
    "StorageType",
    "StoredFile",
    "Task",
    "TaskAdapter",
    "TaskAdapterType",
    "adopt_main",
    "artifact",
    "check_key",
    "errors",
    "explain",
    "feature_store",
    "fetch_ranges",
    "get_artifact_name",
    "get_artifact_path",
    "hookimpl",
    "hookspecs",
    "interruptible",
    "interrupts_blocked",
    "leave_the_terminal",
    "pause_before",
    "plan",
    "run",
    "running_step",
    "serve",
    "settings",
    "storage_layer",
    "task",
    "why_not_portable",
]

_MODULES = {
    "datanectar": ("errors", "hookspecs"),
    "datanectar.configuration.active": ("settings",),
    "datanectar.contracts.adapters": ("ForeignTask", "TaskAdapter"),
    "datanectar.contracts.features": ("FeatureBatch", "FeatureStore", "FeatureViewState", "Materialization"),
    "datanectar.contracts.naming": ("Identity",),
    "datanectar.contracts.orchestration": ("Execute", "Orchestrator", "Outcome", "Step"),
    "datanectar.contracts.portability": ("why_not_portable",),
    "datanectar.contracts.processes": ("adopt_main", "interrupts_blocked", "leave_the_terminal"),
    "datanectar.contracts.serialization": ("Serializer", "StoredFile"),
    "datanectar.contracts.storage": ("StorageBackend", "check_key"),
    "datanectar.contracts.transfers": ("fetch_ranges", "interruptible"),
    "datanectar.features": ("feature_store",),
    "datanectar.hookspecs": ("hookimpl",),
    "datanectar.layer.opening": ("storage_layer",),
    "datanectar.layer.storage_layer": ("StorageLayer",),
    "datanectar.records": (
        *("CommandType", "FeatureStoreType", "NamingType", "ObjectInfo", "OrchestratorType"),
        *("SerializerType", "Service", "ServiceRequest", "ServiceType", "StorageType", "TaskAdapterType"),
    ),
    "datanectar.running.current": ("RunningStep", "running_step"),
    "datanectar.running.explanation": ("explain", "plan"),
    "datanectar.running.session": ("run",),
    "datanectar.running.targets": ("artifact", "get_artifact_name", "get_artifact_path"),
    "datanectar.services.serving": ("Services", "serve"),
    "datanectar.services.waiting": ("Serving",),
    "datanectar.tasks.function": ("Task",),
    "datanectar.tasks.handle": ("Artifact",),
    "datanectar.tasks.inputs": ("File", "Secret"),
    "datanectar.tasks.nectar": ("NectarTask",),
    "datanectar.values.backoff": ("pause_before",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "task":
        value = __getattr__("Task")
    elif name not in _HOMES:
        raise AttributeError(f"module 'datanectar' has no attribute {name!r}")
    elif _HOMES[name] == "datanectar":
        return import_module(f"datanectar.{name}")
    else:
        value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
