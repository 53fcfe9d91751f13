"""Task adapters: they make foreign task objects, such as `luigi.Task`, nameable."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple


class ForeignTask(NamedTuple):
    """What a foreign task object is, in Datanectar's words.

    Attributes:
        task_type: Such as ``train_model``, or None.
        model_family: Such as ``classifier``, or None.
        name: The class's name.
        parameters: Its parameters: plain values.
        requires: The foreign task objects it needs, in any nesting.
        code: The class whose source counts, with its bases up to `base`.
        base: The library's own class.
    """

    task_type: str | None
    model_family: str | None
    name: str
    parameters: Mapping[str, Any]
    requires: Any
    code: type
    base: type


class TaskAdapter(ABC):
    """Describes and decorates the tasks of one foreign library."""

    @abstractmethod
    def describe(self, task: Any) -> ForeignTask:
        """Returns what an instance is."""

    @abstractmethod
    def decorate(self, kind: type, options: Mapping[str, Any]) -> type:
        """Makes ``@task(…)`` on a foreign class do its work, and returns the class."""
