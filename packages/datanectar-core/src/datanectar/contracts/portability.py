"""Whether steps can run in other processes than the one that planned them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from datanectar.contracts.orchestration import Step
from datanectar.errors import DatanectarError, TaskDefinitionError, UnsupportedError

#: The attribute of a class that stands where its task was declared: it has the task.
TASK_OF = "__datanectar_task__"


def why_not_portable(steps: Sequence[Step]) -> DatanectarError | None:
    """Returns why steps cannot run in other processes of this machine: those would not find the store, or the task.

    Args:
        steps: The steps of a run, in the process that planned it.

    Returns:
        The error for an orchestrator to raise before anything runs, or None.
    """
    for layer in {layer for step in steps for layer in (step.layer, *step.input_layers.values())}:
        if layer.backend.reach == "process":
            msg = (
                f"storage {layer.reference} is in this process alone, so worker processes cannot share it. Choose a "
                "storage on disk, or leave workers out"
            )
            return UnsupportedError(msg)
    for task in {step.call.definition: None for step in steps if step.call is not None}:
        why = _why_not_importable(task)
        if why:
            msg = f"task {task.name} {why}, so worker processes cannot import it. Put it at the top of a module"
            return TaskDefinitionError(f"{msg}, or leave workers and timeouts out")
    return None


def _why_not_importable(task: Any) -> str:
    module, _, qualname = task.reference.partition(":")
    if "<" in qualname:
        return "is defined inside a function"
    if module == "__main__" and not hasattr(sys.modules[module], "__file__"):
        return "is defined in a notebook or at a prompt"
    found: Any = sys.modules.get(module)
    for attribute in qualname.split("."):
        found = getattr(found, attribute, None)
    found = getattr(found, TASK_OF, found)
    return "" if found is task or found is getattr(task, "kind", task) else f"is not what {task.reference} names"
