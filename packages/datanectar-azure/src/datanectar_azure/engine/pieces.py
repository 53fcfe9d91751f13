"""A stream that is uploaded, as an iterator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO


class Pieces:
    """Reads a source in pieces.

    Attributes:
        failure: What reading from the source raised, which is no error of the store.
        size: How many bytes were read.
    """

    def __init__(self, source: BinaryIO, size: int) -> None:
        self._source, self._longest = source, size
        self.failure: BaseException | None = None
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            piece = self._source.read(self._longest)
        except BaseException as error:
            self.failure = error
            raise
        if not piece:
            raise StopIteration
        self.size += len(piece)
        return piece
