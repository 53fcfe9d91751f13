"""The adapter: core learns from it what a luigi.Task is, and has it run."""

from __future__ import annotations

import difflib
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import luigi
from luigi.task import flatten, getpaths

import datanectar as dn
from datanectar_luigi.decoration import OPTIONS, decorate, makes_artifact
from datanectar_luigi.functions import FunctionTask
from datanectar_luigi.identity import library_base, typed_parameters, word
from datanectar_luigi.layer_parameter import LayerReference

#: What a worker of Luigi gives a task while it runs.
_CALLBACKS = ("set_tracking_url", "set_status_message", "set_progress_percentage", "decrease_running_resources")


class LuigiAdapter(dn.TaskAdapter):
    """Describes, decorates and runs tasks of Luigi."""

    def describe(self, task: luigi.Task) -> dn.ForeignTask | dn.Artifact[Any]:
        if isinstance(task, FunctionTask):
            return task.artifact()
        options = dict(getattr(task, OPTIONS, {}))
        layer = vars(task).get("storage_layer")
        reference = layer._named if isinstance(layer, LayerReference) else layer
        if reference:
            options["storage_layer"] = reference
        return dn.ForeignTask(
            name=type(task).__name__,
            parameters=typed_parameters(task),
            requires=flatten(task.requires()),
            code=type(task),
            base=library_base(type(task)),
            task_type=options.pop("task_type", None) or word(task, "task_type"),
            model_family=options.pop("model_family", None) or word(task, "model_family", "model_type"),
            options=options,
            stores=lambda: makes_artifact(task),
        )

    def decorate(self, kind: type, options: Mapping[str, Any]) -> type:
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
            task.on_failure(error)
            task.trigger_event(luigi.Event.FAILURE, task, error)
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
        return task.output()


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
        lacking = [needed for needed in flatten(wanted) if not needed.complete()]
        if lacking:
            return lacking
        answer = getpaths(wanted)


@contextmanager
def _callbacks(task: luigi.Task) -> Iterator[None]:
    """Where no worker of Luigi is there to hear what a task says of itself, nobody does."""
    missing = [name for name in _CALLBACKS if getattr(task, name, None) is None]
    for name in missing:
        setattr(task, name, lambda *_: None)
    try:
        yield
    finally:
        for name in missing:
            delattr(task, name)
