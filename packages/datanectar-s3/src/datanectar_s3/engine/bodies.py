"""Bodies: of replies, which are read as the SDK's are, and of uploads, which obstore takes in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, BinaryIO, TypeVar

from botocore.exceptions import ResponseStreamingError
from obstore.exceptions import BaseError

from datanectar import interruptible

_T = TypeVar("_T")

_PIECE = 1 << 20


class Body:
    """The body of a reply. obstore asks for the rest of one that broke off, of the very same object."""

    def __init__(self, found: Any) -> None:
        self._found: Any = found
        self._pieces: Iterator[bytes] | None = None
        self._piece = memoryview(b"")

    def whole(self) -> Any:
        """Returns all of it, as a buffer."""
        return self._received(self._found.bytes)

    def read(self, amount: int | None = None) -> Any:
        """Returns all of it; or some of it, at most this many bytes, and none at its end."""
        if amount is None:
            return bytes(self.whole())
        if not self._piece:
            self._pieces = self._pieces or iter(self._found.stream(_PIECE))
            self._piece = memoryview(self._received(partial(next, self._pieces, b"")))
        piece, self._piece = self._piece[:amount], self._piece[amount:]
        return piece

    def pieces(self) -> Iterator[Any]:
        """Yields all of it."""
        while piece := self.read(_PIECE):
            yield piece

    def _received(self, call: Callable[[], _T]) -> _T:
        try:
            return interruptible(call)
        except (BaseError, OSError) as error:
            raise ResponseStreamingError(error=str(error).partition("\n")[0]) from error

    def close(self) -> None:
        """Gives the connection up, if it is not read to its end."""
        self._found = self._pieces = None


class Pieces:
    """An upload's source as an iterator.

    Attributes:
        failure: What reading from the source raised, which is no error of the store.
    """

    def __init__(self, source: BinaryIO, size: int) -> None:
        self._source, self._size = source, size
        self.failure: BaseException | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            piece = self._source.read(self._size)
        except BaseException as error:
            self.failure = error
            raise
        if not piece:
            raise StopIteration
        return piece
