"""From a step to the user's code: finds the task, checks the name once more, calls it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from datanectar.contracts.orchestration import Step
from datanectar.contracts.portability import TASK_OF
from datanectar.errors import NameMismatch, TaskDefinitionError
from datanectar.running.targets import artifact
from datanectar.tasks.call import Call
from datanectar.tasks.class_definition import InstanceCall
from datanectar.tasks.function import Task
from datanectar.tasks.handle import Artifact
from datanectar.tasks.nectar import NectarTask
from datanectar.tasks.nesting import substitute


def revived(step: Step) -> Call:
    """Returns the live call, or makes it again from the task's import path and the arguments."""
    if step.call is not None:
        return step.call  # type: ignore[no-any-return]
    if step.foreign is not None:
        return artifact(step.foreign).call
    module, _, qualname = step.reference.partition(":")
    found: Any = import_module(module)
    for attribute in qualname.split("."):
        if attribute == "<locals>":
            raise TaskDefinitionError(
                f"{step.reference} is defined inside a function, so another process cannot import it"
            )
        found = getattr(found, attribute)
    found = getattr(found, TASK_OF, found)
    if isinstance(found, Task):
        return Call(found, step.arguments, _artifacts(step.arguments))
    if isinstance(found, type) and issubclass(found, NectarTask):
        positional, keywords = found._get_definition().signature.spread(step.arguments)
        instance = found(*positional, **keywords)
        for name, value in step.fields.items():
            setattr(instance, name, value)
        return instance._call
    raise TaskDefinitionError(f"{step.reference} is not a task")


def _artifacts(arguments: Any) -> list[Artifact[Any]]:
    found: list[Artifact[Any]] = []
    substitute(arguments, found.append)
    return found


def check_call(step: Step, call: Call) -> None:
    """Computes the name anew: what runs must be what was asked for."""
    again = call.again() if call.is_named else call
    if again.name != step.name:
        msg = (
            f"{step.task} would now make {again.name}, not {step.name} that was asked for: an argument, an input file "
            "or the code changed since it was named. Call the task again, and run that"
        )
        raise NameMismatch(msg)


def invoke(call: Call, loaded: Any) -> Any:
    task = call.definition
    if isinstance(call, InstanceCall):
        return _invoke_instance(call.instance, loaded)
    assert isinstance(task, Task)
    positional, keywords = task.signature.spread(loaded)
    return task.fn(*positional, **keywords)


def _invoke_instance(instance: NectarTask, loaded: Any) -> Any:
    stored: list[Any] = []
    hidden = {"_inputs": loaded, "_take_result": stored.append}
    for name, value in hidden.items():
        object.__setattr__(instance, name, value)
    try:
        returned = instance.run()
    finally:
        for name in hidden:
            object.__delattr__(instance, name)
    if stored and returned is not None:
        raise TaskDefinitionError(f"{type(instance).__name__}.run() both stored a result and returned one; do one")
    if len(stored) > 1:
        raise TaskDefinitionError(f"{type(instance).__name__}.run() stored {len(stored)} results; it makes one")
    return stored[0] if stored else returned
