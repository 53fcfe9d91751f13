"""Task objects of other libraries as Datanectar sees them: named like its own, run through their adapter."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from types import FunctionType, MethodType
from typing import Any
from weakref import WeakKeyDictionary

from datanectar.contracts.adapters import ForeignTask, TaskAdapter
from datanectar.errors import ArgumentError
from datanectar.layer import origins
from datanectar.tasks.arguments import check_arguments
from datanectar.tasks.call import Call
from datanectar.tasks.classes import adapter_of
from datanectar.tasks.code import CodeDigest, digest_class
from datanectar.tasks.definition import Definition
from datanectar.tasks.function import check_options
from datanectar.tasks.handle import Artifact
from datanectar.tasks.signature import REQUIRED, Signature
from datanectar.tasks.storing import store_made
from datanectar.values.annotations import UNKNOWN

#: Where an object keeps its handle: as `output()` asks for its name again and again, and all below it with it.
_MEMORY = "_datanectar_handle"
_digests: WeakKeyDictionary[type, CodeDigest] = WeakKeyDictionary()


class ForeignDefinition(Definition):
    """The class of a foreign task object as a task.

    Attributes:
        kind: The class.
    """

    def __init__(self, task: ForeignTask) -> None:
        options = dict(task.options)
        super().__init__(
            task.name,
            f"{task.code.__module__}:{task.code.__qualname__}",
            task_type=task.task_type,
            model_family=task.model_family,
            name=options.pop("name", None),
            version=options.pop("version", None),
            ignore=options.pop("ignore", ()),
            options=options,
        )
        check_options(task.name, options)
        self.kind, self._base = task.code, task.base
        self._declarations = task.declarations
        self.signature = Signature(self.name, (), dict.fromkeys(task.parameters, REQUIRED), dict)
        self.check_ignored()

    @property
    def returns(self) -> Any:
        return UNKNOWN

    def _digest(self) -> CodeDigest:
        found = _digests.get(self.kind)
        if found is None:
            found = _digests[self.kind] = digest_class(self.kind, self._base, declarations=self._declarations)
        return found


class ForeignCall(Call):
    """A foreign task object, named.

    Attributes:
        adapter: Runs it.
        task: The object.
    """

    __slots__ = ("__weakref__", "_described", "_inputs", "_required", "_stores", "adapter", "task")
    has_requirements = True

    def __init__(
        self,
        definition: ForeignDefinition,
        arguments: dict[str, Any],
        adapter: TaskAdapter,
        task: Any,
        described: ForeignTask,
    ) -> None:
        super().__init__(definition, arguments, [])
        self.adapter, self.task, self._described = adapter, task, described
        self._required: Any = None
        self._inputs: list[Artifact[Any]] | None = None
        self._stores = False

    @property
    def stores(self) -> bool:  # type: ignore[override]
        """Whether its result is an artifact in a storage layer."""
        if not self._stores:  # what was not there may be by now
            told = self._described.stores
            self._stores = told() if callable(told) else told
        return self._stores

    def is_complete(self) -> bool:
        return super().is_complete() if self.stores else self.adapter.is_complete(self.task)

    def result(self) -> Any:
        return self.adapter.result(self.task)

    def inputs(self) -> list[Artifact[Any]]:
        if self._inputs is None:
            required = self._described.requires
            asked = required() if isinstance(required, (FunctionType, MethodType)) else required
            self._required = _handles([] if asked is None else asked, self._described.name)
            self._inputs = flat(self._required)
        return self._inputs

    def again(self) -> Call:
        assert isinstance(self.definition, ForeignDefinition)
        again = ForeignCall(self.definition, self.arguments, self.adapter, self.task, self._described)
        again._required, again._inputs = self._required, self._inputs
        return again

    def describe(self) -> dict[str, Any]:
        from datanectar.tasks.identity import identify

        self.inputs()
        return {**super().describe(), "requires": identify(self._required)}

    @property
    def name(self) -> str:
        """The artifact's name; who stores under it has the provenance recorded, too."""
        name = super().name
        origins.remember(name, self)
        return name

    def store(self, layer: Any, name: str, value: Any, serializer: str | None) -> Any:
        """Stores what the object made outside of a run of Datanectar."""
        return store_made(layer, self, name, value, serializer=serializer)


def artifact_of(task: Any) -> Artifact[Any] | None:
    """Returns the handle of a task object, be it Datanectar's own or one that a plugin adapts, else None.

    Raises:
        ArgumentError: A parameter of it is of a kind that has no name.
    """
    own = getattr(task, "_as_artifact", None)
    if own is not None:
        return None if isinstance(task, type) else own()
    kept: _Memory | None = getattr(task, "__dict__", {}).get(_MEMORY)
    if kept is not None and kept.handle is not None:
        return kept.handle
    adapter = None if isinstance(task, type) else adapter_of(type(task))
    if adapter is None:
        return None
    handle = _describe(adapter, task)
    with suppress(AttributeError, TypeError):  # of a class with __slots__: then it is described each time
        object.__setattr__(task, _MEMORY, _Memory(handle))
    return handle


def _describe(adapter: TaskAdapter, task: Any) -> Artifact[Any]:
    described = adapter.describe(task)
    if isinstance(described, Artifact):
        return described
    definition = ForeignDefinition(described)
    arguments, _ = check_arguments(definition.signature, described.parameters)
    return Artifact(ForeignCall(definition, arguments, adapter, task, described))


class _Memory:
    """A handle that an object has of itself. It does not travel: in another process code or settings may differ."""

    def __init__(self, handle: Artifact[Any] | None = None) -> None:
        self.handle = handle

    def __reduce__(self) -> tuple[Any, ...]:
        return _Memory, ()

    def __copy__(self) -> _Memory:
        return _Memory()

    def __deepcopy__(self, memo: object) -> _Memory:
        return _Memory()


def _handles(required: Any, by: str) -> Any:
    """Returns what a task requires with every task object as its artifact; the nesting is kept."""
    if isinstance(required, Mapping):
        return {key: _handles(item, by) for key, item in required.items()}
    if isinstance(required, (set, frozenset)):
        return frozenset(_handles(item, by) for item in required)
    if isinstance(required, (list, tuple)) or hasattr(required, "__next__"):
        return [_handles(item, by) for item in required]
    handle = artifact_of(required)
    if handle is None:
        raise ArgumentError(f"{by} requires {required!r:.80}, which is no task object and no artifact")
    return handle


def flat(required: Any) -> list[Any]:
    """Returns the task objects in what a task requires, in any nesting."""
    if required is None:
        return []
    if isinstance(required, Mapping):
        required = list(required.values())
    if isinstance(required, (list, tuple, set, frozenset)) or hasattr(required, "__next__"):
        return [task for item in required for task in flat(item)]
    return [required]
