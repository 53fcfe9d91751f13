"""What another process tries on a serializer: to read what was stored, and whether that runs code."""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from typing import Any, BinaryIO, NamedTuple, cast

from datanectar.configuration.active import settings
from datanectar.configuration.settings import Settings
from datanectar.contracts.serialization import Serializer, StoredFile
from datanectar.layer.opening import storage_layer
from datanectar.records import SerializerType
from datanectar.registry import Registry, registry
from datanectar.testing.components import bring


class Subject(NamedTuple):
    """A serializer under test, its record, and the registry that has it."""

    record: SerializerType
    serializer: Serializer
    registry: Registry


def subject(given: SerializerType | str, active: Settings) -> Subject:
    """Makes a serializer as core makes it."""
    record = bring(SerializerType, given, active)
    found = registry(active)
    return Subject(record, found.make_once(SerializerType, record.name), found)


class Sink(io.RawIOBase):
    """Takes bytes and gives none back, as stores do: no seeking, no reading."""

    def __init__(self) -> None:
        super().__init__()
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return len(self.data)

    def write(self, data: Any, /) -> int:
        view = memoryview(data).cast("B")
        self.data += view
        return view.nbytes


def dumped(serializer: Serializer, value: Any) -> bytes:
    """Returns the bytes of a value."""
    sink = Sink()
    serializer.dump(value, cast(BinaryIO, sink))
    return bytes(sink.data)


class Read(NamedTuple):
    """What another process made of an artifact: the value's class, and the digest of its bytes when dumped again."""

    kind: str
    digest: str


def type_name(value: object) -> str:
    """The qualified name of a value's class."""
    return f"{type(value).__module__}.{type(value).__qualname__}"


def read_again(given: SerializerType | str, url: str, names: list[str]) -> list[Read]:
    """Loads artifacts and dumps them again."""
    with settings(storage_layer=url) as active:
        serializer = subject(given, active).serializer
        values = [storage_layer().load(name) for name in names]
        return [Read(type_name(value), sha256(dumped(serializer, value)).hexdigest()) for value in values]


def what_loading_runs(given: SerializerType | str, files: list[bytes]) -> list[str]:
    """Loads the files of artifacts, and hostile ones, and returns what of them was run."""
    with settings() as active:
        serializer = subject(given, active).serializer
        for file in files:  # what a format needs is imported now, which is code of ours
            serializer.load(StoredFile(file))
        with _watched() as seen:
            for file in files:
                serializer.load(StoredFile(file))
            for file in hostile_files():
                with suppress(Exception):  # refusing them is right
                    serializer.load(StoredFile(file))
        return sorted(set(seen))


_seen: list[str] = []
_watching: list[bool] = []


def spring_trap() -> None:
    """What hostile files call."""
    _seen.append("a function that the file named")


class _Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return spring_trap, ()


def hostile_files() -> list[bytes]:
    """Files that call `spring_trap` if whoever loads them runs code: pickles, and an expression."""
    pickles = [pickle.dumps(_Trap(), protocol) for protocol in (0, 2, pickle.HIGHEST_PROTOCOL)]
    return [*pickles, f"__import__({__name__!r}, fromlist=['x']).spring_trap()".encode()]


@contextmanager
def _watched() -> Iterator[list[str]]:
    _hook()
    _seen.clear()
    _watching.append(True)
    try:
        yield _seen
    finally:
        _watching.clear()


@cache
def _hook() -> None:
    """Notes what pickles look up, whoever unpickles them. Python takes no audit hook back, so it is in this process."""

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "pickle.find_class" and _watching:
            _seen.append(f"{arguments[0]}.{arguments[1]}, looked up by a pickle")

    sys.addaudithook(note)
