"""What makes a luigi.Task one whose result is an artifact. The class is changed in place: it stays what it is.

So `super()`, pickles, Luigi's registry and assistants know it as before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import luigi
from luigi.task import BulkCompleteNotImplementedError, flatten

import datanectar as dn
from datanectar_luigi.identity import check_kind
from datanectar_luigi.layer_parameter import set_layer
from datanectar_luigi.target import ArtifactTarget

#: Where a class keeps what `@dn.task(…)` was given for it.
OPTIONS = "_datanectar_options"
#: What a class that is decorated gets, where it has none of its own.
ADDED = ("storage_layer", "output", "complete", "bulk_complete", "on_success", "__init_subclass__")
_VERIFIES = "_datanectar_verifies"


class LayerOfTask:
    """``self.storage_layer``, opened on access: nothing of it is in a pickle, and a class can be asked for it."""

    def __get__(self, task: luigi.Task | None, kind: type) -> Any:
        # Luigi asks classes for all their attributes whenever it makes an instance.
        return self if task is None else dn.artifact(task).storage_layer

    def __set__(self, task: luigi.Task, value: Any) -> None:
        set_layer(task, "storage_layer", value)


def decorate(kind: type[luigi.Task], options: Mapping[str, Any]) -> type[luigi.Task]:
    """Gives a class, in place, a storage layer and, where it has none of its own, `output()` and `complete()`.

    Args:
        kind: The class.
        options: What `@dn.task(…)` was given.

    Raises:
        TaskDefinitionError: The class was decorated otherwise before, or has itself what the decorator says.
    """
    given = {key: value for key, value in options.items() if value is not None}
    before = vars(kind).get(OPTIONS, {})
    for key in before.keys() & given.keys():
        if before[key] != given[key]:
            raise dn.errors.TaskDefinitionError(
                f"{kind.__name__} is decorated twice: once with {key}={before[key]!r}, once with {given[key]!r}"
            )
    check_kind(kind, given)
    if OPTIONS not in vars(kind):
        _take_layer(kind, given)
    setattr(kind, OPTIONS, {**getattr(kind, OPTIONS, {}), **given})
    completes_itself = kind.complete is not luigi.Task.complete
    if kind.output is luigi.Task.output and not (completes_itself and is_luigis(kind.complete)):
        kind.output = output
        if not completes_itself:
            kind.complete = complete
    if kind.complete is complete and kind.bulk_complete.__func__ is luigi.Task.bulk_complete.__func__:
        kind.bulk_complete = classmethod(bulk_complete)
    verify_after_run(kind)
    return kind


def _take_layer(kind: type[luigi.Task], given: dict[str, Any]) -> None:
    """Makes `storage_layer` the layer itself, also where the class has it as a name; a parameter stays."""
    own = getattr(kind, "storage_layer", None)
    if own is not None and not isinstance(own, LayerOfTask) and "storage_layer" in given:
        raise dn.errors.TaskDefinitionError(
            f"{kind.__name__} has a storage_layer of its own, and @dn.task says another; remove one of the two"
        )
    take_layer_name(kind)
    if getattr(kind, "storage_layer", None) is None:
        kind.storage_layer = LayerOfTask()


def take_layer_name(kind: type[luigi.Task]) -> None:
    """Has ``storage_layer = "lake"`` in a class's body mean what ``@dn.task(storage_layer="lake")`` means."""
    own = getattr(kind, "storage_layer", None)
    if isinstance(own, (str, dn.StorageLayer)):
        setattr(kind, OPTIONS, {**getattr(kind, OPTIONS, {}), "storage_layer": own})
        kind.storage_layer = LayerOfTask()


def output(self: luigi.Task) -> ArtifactTarget:
    """Returns the artifact that the task makes, as a target."""
    return ArtifactTarget(self)


def complete(self: luigi.Task) -> bool:
    """Whether the artifact is stored; a store that does not answer is an error, never a no."""
    return dn.artifact(self).exists()


