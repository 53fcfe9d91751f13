"""What can be asked for: artifacts, task objects, and lists, tuples and dicts of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from datanectar.configuration.active import current, hold, override, settings
from datanectar.configuration.settings import Settings
from datanectar.errors import ArgumentError
from datanectar.layer.lookup import find_name
from datanectar.layer.opening import storage_layer
from datanectar.layer.storage_layer import StorageLayer
from datanectar.tasks.call import Call
from datanectar.tasks.foreign import artifact_of
from datanectar.tasks.handle import Artifact, stored_artifact

_SHOWN = {bool, int, float, bytes}


def artifact(target: Any) -> Artifact[Any]:
    """Returns the handle of an artifact.

    Args:
        target: A `NectarTask` instance (or a foreign task object that a plugin adapts), the full name of a stored
            artifact, ``task_type/family/task@alias``, or a shorter form of these that only one artifact has. A
            handle is returned as it is.

    Raises:
        ArtifactNotFound: There is no artifact of this name or alias in the storage layer in force.
        ArgumentError: `target` is nothing that names an artifact.
    """
    if isinstance(target, str):
        layer = storage_layer()
        return stored_artifact(find_name(layer, target), None, layer.reference)
    handle = artifact_of(target)
    if handle is not None:
        return handle
    if getattr(target, "_is_task", False):
        raise ArgumentError(f"{target.name} is a task, not an artifact; call it, with its parameters")
    if isinstance(target, type):
        raise ArgumentError(f"{target.__name__} is a class; make an instance of it, with its parameters")
    if callable(target):
        called = getattr(target, "__name__", repr(target))
        raise ArgumentError(f"{called} is a function, not an artifact; call it: {called}(…)")
    what = f"{target!r:.80}" if target is None or type(target) in _SHOWN else f"a {type(target).__qualname__}"
    raise ArgumentError(f"{what} names no artifact: give what calling a task returns, a task object, or a name")


def get_artifact_name(target: Any) -> str:
    """Returns the name of an artifact, or of the artifact that a task object makes.

    Raises:
        ArgumentError: `target` is nothing that names an artifact.
    """
    return artifact(target).name


def get_artifact_path(target: Any) -> str:
    """Returns the URI of an artifact, or of the artifact that a task object makes.

    Raises:
        ArgumentError: `target` is nothing that names an artifact.
    """
    return artifact(target).uri


def with_profile(profile: str | None) -> AbstractContextManager[Settings]:
    """Puts another profile in force for a block, if one is given; a storage layer that `settings` chose stays open."""
    outer = current()
    if profile is None:
        return hold(outer)
    kept = {"storage_layer": storage_layer()} if "storage_layer" in outer.overrides else {}
    return settings(profile=profile, **kept)


def layer_in_force(layer: StorageLayer, call: Call) -> AbstractContextManager[Settings]:
    """Puts the storage layer of a run in force for a block, where a task's own choice is another."""
    if call.layer().reference == layer.reference:
        return hold(current())
    return override("run()", {"storage_layer": layer})


def map_targets(targets: Any, function: Callable[[Artifact[Any]], Any]) -> Any:
    """Returns nested targets with `function` applied to each handle; the nesting is kept."""
    kind = type(targets)
    if kind in (list, tuple):
        return kind(map_targets(target, function) for target in targets)
    if kind is dict:
        return {key: map_targets(target, function) for key, target in targets.items()}
    return function(artifact(targets))


def collect(targets: Any) -> list[Artifact[Any]]:
    """Returns the handles in nested targets, in order."""
    found: list[Artifact[Any]] = []
    map_targets(targets, found.append)
    return found
