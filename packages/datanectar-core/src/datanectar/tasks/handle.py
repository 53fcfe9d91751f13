"""Artifact handles: what calling a task gives. Nothing has run; the name is computed when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from datanectar.errors import ArgumentError, ArtifactNotFound
from datanectar.tasks.call import Call
from datanectar.tasks.names import FINGERPRINT
from datanectar.values.annotations import UNKNOWN

if TYPE_CHECKING:
    from pathlib import Path

    from datanectar.layer.storage_layer import StorageLayer


R = TypeVar("R", covariant=True)


class Artifact(Generic[R]):
    """The named, stored, immutable result of one task with given parameters and inputs.

    Calling a task gives one; `datanectar.artifact` finds one by its name. It can be an argument of other tasks,
    also inside lists, tuples and dicts. ``artifact["train"]`` and ``artifact[0]`` are parts of a result that is a
    dict or a tuple.
    """

    __slots__ = ("__weakref__", "call", "part")

    def __init__(self, call: Call, part: tuple[Any, ...] = ()) -> None:
        self.call = call
        self.part = part

    @property
    def name(self) -> str:
        """The name, equal on every store; a part has the name of the whole."""
        return self.call.name

    @property
    def fingerprint(self) -> str:
        """The hash of all that decides the result; a part has that of the whole."""
        return self.call.fingerprint

    @property
    def uri(self) -> str:
        """Where it is (or will be) stored; a part is shown behind a ``#``."""
        fragment = "".join(f"/{key}" for key in self.part).lstrip("/")
        return self.call.layer().uri(self.name) + (f"#{fragment}" if self.part else "")

    @property
    def storage_layer(self) -> StorageLayer:
        """The storage layer in which it is, or will be, stored."""
        return self.call.layer()

    def exists(self) -> bool:
        """Whether it is stored."""
        return self.call.is_complete()

    def load(self) -> R:
        """Returns the stored value, verified; each call gives a value of its own.

        Raises:
            ArtifactNotFound: It is not stored; `run` makes it.
            IntegrityError: Its bytes are damaged.
        """
        if not self.call.stores:
            return self.call.result()  # type: ignore[no-any-return]
        try:
            return self.call.layer().reader.load_part(self.name, self.part)  # type: ignore[no-any-return]
        except ArtifactNotFound as error:
            if self.call.definition is None or self.exists():
                raise
            raise ArtifactNotFound(f"{error}. It has not been made yet: dn.run(…) makes it") from error

    def run(self) -> R:
        """Makes it, and whatever it needs, if it is not stored, and returns its value; see `datanectar.run`."""
        import datanectar

        return datanectar.run(self)  # type: ignore[no-any-return]

    def explain(self) -> Any:
        """Says why it would run, or why it ran; see `datanectar.explain`."""
        import datanectar

        return datanectar.explain(self)

    def logs(self) -> str:
        """Returns what its attempts printed and logged, the oldest first."""
        return "".join(self.call.layer().logs(self.name).values())

    def link(self, expires: int = 900) -> str:
        """Returns a URL that reads its file for `expires` seconds; see `StorageLayer.link`."""
        return self.call.layer().reader.link(self.name, expires, self.part)

    def local_path(self) -> Path:
        """Returns a file on this machine with its verified bytes; see `StorageLayer.local_path`."""
        return self.call.layer().reader.local_path(self.name, self.part)

    def __getitem__(self, key: Any) -> Artifact[Any]:
        if type(key) not in (str, int, bool, float, bytes, type(None)):
            raise ArgumentError(f"a part is named by a plain key, not by {key!r}")
        return Artifact(self.call, (*self.part, key))

    def _refuse(self, what: str) -> NoReturn:
        task = self.call.definition.name if self.call.definition else self.call.name
        msg = (
            f"the result of {task} is not known yet, so it cannot be {what}: pass the artifact to a task, or take the "
            "value with dn.run(artifact)"
        )
        raise ArgumentError(msg)

    def __iter__(self) -> Iterator[Any]:
        self._refuse("iterated over")

    def __contains__(self, item: object) -> bool:
        self._refuse("searched")

    def __getattr__(self, name: str) -> NoReturn:
        # Only what is looked up in vain comes here. Names with underscores are asked for by protocols, not by people.
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(f"an artifact has no {name!r}: its value is not known yet. Take it with dn.run(artifact)")

    def __len__(self) -> int:
        self._refuse("measured")

    def __bool__(self) -> bool:
        self._refuse("true or false")

    def __repr__(self) -> str:
        shown = self.call.name if self.call.is_named or self.call.definition is None else self.call.definition.path
        return f"<Artifact {shown}{''.join(f'[{key!r}]' for key in self.part)}>"

    def _repr_html_(self) -> str:
        from datanectar.tasks.notebook import artifact_html

        return artifact_html(self)

    def __copy__(self) -> Artifact[R]:
        return self

    def __deepcopy__(self, memo: object) -> Artifact[R]:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        # Flat: a deep chain of handles would pickle recursively, and data is found by name.
        reference = self.call.layer().reference
        return stored_artifact, (self.name, self.fingerprint, reference, self.part)

    def _as_artifact(self) -> Artifact[R]:
        return self

    @property
    def returns(self) -> Any:
        """The annotation of what its task returns; unknown for parts and artifacts known by name."""
        return UNKNOWN if self.part or self.call.definition is None else self.call.definition.returns

    def _fits(self, annotation: Any) -> bool:
        from datanectar.tasks.edges import fits

        return fits(self.returns, annotation)


def stored_artifact(name: str, fingerprint: str | None, reference: str, part: tuple[Any, ...] = ()) -> Artifact[Any]:
    """Returns the handle of an artifact known by name: it can be loaded and be an input, but not be made.

    Args:
        name: Its name.
        fingerprint: Its fingerprint; by default the one in its name.
        reference: The name or URL of the storage layer that has it.
        part: The part it is of the whole.
    """
    call = Call(None, {}, [])
    call._name = name
    call._fingerprint = fingerprint or _fingerprint_in(name)
    call.reference = reference
    return Artifact(call, part)


def _fingerprint_in(name: str) -> str:
    """The fingerprint that a name contains, or the name itself where that cannot be told for certain."""
    found = FINGERPRINT.findall(name)
    last = name.rpartition("/")[2]
    if last in found:
        return last
    return found[0] if len(found) == 1 else name
