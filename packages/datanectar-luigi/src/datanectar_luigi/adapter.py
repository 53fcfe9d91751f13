"""The adapter: core learns from it what a luigi.Task is, and has it run."""

from __future__ import annotations

import difflib
import queue
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import luigi
from luigi.task import DynamicRequirements

import datanectar as dn
from datanectar_luigi.decoration import ADDED, OPTIONS, decorate, is_stored, makes_artifact
from datanectar_luigi.functions import FunctionTask
from datanectar_luigi.identity import CALLBACKS, KIND, LUIGIS_OWN, kind_of, library_bases, required, typed_parameters
from datanectar_luigi.inputs import StoredArtifact


class LuigiAdapter(dn.TaskAdapter):
    """Describes, decorates and runs tasks of Luigi."""

    def describe(self, task: luigi.Task) -> dn.ForeignTask | dn.Artifact[Any]:
        if isinstance(task, (FunctionTask, StoredArtifact)):
            return task.artifact()
        kind, options = type(task), getattr(task, OPTIONS, {})
        task_type, model_family = kind_of(task, options)
        declared = [name for name, _ in kind.get_params()]
        layer = vars(task).get("storage_layer") or options.get("storage_layer")
        added = [name for name in ADDED if _is_added(vars(kind).get(name))]
        return dn.ForeignTask(
            name=kind.__name__,
            parameters=typed_parameters(task),
            requires=lambda: required(task),
            code=kind,
            base=library_bases(kind),
            task_type=task_type,
            model_family=model_family,
            options={**{key: value for key, value in options.items() if key not in KIND}, "storage_layer": layer},
            declarations=(*declared, *added, OPTIONS, *LUIGIS_OWN),
            stores=lambda: makes_artifact(task),
        )

    def decorate(self, kind: type, options: Mapping[str, Any]) -> type:
        if issubclass(kind, FunctionTask):
            raise dn.errors.TaskDefinitionError(
                f"{kind.__name__} is made of a function: @dn.task(…) goes below @as_luigi_task, on the function"
            )
        return decorate(kind, options)

    def run(self, task: luigi.Task) -> list[luigi.Task] | None:
        """Does what a worker of Luigi does with a task, its callbacks and events included."""
        if task.run is None or type(task).run == NotImplemented:
            raise dn.errors.TaskDefinitionError(
                f"{task} is an external task, which nothing here makes; it is not there"
            )
        task.trigger_event(luigi.Event.START, task)
        started = time.time()
        try:
            with _callbacks(task):
                needed = _run(task)
                if needed:
                    return needed
                task.trigger_event(luigi.Event.PROCESSING_TIME, task, time.time() - started)
                task.on_success()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            task.trigger_event(luigi.Event.FAILURE, task, error)
            task.on_failure(error)
            raise
        task.trigger_event(luigi.Event.SUCCESS, task)
        return None

    def from_text(self, kind: type[luigi.Task], words: Mapping[str, str]) -> Any:
        known = dict(kind.get_params())
        for name in words:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known) or 'none'}"
                raise dn.errors.ArgumentError(f"{kind.__name__} has no parameter {name!r}; {hint}")
        values = {}
        for name, text in words.items():
            try:
                values[name] = known[name].parse(text)
            except Exception as error:  # whatever a parameter's class says
                raise dn.errors.ArgumentError(f"{kind.__name__}: {name}={text!r} cannot be read: {error}") from error
        try:
            return kind(**values)
        except luigi.parameter.MissingParameterException as error:
            raise dn.errors.ArgumentError(f"{kind.__name__} cannot be made: {error}") from error

    def is_complete(self, task: luigi.Task) -> bool:
        return bool(task.complete())

    def result(self, task: luigi.Task) -> Any:
        if is_stored(task):  # beside what it keeps itself
            artifact = dn.artifact(task)
            return artifact.storage_layer.load(artifact.name)
        return task.output()


def _is_added(attribute: Any) -> bool:
    """Whether an attribute of a class is what the decorator added, rather than the user's."""
    function = getattr(attribute, "__func__", attribute)
    return (getattr(function, "__module__", None) or "").startswith("datanectar_luigi.")


def _run(task: luigi.Task) -> list[luigi.Task]:
    """Runs a task up to its end, or to what it yields and lacks."""
    steps = task.run()
    if not isinstance(steps, Generator):
        return []
    answer: Any = None
    while True:
        try:
            wanted = steps.send(answer)
        except StopIteration:
            return []
        if not isinstance(wanted, DynamicRequirements):
            wanted = DynamicRequirements(wanted)
        if not wanted.complete():
            return [needed for needed in wanted.flat_requirements if not needed.complete()]
        answer = wanted.paths


@contextmanager
def _callbacks(task: luigi.Task) -> Iterator[None]:
    """Where no worker of Luigi is there to hear what a task says of itself, nobody does."""
    messages = queue.Queue[Any]() if task.accepts_messages else None
    given = {**dict.fromkeys(CALLBACKS, lambda *_: None), "scheduler_messages": messages}
    missing = {name: value for name, value in given.items() if getattr(task, name, None) is None}
    vars(task).update(missing)
    try:
        yield
    finally:
        vars(task).update(dict.fromkeys(missing))
