"""Values to files: serializers are chosen by the value's type, containers are written part by part.

What comes out is the tree of files that `datanectar.layer.trees` describes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NamedTuple

from datanectar.contracts.serialization import Serializer
from datanectar.contracts.storage import StorageBackend
from datanectar.errors import SerializationError
from datanectar.layer import keys
from datanectar.layer.choosing import candidates, named
from datanectar.layer.manifest import inline_file
from datanectar.layer.packing import pack
from datanectar.layer.sink import FileSink
from datanectar.records import SerializerType
from datanectar.registry import Registry
from datanectar.values import typed_json

#: Results up to this many bytes, all files together, are kept in the manifest itself.
INLINE_LIMIT = 64 << 10
_CONTAINERS: dict[type, str] = {dict: "dict", tuple: "tuple", list: "list"}
#: A longer container of objects that all end as pickles is one pickle, not thousands of files.
_MOST_PARTS = 100
#: Nor are so many tables and arrays files of their own: each takes a write, and a place in the manifest. Paths are.
_MOST_FILES = 1000
_COPY_SIZE = 4 << 20


class Encoded(NamedTuple):
    """A value that was written: the tree of its files, what the manifest says of each, and if one can run code."""

    value: dict[str, Any]
    files: list[dict[str, Any]]
    executes: bool


class Encoder:
    """Writes one value's files under one attempt, small ones into the manifest's entries."""

    def __init__(self, registry: Registry, backend: StorageBackend, name: str, attempt: str, *, pickles: bool) -> None:
        self._registry, self._backend, self._name, self._attempt = registry, backend, name, attempt
        self._pickles = pickles
        self._inline_left = INLINE_LIMIT
        self.files: list[dict[str, Any]] = []
        self._executes = False

    def encode(self, value: Any, serializer: str | None = None) -> Encoded:
        """Writes `value`, with the named serializer or the first that holds it.

        Raises:
            SerializationError: No serializer holds it; the message says which part, and why.
        """
        if serializer is not None:
            node = self._encode_as(value, serializer)
        else:
            try:
                node = self._encode(value, "")
            except RecursionError as error:
                raise SerializationError(
                    f"the result, a {_type_name(value)}, contains itself or is too deep"
                ) from error
        return Encoded(node, self.files, self._executes)

    def attach(self, value: Any) -> int:
        """Writes plain values that belong to an artifact, but not to its value, as a file; returns its number."""
        record = self._registry.find(SerializerType, "json")
        self._inline_left = -1
        return self._dump(record, value)["file"]  # type: ignore[no-any-return]

    def _encode_as(self, value: Any, serializer: str) -> dict[str, Any]:
        for record in named(self._registry, serializer, type(value)):
            if record.executes and not self._pickles:
                raise SerializationError(f'serializer {serializer!r} is ruled out by pickle = "never" of this store')
            if self._serializer(record).accepts(value):
                return self._dump(record, value)
        msg = (
            f"serializer {serializer!r}, which was asked for, cannot hold this {_type_name(value)} exactly; leave the "
            "choice to the value's type, or name another"
        )
        raise SerializationError(msg)

    def _encode(self, value: Any, where: str) -> dict[str, Any]:
        part = f"the part {where} of the result" if where else "the result"
        if isinstance(value, Path):
            return pack(value, self._copy, part)
        if _holds_large_items(value) and (tree := self._by_parts(value, where)) is not None:
            return tree
        reasons: list[str] = []
        for record in candidates(self._registry, type(value)):
            if record.executes and (tree := self._by_parts(value, where)) is not None:
                return tree
            if record.executes and not self._pickles:
                reasons.append(f'serializer {record.name!r} is ruled out by pickle = "never" of this store')
                if type(value) in _CONTAINERS and len(value) > _MOST_FILES:
                    reasons.append(f"of {len(value)} items, more than {_MOST_FILES}, make one table or one array")
                continue
            try:
                if not self._serializer(record).accepts(value):
                    continue
            except SerializationError as error:
                raise SerializationError(f"{part}, a {_type_name(value)}, cannot be stored: {error}") from error
            try:
                return self._dump(record, value)
            except SerializationError as error:
                if "*" not in record.types or record.executes:  # that it is not plain needs no saying
                    reasons.append(str(error))
        why = "; ".join(reasons) or "no serializer takes it"
        msg = (
            f"{part}, a {_type_name(value)}, cannot be stored: {why}. Return something else (a table, an array, plain "
            "values), or register a serializer for its type"
        )
        raise SerializationError(msg)

    def _by_parts(self, value: Any, where: str) -> dict[str, Any] | None:
        kind = _CONTAINERS.get(type(value))
        if kind is None or not self._worth_parts(_items(value)):
            return None
        if kind != "dict":
            return {kind: [self._encode(item, f"{where}[{number}]") for number, item in enumerate(value)]}
        try:
            labels = [typed_json.encode(key) for key in value]
        except (typed_json.NotPlain, RecursionError):
            return None
        items = zip(labels, value.items(), strict=True)
        return {kind: [[label, self._encode(item, f"{where}[{key!r}]")] for label, (key, item) in items]}

    def _worth_parts(self, items: Collection[Any]) -> bool:
        if len(items) <= _MOST_PARTS:
            return True
        if any(map(_holds_path, items)):  # a pickle would hold its name only
            return True
        kinds = set(map(type, items))
        return len(items) <= _MOST_FILES and any("*" not in candidates(self._registry, kind)[0].types for kind in kinds)

    def _serializer(self, record: SerializerType) -> Serializer:
        return self._registry.make_once(SerializerType, record.name)  # type: ignore[no-any-return]

    def _dump(self, record: SerializerType, value: Any) -> dict[str, Any]:
        serializer = self._serializer(record)
        number = self._write(record.extension, lambda sink: serializer.dump(value, sink))  # type: ignore[arg-type]
        self._executes |= record.executes
        return {"file": number, "serializer": record.name}

    def _copy(self, path: Path) -> int:
        """Writes a file of the user's, whose name is not for keys, and returns its number."""

        def copy(sink: FileSink) -> None:
            buffer = memoryview(bytearray(_COPY_SIZE))
            with path.open("rb", buffering=0) as file:
                while count := file.readinto(buffer):
                    sink.write(buffer[:count])

        return self._write("bin", copy)

    def _write(self, extension: str, dump: Callable[[FileSink], None]) -> int:
        number = len(self.files)
        key = keys.data(self._name, self._attempt, number, extension)
        with FileSink(self._backend, key, self._inline_left) as sink:
            dump(sink)
        entry = {"size": sink.size, "sha256": sink.digest, "extension": extension}
        if sink.inline is not None:
            self._inline_left -= sink.size
            entry = inline_file(sink.inline, entry)
        self.files.append(entry)
        return number


def _holds_large_items(value: Any) -> bool:
    """Whether a small container has text or bytes that are better files of their own than parts of a document."""
    kind = type(value)
    if kind not in _CONTAINERS or len(value) > _MOST_PARTS:
        return False
    return any(type(item) in (str, bytes) and len(item) > INLINE_LIMIT for item in _items(value))


def _holds_path(value: Any) -> bool:
    return isinstance(value, Path) or (type(value) in _CONTAINERS and any(map(_holds_path, _items(value))))


def _items(container: Any) -> Collection[Any]:
    return container.values() if type(container) is dict else container


def _type_name(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
