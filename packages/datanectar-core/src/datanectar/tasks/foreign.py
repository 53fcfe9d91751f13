"""Task objects of other libraries as Datanectar sees them: named like its own, run by their own engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from datanectar.contracts.adapters import ForeignTask, TaskAdapter
from datanectar.tasks.arguments import check_arguments
from datanectar.tasks.call import Call
from datanectar.tasks.code import CodeDigest, digest_class
from datanectar.tasks.definition import Definition
from datanectar.tasks.handle import Artifact
from datanectar.tasks.signature import REQUIRED, Signature
from datanectar.values.annotations import UNKNOWN

# A diamond of tasks would be walked once per path through it, and not once per task.
_known: WeakKeyDictionary[Any, Artifact[Any]] = WeakKeyDictionary()


class ForeignDefinition(Definition):
    """The class of a foreign task object as a task."""

    def __init__(self, task: ForeignTask) -> None:
        super().__init__(
            task.name,
            f"{task.code.__module__}:{task.code.__qualname__}",
            task_type=task.task_type,
            model_family=task.model_family,
            name=None,
            version=None,
            ignore=(),
            options={},
        )
        self._task = task
        self.signature = Signature(self.name, (), dict.fromkeys(task.parameters, REQUIRED), dict)

    @property
    def returns(self) -> Any:
        return UNKNOWN

    def _digest(self) -> CodeDigest:
        return digest_class(self._task.code, self._task.base)


def foreign_artifact(adapter: TaskAdapter, task: Any, artifact: Callable[[Any], Artifact[Any]]) -> Artifact[Any]:
    """Returns the handle of the artifact that a foreign task object makes.

    Args:
        adapter: Describes the object.
        task: The object.
        artifact: Gives the handles of what it requires.

    Raises:
        ArgumentError: A parameter is of a kind that has no name.
    """
    found = _known.get(task)
    if found is None:
        described = adapter.describe(task)
        definition = ForeignDefinition(described)
        arguments, _ = check_arguments(definition.signature, described.parameters)
        found = _known[task] = Artifact(_ForeignCall(definition, arguments, described.requires, artifact))
    return found


class _ForeignCall(Call):
    __slots__ = ("_artifact", "_foreign", "_required")
    has_requirements = True

    def __init__(
        self,
        definition: ForeignDefinition,
        arguments: dict[str, Any],
        foreign: Any,
        artifact: Callable[[Any], Artifact[Any]],
    ) -> None:
        super().__init__(definition, arguments, [])
        self._foreign, self._artifact = foreign, artifact
        self._required: list[Artifact[Any]] | None = None

    def inputs(self) -> list[Artifact[Any]]:
        if self._required is None:
            self._required = [self._artifact(task) for task in _flat(self._foreign)]
        return self._required

    def again(self) -> Call:
        assert isinstance(self.definition, ForeignDefinition)
        return _ForeignCall(self.definition, self.arguments, self._foreign, self._artifact)

    def describe(self) -> dict[str, Any]:
        from datanectar.tasks.identity import identify

        return {**super().describe(), "requires": identify(self.inputs())}


def _flat(required: Any) -> list[Any]:
    if isinstance(required, dict):
        required = list(required.values())
    if required is None:
        return []
    if isinstance(required, (list, tuple)):
        return [task for item in required for task in _flat(item)]
    return [required]
