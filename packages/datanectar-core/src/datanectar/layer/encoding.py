"""Values to files and back: serializers chosen by the value's type, containers part by part.

A value is one file, or a tree whose leaves are files: dicts, tuples and lists that no single serializer holds are
stored item by item. The tree is the manifest's ``value``::

    {"file": 0, "serializer": "json"}
    {"dict": [["train", {"file": 0, "serializer": "pandas-parquet"}], ["rows", {"file": 1, "serializer": "json"}]]}
    {"tuple": [{…}, {…}]}
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from hashlib import sha256
from typing import Any, BinaryIO, NamedTuple

from datanectar.contracts.serialization import Serializer, StoredFile
from datanectar.contracts.storage import StorageBackend, check_key
from datanectar.errors import IntegrityError, PluginNotFoundError, SerializationError, StorageError
from datanectar.layer import keys
from datanectar.layer.manifest import inline_file
from datanectar.records import SerializerType
from datanectar.registry import Registry
from datanectar.values import typed_json

#: Results up to this many bytes, all files together, are kept in the manifest itself.
INLINE_LIMIT = 64 << 10
_CONTAINERS: dict[type, str] = {dict: "dict", tuple: "tuple", list: "list"}
#: A longer container of objects that all end as pickles is one pickle, not thousands of files.
_MOST_PARTS = 100


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
            record = self._registry.find(SerializerType, serializer)
            if record.executes and not self._pickles:
                raise SerializationError(f'serializer {serializer!r} is ruled out by pickle = "never" of this store')
            node = self._try(record, value)
            if node is None:
                raise SerializationError(f"serializer {serializer!r} cannot hold this {_type_name(value)} exactly")
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
        node = self._try(record, value)
        assert node is not None
        return node["file"]  # type: ignore[no-any-return]

    def _encode(self, value: Any, where: str) -> dict[str, Any]:
        if _holds_large_items(value) and (tree := self._by_parts(value, where)) is not None:
            return tree
        reason = ""
        for record in candidates(self._registry, type(value)):
            if record.executes and (tree := self._by_parts(value, where)) is not None:
                return tree
            if record.executes and not self._pickles:
                reason = f'; serializer {record.name!r} is ruled out by pickle = "never"'
                continue
            try:
                node = self._try(record, value)
            except SerializationError as error:
                reason = f": {error}"
                continue
            if node is not None:
                return node
        part = f"the part {where} of the result" if where else "the result"
        msg = (
            f"{part}, a {_type_name(value)}, cannot be stored{reason}. Return something else (a table, an array, plain "
            "values), or register a serializer for its type"
        )
        raise SerializationError(msg)

    def _by_parts(self, value: Any, where: str) -> dict[str, Any] | None:
        kind = _CONTAINERS.get(type(value))
        if kind is None or not self._worth_parts(value.values() if kind == "dict" else value):
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
        kinds = set(map(type, items))
        return any("*" not in next(candidates(self._registry, kind)).types for kind in kinds)

    def _try(self, record: SerializerType, value: Any) -> dict[str, Any] | None:
        """Writes the value as one file, or returns None where the serializer says no."""
        serializer: Serializer = self._registry.make_once(SerializerType, record.name)
        if not serializer.accepts(value):
            return None
        number = len(self.files)
        key = keys.data(self._name, self._attempt, number, record.extension)
        with FileSink(self._backend, key, self._inline_left) as sink:
            serializer.dump(value, sink)  # type: ignore[arg-type]
        entry = {"size": sink.size, "sha256": sink.digest, "extension": record.extension}
        if sink.inline is not None:
            self._inline_left -= sink.size
            entry = inline_file(sink.inline, entry)
        self.files.append(entry)
        self._executes |= record.executes
        return {"file": number, "serializer": record.name}


def candidates(registry: Registry, kind: type) -> Iterator[SerializerType]:
    """Yields the serializers to ask about values of a type: those that name it first, ``"*"`` last."""
    names = {f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__} | {kind.__qualname__}
    records = [component.record for component in registry.components(SerializerType).values()]
    # Of two that name the type, the plugin's wins over the built-in, which is registered first.
    yield from (record for record in reversed(records) if names & set(record.types))
    yield from (record for record in records if "*" in record.types and not record.executes)
    yield from (record for record in records if "*" in record.types and record.executes)


class FileSink(io.RawIOBase):
    """Hashes what is written; holds it in memory up to a limit, then streams it to the store."""

    def __init__(self, backend: StorageBackend, key: str, limit: int) -> None:
        super().__init__()
        self._backend, self._key, self._limit = backend, check_key(key), limit
        self._hasher = sha256()
        self._held: list[bytes] | None = []
        self._stack = ExitStack()
        self._stream: BinaryIO | None = None
        self.size = 0

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._stack.__exit__(kind, error, trace)

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.size

    def write(self, data: Any, /) -> int:
        view = memoryview(data).cast("B")
        self._hasher.update(view)
        self.size += view.nbytes
        if self._held is not None:
            if self.size <= self._limit:
                self._held.append(bytes(view))
                return view.nbytes
            self._stream = self._stack.enter_context(self._backend.writer(self._key))
            for piece in self._held:
                self._stream.write(piece)
            self._held = None
        assert self._stream is not None
        self._stream.write(view)
        return view.nbytes

    @property
    def digest(self) -> str:
        """SHA-256 of what was written."""
        return self._hasher.hexdigest()

    @property
    def inline(self) -> bytes | None:
        """What was written, if it was little enough to be held."""
        return None if self._held is None else b"".join(self._held)


def decode(registry: Registry, name: str, node: dict[str, Any], read: Callable[[int, bool], StoredFile]) -> Any:
    """Returns the value of a tree of files.

    Args:
        registry: Has the serializers.
        name: The artifact's name, for messages.
        node: The tree, from a manifest.
        read: Gives a verified file by its number; told whether loading it can run code.

    Raises:
        SerializationError: A serializer is missing here, or cannot load what it once wrote.
    """
    if "file" in node:
        record = _serializer(registry, node["serializer"])
        serializer: Serializer = registry.make_once(SerializerType, record.name)
        return _load(serializer, record.name, name, read(node["file"], record.executes))
    if "dict" in node:
        return {typed_json.decode(label): decode(registry, name, item, read) for label, item in node["dict"]}
    if "tuple" in node:
        return tuple(decode(registry, name, item, read) for item in node["tuple"])
    return [decode(registry, name, item, read) for item in node["list"]]


def _load(serializer: Serializer, kind: str, name: str, file: StoredFile) -> Any:
    try:
        return serializer.load(file)
    except (MemoryError, IntegrityError, StorageError):  # not a matter of what the file holds
        raise
    except Exception as error:  # a class may refuse to come back in any way it likes
        msg = (
            f"{name} was stored with serializer {kind!r}, which cannot load it here: {type(error).__name__}: {error}. "
            f"Install or restore what it needs, or remove it with `datanectar rm {name}` and run its task again"
        )
        raise SerializationError(msg) from error


def _serializer(registry: Registry, name: str) -> SerializerType:
    try:
        return registry.find(SerializerType, name)
    except PluginNotFoundError as error:
        raise SerializationError(f"this artifact was stored with serializer {name!r}: {error}") from error


def files_of(node: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Yields number and serializer of each file in a tree."""
    if "file" in node:
        yield node["file"], node["serializer"]
    for item in node.get("tuple", node.get("list", [])):
        yield from files_of(item)
    for _, item in node.get("dict", []):
        yield from files_of(item)


def descend(node: dict[str, Any], part: tuple[Any, ...]) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """Follows a part's keys down the tree as far as it goes; returns the node and the keys that are left."""
    for depth, key in enumerate(part):
        below = _child(node, key)
        if below is None:
            return node, part[depth:]
        node = below
    return node, ()


def _child(node: dict[str, Any], key: Any) -> dict[str, Any] | None:
    if "dict" in node:
        label = typed_json.dumps(typed_json.encode(key))
        return next((item for known, item in node["dict"] if typed_json.dumps(known) == label), None)
    items = node.get("tuple", node.get("list"))
    return items[key] if items is not None and type(key) is int and -len(items) <= key < len(items) else None


def _holds_large_items(value: Any) -> bool:
    """Whether a small container has text or bytes that are better files of their own than parts of a document."""
    kind = type(value)
    if kind not in _CONTAINERS or len(value) > _MOST_PARTS:
        return False
    items = value.values() if kind is dict else value
    return any(type(item) in (str, bytes) and len(item) > INLINE_LIMIT for item in items)


def _type_name(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
