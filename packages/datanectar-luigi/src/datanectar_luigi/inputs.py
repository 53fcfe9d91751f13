"""Tasks as values of parameters: they stand for what they make. As text, they say which task, with which parameters.

Such a text lists all tasks that a value stands on, each once and after those that it takes itself, so that it is as
long as there are tasks, not as there are paths between them::

    {"$tasks": [{"task": "Trips", "module": "trips", "parameters": {"month": "1"}}]}

The value is the last one, or what ``"value"`` has, in which ``{"$task": 0}`` is the first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any

import luigi
from luigi.freezing import FrozenOrderedDict
from luigi.parameter import ParameterVisibility
from luigi.task_register import Register

import datanectar as dn
from datanectar_luigi.forms import TASKS, Part, is_task
from datanectar_luigi.target import ArtifactTarget


class FrozenList(tuple[Any, ...]):
    """A list that has a hash, as Luigi wants it of values."""


class FrozenSet(frozenset[Any]):
    """A set that has a hash."""


class StoredArtifact(luigi.ExternalTask):
    """An artifact that is known by its name: somebody else makes it."""

    name = luigi.Parameter()
    layer = luigi.Parameter()

    def output(self) -> ArtifactTarget:
        return ArtifactTarget(self.name, self.layer)

    def artifact(self) -> dn.Artifact[Any]:
        """Returns its handle."""
        with dn.settings(storage_layer=self.layer):
            return dn.artifact(self.name)


def freeze(value: Any) -> Any:
    """Returns a value as one that has a hash, and whose dicts have one order."""
    kind = type(value)
    if kind is dict:
        return FrozenOrderedDict((key, freeze(value[key])) for key in sorted(value, key=repr))
    if kind in (list, tuple):
        return (FrozenList if kind is list else tuple)(map(freeze, value))
    return FrozenSet(value) if kind is set else value


def thaw(value: Any) -> Any:
    """Returns a value that was frozen as it was, with tasks of Luigi in place of artifacts and other task objects."""
    kind = type(value)
    if kind is dict or isinstance(value, FrozenOrderedDict):
        return {key: thaw(item) for key, item in value.items()}
    if kind in (list, tuple, FrozenList):
        return (tuple if kind is tuple else list)(map(thaw, value))
    if kind is FrozenSet:
        return set(value)
    if isinstance(value, (dn.Artifact, dn.NectarTask)):
        return _task_of(dn.artifact(value))
    if kind.__module__ == "numpy" and getattr(value, "shape", None) == ():
        return value.item()
    return value


def tasks_in(value: Any) -> Iterator[luigi.Task]:
    """Yields the tasks in a value."""
    if is_task(value):
        yield value.task if isinstance(value, Part) else value
    elif isinstance(value, (Mapping, list, tuple)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from tasks_in(item)


def holds_task(value: Any) -> bool:
    """Whether a task is in a value."""
    return next(tasks_in(value), None) is not None


def as_argument(value: Any) -> Any:
    """Returns a value as an argument of a task of Datanectar, which knows tasks of Luigi, but no parts of them."""
    if isinstance(value, Part):
        artifact = dn.artifact(value.task)
        for key in value.keys:
            artifact = artifact[key]
        return artifact
    if type(value) is dict:
        return {key: as_argument(item) for key, item in value.items()}
    return type(value)(map(as_argument, value)) if type(value) in (list, tuple) else value


def _task_of(artifact: dn.Artifact[Any]) -> luigi.Task | Part:
    from datanectar_luigi.functions import task_of_call

    call: Any = artifact.call
    if isinstance(getattr(call, "task", None), luigi.Task):
        task = call.task
    elif call.definition is None:
        task = StoredArtifact(name=artifact.name, layer=artifact.storage_layer.reference)
    else:
        task = task_of_call(call)
    return Part(task, artifact.part) if artifact.part else task


def text_of_tasks(document: Any) -> str:
    """Returns the text of a value in JSON with tasks in it."""
    tasks = _in_order(tasks_in(document))
    numbers = {task: number for number, task in enumerate(tasks)}

    def reference(value: Any) -> Any:
        if isinstance(value, Part):
            return {"$part": [numbers[value.task], *value.keys]}
        return {"$task": numbers[value]}

    found = {"$tasks": [getattr(task, "_description", None) or describe(task) for task in tasks]}
    if document is not tasks[-1]:
        found["value"] = document
    return json.dumps(found, default=reference)


def _in_order(tasks: Iterable[luigi.Task]) -> list[luigi.Task]:
    """Returns tasks and those that are values of their parameters, these first."""
    found: dict[luigi.Task, None] = {}
    pending = list(tasks)
    while pending:
        task = pending[-1]
        below = [] if task in found else [other for other in getattr(task, "_inputs", ()) if other not in found]
        pending += below
        if not below:
            found[pending.pop()] = None
    return list(found)


def describe(task: luigi.Task) -> dict[str, Any]:
    """Returns which task it is, with which parameters, in JSON with tasks in it."""
    parameters = {}
    for name, parameter in type(task).get_params():
        value = getattr(task, name)
        if parameter.visibility != ParameterVisibility.PRIVATE:
            form: Any = getattr(parameter, "form", None)
            inside = form is not None and holds_task(value)
            parameters[name] = {"value": form.write(thaw(value))} if inside else parameter.serialize(value)
    kind = type(task)
    return {"task": kind.get_task_family(), "module": kind.__module__, "parameters": parameters}


def parse_tasks(text: str) -> Any:
    """Returns the value in JSON that a text with tasks stands for, or None if it is none of those."""
    if not text.startswith(TASKS):
        return None
    document = json.loads(text)
    made: list[luigi.Task] = []
    for found in document["$tasks"]:
        import_module(found["module"])
        kind = Register.get_task_cls(found["task"])
        parameters = dict(kind.get_params())
        values = {
            name: parameters[name].parse(given)
            if isinstance(given, str)
            else parameters[name].form.read(_resolve(given["value"], made))
            for name, given in found["parameters"].items()
        }
        made.append(kind(**values))
    return _resolve(document.get("value", {"$task": -1}), made)


def _resolve(document: Any, made: list[luigi.Task]) -> Any:
    if type(document) is list:
        return [_resolve(item, made) for item in document]
    if type(document) is not dict:
        return document
    if "$task" in document:
        return made[document["$task"]]
    if "$part" in document:
        number, *keys = document["$part"]
        return Part(made[number], tuple(keys))
    return {key: _resolve(item, made) for key, item in document.items()}
