"""A stream as the SDK takes it: the first piece was read already, and what passes is counted."""

from __future__ import annotations

from typing import BinaryIO


def first_piece(source: BinaryIO, size: int) -> bytes:
    """Reads `size` bytes, or as many as there are."""
    pieces, missing = [], size
    while missing and (piece := source.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class Resumed:
    """A stream of unknown length whose first piece is at hand."""

    def __init__(self, first: bytes, rest: BinaryIO) -> None:
        self._first, self._rest = first, rest
        self.size = 0  # of what was read so far

    def read(self, size: int) -> bytes:
        if self._first:
            data, self._first = self._first[:size], self._first[size:]
        else:
            data = self._rest.read(size)
        self.size += len(data)
        return data
