"""What functions and classes have in common as tasks: a path, options, a signature and a code digest."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from datanectar.errors import TaskDefinitionError
from datanectar.tasks.names import check_segment, snake_case

if TYPE_CHECKING:
    from datanectar.tasks.code import CodeDigest
    from datanectar.tasks.signature import Signature

#: Every task declared in this process: by path, then by the place of its declaration, the version it pins.
_declared: dict[str, dict[str, str | None]] = {}


class Definition(ABC):
    """A declared task.

    Attributes:
        task_type: Such as ``train_model``.
        model_family: Such as ``classifier``, or ``none``.
        name: The snake-cased name.
        version: Pins the code by hand, or None.
        ignore: Parameters that are not part of the name.
        reference: Where it is imported from, as ``module:qualname``.
        signature: What it can be called with.
    """

    signature: Signature

    def __init__(
        self,
        label: str,
        reference: str,
        *,
        task_type: str | None,
        model_family: str | None,
        name: str | None,
        version: str | None,
        ignore: tuple[str, ...],
        options: dict[str, Any],
    ) -> None:
        self.task_type = check_segment(task_type or "task", "task_type", label)
        self.model_family = check_segment(model_family or "none", "model_family", label)
        self.name = (
            check_segment(name, "name", label) if name is not None else check_segment(snake_case(label), "name", label)
        )
        self.version, self.reference = version, reference
        self.ignore = (ignore,) if isinstance(ignore, str) else tuple(ignore)
        self._options = options
        self._code: CodeDigest | None = None
        self._identity: dict[str, Any] | None = None
        if version is not None and not isinstance(version, str):
            raise TaskDefinitionError(f"task {label}: version={version!r} must be text, such as {str(version)!r}")

    @property
    def path(self) -> str:
        """``task_type/model_family/name``, by which all artifacts of the task are found."""
        return f"{self.task_type}/{self.model_family}/{self.name}"

    def option(self, key: str) -> Any:
        """Returns what was declared for ``storage_layer``, ``serializer``, ``retries``, …, or None."""
        return self._options.get(key) or None

    def code(self) -> CodeDigest | None:
        """Returns the digest of the task's code, found once; None where a version is pinned."""
        if self._code is None and self.version is None:
            self._code = self._digest()
        return self._code

    def identity(self) -> dict[str, Any]:
        """Returns what all artifacts of the task have in their documents: its path, and its code or version."""
        if self._identity is None:
            code = self.code()
            pinned = {"version": self.version} if code is None else {"code": code.digest}
            self._identity = {"task": [self.task_type, self.model_family, self.name], **pinned}
        return self._identity

    @abstractmethod
    def _digest(self) -> CodeDigest:
        """Digests the code."""

    @property
    @abstractmethod
    def returns(self) -> Any:
        """The annotation of what the task returns."""

    def check_ignored(self) -> None:
        """Refuses names in `ignore` that are no parameters."""
        known = {*self.signature.defaults, self.signature.rest, self.signature.extra}
        for name in self.ignore:
            if name not in known:
                raise TaskDefinitionError(f"task {self.name}: ignore has {name!r}, which is no parameter of it")

    def declare(self, place: str) -> None:
        """Refuses a path that two tasks share if one of them pins a version: their artifacts would mix."""
        places = _declared.setdefault(self.path, {})
        for other, version in places.items():
            if other != place and (self.version is not None or version is not None):
                msg = (
                    f"two tasks are called {self.path}: one at {other}, one at {place}. With version= the code does "
                    "not tell them apart; give one another name= or task_type="
                )
                raise TaskDefinitionError(msg)
        places[place] = self.version
