"""What other tasks make, as a parameter of a Luigi task: as text it says which task, with which parameters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import luigi
from luigi.freezing import FrozenOrderedDict
from luigi.task_register import Register

import datanectar as dn
from datanectar_luigi.layer_parameter import StorageLayerParameter
from datanectar_luigi.target import ArtifactTarget

_KEY = "datanectar"
_START = f'{{"{_KEY}": '


class Part(NamedTuple):
    """A part of what a task makes."""

    task: luigi.Task
    keys: tuple[Any, ...]


class StoredArtifact(luigi.ExternalTask):
    """An artifact that is known by its name: somebody else makes it."""

    name = luigi.Parameter()
    storage_layer = StorageLayerParameter()

    def output(self) -> ArtifactTarget:
        return ArtifactTarget(self.name, self.storage_layer.reference)

    def artifact(self) -> dn.Artifact[Any]:
        """Returns its handle."""
        with dn.settings(storage_layer=self.storage_layer.reference):
            return dn.artifact(self.name)


class AcceptsTasks(luigi.Parameter):
    """Takes, besides its plain values, the tasks that make values: of Luigi or of Datanectar, also in containers.

    As text, such a value says which tasks, with which parameters: an assistant makes them again.
    """

    def normalize(self, value: Any) -> Any:
        return _frozen(value) if _holds_task(value) else super().normalize(value)

    def serialize(self, value: Any) -> str:
        return json.dumps({_KEY: _as_json(value)}, sort_keys=True) if _holds_task(value) else super().serialize(value)

    def parse(self, text: str) -> Any:
        return _from_json(json.loads(text)[_KEY]) if str(text).startswith(_START) else super().parse(text)

    def next_in_enumeration(self, value: Any) -> Any:
        return None if _holds_task(value) else super().next_in_enumeration(value)

    def _warn_on_wrong_param_type(self, name: str, value: Any) -> None:
        """Luigi warns of values that are no text; these are meant."""


class InputParameter(AcceptsTasks):
    """Takes nothing but tasks."""

    def normalize(self, value: Any) -> Any:
        return None if value is None else _frozen(value)


@cache
def accepting_tasks(kind: type[luigi.Parameter]) -> type[luigi.Parameter]:
    """Returns a parameter's class that takes tasks, too."""
    return type(kind.__name__, (AcceptsTasks, kind), {})


def _holds_task(value: Any) -> bool:
    if isinstance(value, (luigi.Task, Part, dn.Artifact, dn.NectarTask)):
        return True
    if isinstance(value, Mapping):
        return any(map(_holds_task, value.values()))
    return isinstance(value, (list, tuple)) and any(map(_holds_task, value))


def _frozen(value: Any) -> Any:
    if isinstance(value, (luigi.Task, Part)):
        return value
    if isinstance(value, Mapping):
        return FrozenOrderedDict((key, _frozen(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(item) for item in value)
    if _holds_task(value):
        return _task_of(dn.artifact(value))
    if isinstance(value, (type(None), bool, int, float, str)):
        return value
    raise dn.errors.ArgumentError(f"{value!r:.80} is no task and no artifact")


def tasks_in(value: Any) -> Iterator[luigi.Task]:
    """Yields the tasks in a value of an `InputParameter`."""
    if isinstance(value, Part):
        yield value.task
    elif isinstance(value, luigi.Task):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tasks_in(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from tasks_in(item)


def artifacts_in(value: Any) -> Any:
    """Returns a value of an `InputParameter` with the artifacts in place of the tasks."""
    if isinstance(value, Part):
        artifact = dn.artifact(value.task)
        for key in value.keys:
            artifact = artifact[key]
        return artifact
    if isinstance(value, luigi.Task):
        return dn.artifact(value)
    if isinstance(value, Mapping):
        return {key: artifacts_in(item) for key, item in value.items()}
    return [artifacts_in(item) for item in value] if isinstance(value, tuple) else value


def _task_of(artifact: dn.Artifact[Any]) -> luigi.Task | Part:
    from datanectar_luigi.functions import as_luigi_task

    call: Any = artifact.call
    definition = call.definition
    if isinstance(getattr(call, "task", None), luigi.Task):
        task = call.task
    elif isinstance(definition, dn.Task):
        task = as_luigi_task(definition)(**call.arguments)
    else:
        task = StoredArtifact(artifact.name, artifact.storage_layer.reference)
    return Part(task, artifact.part) if artifact.part else task


def _as_json(value: Any) -> Any:
    if isinstance(value, Part):
        return {"part": list(value.keys), "of": _as_json(value.task)}
    if isinstance(value, luigi.Task):
        kind = type(value)
        return {"task": kind.get_task_family(), "module": kind.__module__, "parameters": value.to_str_params()}
    if isinstance(value, Mapping):
        return {"items": [[key, _as_json(item)] for key, item in value.items()]}
    return [_as_json(item) for item in value] if isinstance(value, tuple) else value


def _from_json(found: Any) -> Any:
    if isinstance(found, list):
        return tuple(map(_from_json, found))
    if not isinstance(found, dict):
        return found
    if "items" in found:
        return FrozenOrderedDict((key, _from_json(item)) for key, item in found["items"])
    if "part" in found:
        return Part(_from_json(found["of"]), tuple(found["part"]))
    import_module(found["module"])
    return Register.get_task_cls(found["task"]).from_str_params(found["parameters"])
