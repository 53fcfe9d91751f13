"""Storage backends: bytes under keys, with one atomic primitive, `create`."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Literal, SupportsIndex

from datanectar.contracts.streaming import written_by
from datanectar.errors import InvalidKey, UnsupportedError
from datanectar.records import ObjectInfo

# Stores alias, split or refuse other keys ("a//b", "a\b", "dir/", ".."), each in its own way; none of them
# is asked to. Keys come from artifact names, attempts and numbers, so nothing is lost.
_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,254}(?:/[a-z0-9][a-z0-9._-]{0,254})*")
_LONGEST_KEY = 1000
_CHUNK = 1 << 20


def check_key(key: str) -> str:
    """Returns `key` if every store can hold it.

    Raises:
        InvalidKey: It has other characters than ``a-z 0-9 . _ - /``, an empty segment, a segment that starts
            with a dot, or more than 1 000 bytes.
    """
    if len(key) > _LONGEST_KEY or _KEY.fullmatch(key) is None:
        msg = (
            f"key {key!r} is refused: keys are at most {_LONGEST_KEY} bytes of '/'-joined segments of "
            "a-z 0-9 . _ -, each starting with a letter or digit"
        )
        raise InvalidKey(msg)
    return key


class StorageBackend(ABC):
    """Keeps bytes under keys. Subclass it, and test the subclass with `datanectar.testing.StorageConformance`.

    Rules that every backend obeys:
        * A key holds a whole object or none: a reader never sees half of one.
        * `create` has exactly one winner, however many processes call it at once.
        * `write` is only ever given a key that nobody else uses, so it need not be exclusive.
        * When `write` or `create` returned, the object survives a crash.
        * When `write` raises because its source does, there is no object. If the store gave no clear answer, there may
          be one: it is left, for it is in nobody's way, and to delete what may be there could take another's.
        * Every method refuses a key that `check_key` refuses.
        * What others stored or deleted is seen by the next call; nothing is remembered.
        * Where `reach` is wider than this process, a pickle opens the same store in another one; it is a reference,
          without a connection and without a secret.
        * Every method may be called by any thread, also by several at once.
        * Errors are those of `datanectar.errors`; what the service said is kept as their cause.
    """

    #: Where the store is, such as ``file:///data/artifacts`` or ``s3://bucket/prefix``; no secrets in it.
    url: str

    #: Who can open the same store by its URL: this process alone, every process of this machine, or any machine.
    reach: Literal["process", "machine", "anywhere"] = "anywhere"

    #: How a store that was opened by name or URL is opened again: what a pickle holds of it. `storage_layer` sets it.
    reopened: tuple[Callable[[str], StorageBackend], tuple[str]] | None = None

    @abstractmethod
    def read(self, key: str) -> bytes:
        """Returns the whole object.

        Raises:
            KeyNotFound: Nothing stands under this key.
        """

    @abstractmethod
    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        """Opens an object, or its bytes from `start` up to but not including `end`, for reading.

        Raises:
            KeyNotFound: Nothing stands under this key.
        """

    @abstractmethod
    def write(self, key: str, source: bytes | BinaryIO | Path) -> ObjectInfo:
        """Stores an object under a key that nobody else uses, from bytes, a file, or a stream from where it stands."""

    @abstractmethod
    def create(self, key: str, data: bytes) -> ObjectInfo:
        """Stores an object if, and only if, its key is free: put-if-absent.

        Raises:
            AlreadyExists: The key is taken; nothing was changed.
        """

    @abstractmethod
    def stat(self, key: str) -> ObjectInfo | None:
        """Returns what is known of an object, or None where there is none."""

    @abstractmethod
    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yields the objects whose keys start with `prefix`, in any order."""

    @abstractmethod
    def delete(self, keys: Iterable[str]) -> None:
        """Removes objects, however many; a key without one is no error."""

    def link(self, key: str, expires: int) -> str:
        """Returns a URL that reads the object for `expires` seconds without credentials."""
        path = self.local_path(key)
        if path is None:
            raise UnsupportedError(f"{self.url} cannot make links")
        return path.as_uri()

    def local_path(self, key: str) -> Path | None:
        """Returns the object's own file where the store is a local disk, else None."""
        return None

    def fetch(self, key: str, file: BinaryIO) -> None:
        """Copies a whole object to a new local file, open for reading and writing.

        The default copies the stream of `open`; a backend that can fetch ranges at once does better by overriding it.

        Raises:
            KeyNotFound: Nothing stands under this key.
        """
        with self.open(key) as source:
            while chunk := source.read(_CHUNK):
                file.write(chunk)

    def writer(self, key: str) -> AbstractContextManager[BinaryIO]:
        """Opens a stream that becomes the object when the block ends well, and nothing when it raises.

        The default has `write` read the stream in a thread of its own; what `write` is reading from then raises if the
        block does, and `write` must leave nothing behind.
        """
        return written_by(partial(self.write, key), f"write {key}")

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        # No connection and no secret travels: whoever gets the pickle opens the store by its own configuration.
        return super().__reduce_ex__(protocol) if self.reopened is None else self.reopened
