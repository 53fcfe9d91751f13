"""What makes a luigi.Task one whose result is an artifact. The class is changed in place: it stays what it is.

So `super()`, pickles, Luigi's registry and assistants know it as before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import luigi
from luigi.task import flatten

import datanectar as dn
from datanectar_luigi.target import ArtifactTarget

#: Where a class keeps what `@dn.task(…)` was given for it.
OPTIONS = "_datanectar_options"


class LayerOfTask:
    """``self.storage_layer``, opened on access: nothing of it is in a pickle, and a class can be asked for it."""

    def __get__(self, task: luigi.Task | None, kind: type) -> Any:
        if task is None:  # Luigi asks classes for all their attributes whenever it makes an instance
            return self
        chosen = vars(task).get("storage_layer")
        return dn.artifact(task).storage_layer if chosen is None else dn.storage_layer(chosen)

    def __set__(self, task: luigi.Task, value: Any) -> None:
        if value is None:
            vars(task).pop("storage_layer", None)
        else:
            vars(task)["storage_layer"] = getattr(value, "reference", value)


def decorate(kind: type[luigi.Task], options: Mapping[str, Any]) -> type[luigi.Task]:
    """Gives a class, in place, a storage layer and, where it has none of its own, `output()` and `complete()`.

    Args:
        kind: The class.
        options: What `@dn.task(…)` was given.

    Raises:
        TaskDefinitionError: The class was decorated otherwise before, or has a `storage_layer` of its own as well.
    """
    given = {key: value for key, value in options.items() if value is not None}
    before = vars(kind).get(OPTIONS)
    if before is not None:
        for key in before.keys() & given.keys():
            if before[key] != given[key]:
                raise dn.errors.TaskDefinitionError(
                    f"{kind.__name__} is decorated twice: once with {key}={before[key]!r}, once with {given[key]!r}"
                )
        setattr(kind, OPTIONS, {**before, **given})
        return kind
    own_layer = getattr(kind, "storage_layer", None)
    if own_layer is not None and not isinstance(own_layer, LayerOfTask) and "storage_layer" in given:
        raise dn.errors.TaskDefinitionError(
            f"{kind.__name__} has a storage_layer of its own, and @dn.task says another; remove one of the two"
        )
    setattr(kind, OPTIONS, {**getattr(kind, OPTIONS, {}), **given})
    if own_layer is None:
        kind.storage_layer = LayerOfTask()
    if kind.output is luigi.Task.output and kind.complete is luigi.Task.complete:
        kind.output, kind.complete = output, complete
    if kind.complete is complete and kind.bulk_complete.__func__ is luigi.Task.bulk_complete.__func__:
        kind.bulk_complete = classmethod(bulk_complete)
    verify_after_run(kind)
    return kind


def output(self: luigi.Task) -> ArtifactTarget:
    """Returns the artifact that the task makes, as a target."""
    return ArtifactTarget(self)


def complete(self: luigi.Task) -> bool:
    """Whether the artifact is stored; a store that does not answer is an error, never a no."""
    return dn.artifact(self).exists()


def bulk_complete(cls: type[luigi.Task], parameter_tuples: Iterable[Any]) -> list[Any]:
    """Returns those of some parameters whose artifacts are stored, in one listing a layer."""
    wanted = [(given, dn.artifact(_instance(cls, given))) for given in parameter_tuples]
    layers = {handle.storage_layer for _, handle in wanted}
    found: dict[Any, dict[str, bool]] = {
        layer: layer.exists_many([handle.name for _, handle in wanted if handle.storage_layer is layer])
        for layer in layers
    }
    return [given for given, handle in wanted if found[handle.storage_layer][handle.name]]


def _instance(cls: type[luigi.Task], given: Any) -> luigi.Task:
    if isinstance(given, (list, tuple)):
        return cls(*given)
    return cls(**given) if isinstance(given, dict) else cls(given)


def verify_after_run(kind: type[luigi.Task]) -> None:
    """Makes a run that ended without its result a failure, in this class and in those that are derived from it.

    `on_success` is called after the outermost `run`; to verify in `run` itself would fail a class that calls
    ``super().run()`` before it stores.
    """
    _guard(kind)
    own = vars(kind).get("__init_subclass__")

    def __init_subclass__(cls: type[luigi.Task], /, **options: Any) -> None:
        if own is not None:
            own.__func__(cls, **options)
        else:
            super(kind, cls).__init_subclass__(**options)
        if "on_success" in vars(cls):
            _guard(cls)

    setattr(kind, "__init_subclass__", classmethod(__init_subclass__))  # noqa: B010  # to mypy it is no method


def _guard(kind: type[luigi.Task]) -> None:
    own = vars(kind).get("on_success")

    def on_success(self: luigi.Task) -> Any:
        _verify(self)
        return own(self) if own is not None else super(kind, self).on_success()

    kind.on_success = on_success


def _verify(task: luigi.Task) -> None:
    if not task.complete():
        lacking = [str(target) for target in flatten(task.output()) if not target.exists()]
        raise dn.errors.TaskDefinitionError(
            f"{task} ran to its end, and {', '.join(lacking) or 'its result'} is not there. run() is to store it: "
            "self.storage_layer.store(dn.get_artifact_name(self), result)"
        )


def makes_artifact(task: luigi.Task) -> bool:
    """Whether a task's result is its artifact, rather than something that it keeps elsewhere."""
    kind = type(task)
    if kind.complete is complete:
        return True
    if kind.complete is luigi.Task.complete and kind.output is luigi.Task.output:
        return hasattr(task, "storage_layer")
    if kind.complete.__module__.startswith("luigi.") and kind.output is luigi.Task.output:
        return False  # a WrapperTask, for example
    artifact = dn.artifact(task)
    name = artifact.name
    if kind.output is luigi.Task.output:  # what it is complete by, it alone knows
        return artifact.storage_layer.exists(name)
    return any(isinstance(target, ArtifactTarget) and target.name == name for target in flatten(task.output()))
