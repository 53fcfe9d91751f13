"""Serializers: a value becomes one file, and comes back equal, types included."""

from __future__ import annotations

import io
import re
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, BinaryIO

#: What a file's extension is made of: it becomes part of a key.
EXTENSION = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


class StoredFile:
    """The verified bytes of one stored file: a file on disk or bytes in memory, never both."""

    __slots__ = ("_data", "path")

    def __init__(self, source: Path | bytes) -> None:
        self.path: Path | None = source if isinstance(source, Path) else None
        self._data: bytes | None = source if isinstance(source, bytes) else None

    def read(self) -> bytes:
        """Returns the bytes."""
        if self._data is not None:
            return self._data
        assert self.path is not None
        return self.path.read_bytes()

    def open(self) -> BinaryIO:
        """Opens the bytes for reading."""
        if self._data is not None:
            return io.BytesIO(self._data)
        assert self.path is not None
        return self.path.open("rb")


class Serializer(ABC):
    """Turns values of some types into one file and back.

    The law: ``load(dump(value))`` equals `value`, types included. `accepts` says no to a value for which that
    would not hold; the value then goes to the next serializer, when storing, never when loading.
    """

    def accepts_type(self, kind: type) -> bool:
        """Whether some value of this class, or of a class below it, may be held. Asked before a long run.

        Say no only where that is certain: a run is then refused before it starts.

        Raises:
            SerializationError: Such values are to be refused altogether, not to go to the next serializer; for
                example, since a library is missing here. The message says which, and what to do.
        """
        return True

    def accepts(self, value: Any) -> bool:
        """Whether this very value can be held exactly. Called before `dump`, with a value of its types.

        Raises:
            SerializationError: As in `accepts_type`.
        """
        return True

    @abstractmethod
    def dump(self, value: Any, sink: BinaryIO) -> None:
        """Writes `value` to `sink`, which can be written to but not rewound.

        Raises:
            SerializationError: The value turned out to be one that this serializer cannot hold.
        """

    @abstractmethod
    def load(self, file: StoredFile) -> Any:
        """Returns the value of a file whose digest was verified. Each call gives a value of its own."""
