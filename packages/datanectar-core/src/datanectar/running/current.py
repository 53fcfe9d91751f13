"""The step that is running here, for what its code calls: whose result is being made, and which place it has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from datanectar.running.slots import SlotFinder

if TYPE_CHECKING:
    from datanectar.tasks.call import Call

_running: ContextVar[RunningStep | None] = ContextVar("datanectar_running_step", default=None)


class RunningStep:
    """A step that is being executed.

    Attributes:
        name: The artifact that it makes.
        task: The task's path, such as ``train_model/classifier/eta_classifier``.
    """

    def __init__(self, name: str, task: str, call: Call, finder: SlotFinder) -> None:
        self.name, self.task = name, task
        self._call, self._finder = call, finder

    @property
    def slot(self) -> str:
        """What stays the same when the task's code, or that of its inputs, changes: a place for the newest result.

        It follows from the task's path and its parameters; an input counts by its own slot, a `File` by its content.
        At most 57 characters of ``a-z 0-9 . _ -``. Inputs' manifests are read, each once.
        """
        return f"{self.task.rpartition('/')[2][:30].rstrip('._-')}-{self._finder.of_call(self._call)}"


def running_step() -> RunningStep | None:
    """Returns the step whose code calls this, or None outside of one; threads that the code starts are outside."""
    return _running.get()


@contextmanager
def running(step: RunningStep) -> Iterator[None]:
    """Makes a step the running one for a block."""
    token = _running.set(step)
    try:
        yield
    finally:
        _running.reset(token)
