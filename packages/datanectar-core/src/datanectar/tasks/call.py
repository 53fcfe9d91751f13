"""One call of a task: its checked arguments, and the names that follow from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datanectar.tasks.chains import compute_fingerprints

if TYPE_CHECKING:
    from datanectar.layer.storage_layer import StorageLayer
    from datanectar.tasks.definition import Definition
    from datanectar.tasks.handle import Artifact

#: How a file stands in the text of a document.
_FILE = '"$file"'


class Call:
    """One call of a task: its checked arguments, and the names that follow from them.

    Attributes:
        definition: The task, or None for an artifact known by name only.
        arguments: The checked arguments by parameter.
        upstream: The artifacts among them.
        document: All that decides the result, once it is named.
        has_files: Whether that includes the content of files, which can change.
    """

    __slots__ = (
        "_fingerprint",
        "_name",
        "_naming",
        "arguments",
        "definition",
        "document",
        "has_files",
        "reference",
        "upstream",
    )

    def __init__(self, definition: Definition | None, arguments: dict[str, Any], upstream: list[Artifact[Any]]) -> None:
        self.definition, self.arguments, self.upstream = definition, arguments, upstream
        self.document: dict[str, Any] | None = None
        self.has_files = False
        self.reference: str | None = None
        self._fingerprint: str | None = None
        self._name: str | None = None
        self._naming: Any = None

    #: Whether `inputs` says more than `given`; a task class's requires() does.
    has_requirements = False
    #: Whether the result is an artifact in a storage layer; a task of another library may keep it elsewhere.
    stores = True

    def given(self) -> list[Artifact[Any]]:
        """The artifacts among its parameters, as they are now."""
        return self.upstream

    def inputs(self) -> list[Artifact[Any]]:
        """Everything the call needs; may run the user's code."""
        return self.upstream

    def parameters(self) -> dict[str, Any]:
        """The arguments, and whatever else the caller can set."""
        return self.arguments

    def own_fields(self) -> dict[str, Any]:
        """What the caller set besides the arguments."""
        return {}

    def describe(self) -> dict[str, Any]:
        """The canonical document, without the task's path and code."""
        from datanectar.tasks.identity import identify_parameters

        assert self.definition is not None
        return {"parameters": identify_parameters(self.arguments, self.definition.ignore)}

    @property
    def fingerprint(self) -> str:
        """The hash of all that decides the result."""
        if self._fingerprint is None:
            compute_fingerprints(self)
        assert self._fingerprint is not None
        return self._fingerprint

    def is_complete(self) -> bool:
        """Whether the result is there."""
        return self.layer().exists(self.name)

    def result(self) -> Any:
        """What it gives if it keeps its result itself."""
        raise NotImplementedError

    def again(self) -> Call:
        """The same call, yet unnamed: to find out whether its name still holds."""
        return Call(self.definition, self.arguments, self.upstream)

    @property
    def is_named(self) -> bool:
        """Whether the fingerprint has been computed."""
        return self._fingerprint is not None

    def compute_fingerprint(self) -> None:
        """Hashes the document; those of all inputs are known by now."""
        from datanectar.tasks.identity import canonical_text, fingerprint_of

        assert self.definition is not None
        self.document = {**self.definition.identity(), **self.describe()}
        text = canonical_text(self.document)
        self.has_files = _FILE in text
        self._fingerprint = fingerprint_of(text)

    @property
    def name(self) -> str:
        """The artifact's name, by the naming scheme in force."""
        if self.definition is None:
            assert self._name is not None
            return self._name
        from datanectar.tasks.naming import name_call, scheme

        naming = scheme()
        if self._name is None or self._naming is not naming:
            self._name, self._naming = name_call(self, naming), naming
        return self._name

    def layer(self, argument: Any = None) -> StorageLayer:
        """The storage layer that the settings choose for this task."""
        from datanectar.tasks.naming import layer_for

        return layer_for(self.definition, self.reference if argument is None else argument)
