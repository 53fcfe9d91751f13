"""Task adapters: they make foreign task objects, such as `luigi.Task`, nameable, and run them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datanectar.tasks.handle import Artifact


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignTask:
    """What a foreign task object is, in Datanectar's words.

    Attributes:
        task_type: Such as ``train_model``, or None.
        model_family: Such as ``classifier``, or None.
        name: The class's name.
        parameters: Its parameters: plain values.
        requires: What it needs, in any nesting: foreign task objects, task objects of Datanectar, artifacts; or a
            function that returns it, asked once, when it is needed. The nesting is part of the name; the order of sets
            and dicts is not.
        code: The class whose source counts, with its bases up to `base`.
        base: The library's own class, or several.
        options: What ``@task(…)`` was given for the class, but for `task_type` and `model_family`.
        declarations: Attributes of the class that declare its parameters: what those are is in `parameters`, so how
            they are declared, with their defaults, is no code.
        stores: Whether its result is an artifact in a storage layer; if not, the task keeps its result itself, and
            the adapter's `is_complete` and `result` tell of it. What cannot be said before the task has a name is a
            function, asked later.
    """

    name: str
    parameters: Mapping[str, Any]
    requires: Any
    code: type
    base: type | tuple[type, ...]
    task_type: str | None = None
    model_family: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    declarations: Collection[str] = ()
    stores: bool | Callable[[], bool] = True


class TaskAdapter(ABC):
    """Describes, decorates and runs the tasks of one foreign library."""

    @abstractmethod
    def describe(self, task: Any) -> ForeignTask | Artifact[Any]:
        """Returns what an instance is: its description, or the artifact that it makes under another guise.

        What came of it is kept in the instance's attribute ``_datanectar_handle``, which pickles as nothing. Delete
        that where the instance has become another.
        """

    @abstractmethod
    def decorate(self, kind: type, options: Mapping[str, Any]) -> type:
        """Makes ``@task(…)`` on a foreign class do its work, and returns the class."""

    @abstractmethod
    def run(self, task: Any) -> Any:
        """Runs an instance's own code, which stores its result with ``storage_layer.store(name, …)``.

        Returns:
            None when it is done. If it found out that it needs others first, those, in any nesting: it is run again
            once they are done.
        """

    def from_text(self, kind: type, words: Mapping[str, str]) -> Any:
        """Makes an instance of a class, or what stands for one, from parameters as a command line gives them.

        Raises:
            ArgumentError: A parameter is unknown, missing, or not what it should be.
        """
        raise NotImplementedError

    def is_complete(self, task: Any) -> bool:
        """Whether an instance that keeps its result itself has it."""
        raise NotImplementedError

    def result(self, task: Any) -> Any:
        """Returns what a run gives for an instance that keeps its result itself."""
        raise NotImplementedError