def bulk_complete(cls: Any, parameter_tuples: Iterable[Any]) -> list[Any]:
    """Returns those of some parameters whose artifacts are stored, in one listing a layer."""
    tasks = [(given, _instance(cls, given)) for given in parameter_tuples]  # Luigi's ranges give a function as `cls`
    if any(type(task).complete is not complete for _, task in tasks):
        raise BulkCompleteNotImplementedError  # a derived class may say something else
    wanted = [(given, dn.artifact(task)) for given, task in tasks]
    layers = {handle.storage_layer for _, handle in wanted}
    found: dict[Any, dict[str, bool]] = {
        layer: layer.exists_many([handle.name for _, handle in wanted if handle.storage_layer is layer])
        for layer in layers
    }
    return [given for given, handle in wanted if found[handle.storage_layer][handle.name]]


def _instance(cls: Any, given: Any) -> luigi.Task:
    if isinstance(given, (list, tuple)):
        return cls(*given)
    return cls(**given) if isinstance(given, dict) else cls(given)


def verify_after_run(kind: type[luigi.Task]) -> None:
    """Makes a run that ended without its result a failure, in this class and in those that are derived from it.

    `on_success` is called after the outermost `run`; to verify in `run` itself would fail a class that calls
    ``super().run()`` before it stores.
    """
    if hasattr(kind.on_success, _VERIFIES):
        return
    _guard(kind)
    own = vars(kind).get("__init_subclass__")

    def __init_subclass__(cls: type[luigi.Task], /, **options: Any) -> None:
        if own is not None:
            own.__func__(cls, **options)
        else:
            super(kind, cls).__init_subclass__(**options)
        if not hasattr(cls.on_success, _VERIFIES):  # its own, or that of a mixin
            _guard(cls)

    setattr(kind, "__init_subclass__", classmethod(__init_subclass__))  # noqa: B010  # to mypy it is no method


def _guard(kind: type[luigi.Task]) -> None:
    own = vars(kind).get("on_success")

    def on_success(self: luigi.Task) -> Any:
        _verify(self)
        return own(self) if own is not None else super(kind, self).on_success()

    setattr(on_success, _VERIFIES, True)
    kind.on_success = on_success


def _verify(task: luigi.Task) -> None:
    if makes_artifact(task):
        artifact = dn.artifact(task)
        if not artifact.exists():
            raise dn.errors.TaskDefinitionError(
                f"{task} ran to its end, and its artifact {artifact.name} is not there: run() is to store it, by "
                "self.storage_layer.store(dn.get_artifact_name(self), result)"
            )
    elif not task.complete():
        lacking = ", ".join(str(target) for target in flatten(task.output()) if not target.exists())
        raise dn.errors.TaskDefinitionError(
            f"{task} ran to its end, and {lacking or 'its result'} is not there: run() is to make it"
        )


def makes_artifact(task: luigi.Task) -> bool:
    """Whether a task's result is its artifact, rather than something that it keeps elsewhere."""
    kind = type(task)
    if kind.complete is complete:
        return True
    if kind.output is not luigi.Task.output:
        outputs = [target for target in flatten(task.output()) if isinstance(target, ArtifactTarget)]
        return bool(outputs) and dn.get_artifact_name(task) in [target.name for target in outputs]
    if kind.complete is not luigi.Task.complete and is_luigis(kind.complete):
        return False  # a WrapperTask, for example
    if hasattr(kind, "storage_layer"):
        return True
    return is_stored(task)  # one that takes a storage layer elsewhere says nothing of it


def is_stored(task: luigi.Task) -> bool:
    """Whether something is stored under the task's name, whatever its own `complete()` says."""
    artifact = dn.artifact(task)
    return artifact.storage_layer.exists(artifact.name)


def is_luigis(method: Any) -> bool:
    """Whether a method is one of Luigi's own classes'."""
    return str(method.__module__).startswith("luigi.")
