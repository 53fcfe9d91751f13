"""A blob as the SDK's downloader gives it: the first part at once, the others when they are wanted."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, BinaryIO, NamedTuple, TypeVar

from azure.core.exceptions import HttpResponseError

from datanectar import fetch_ranges

_T = TypeVar("_T")
_PART = 8 << 20
_PIECE = 1 << 20
_BEYOND_THE_END = 416

#: Makes a call, and raises the SDK's error for what it raises.
Asked = Callable[[Callable[[], _T]], _T]


class Properties(NamedTuple):
    """What is known of a blob, under the names that the SDK gives it."""

    name: str
    size: int
    last_modified: Any
    metadata: dict[str, str]


class Download:
    """Reads a blob, or a range of it. All parts are of one version: that which the first is of."""

    def __init__(self, asked: Any, store: Any, name: str, threads: int, offset: int | None, length: int | None) -> None:
        self._asked, self._store, self._name, self._threads = asked, store, name, threads
        start = offset or 0
        try:
            first = self._get(start, start + min(length or _PART, _PART))
        except HttpResponseError as error:
            if error.status_code != _BEYOND_THE_END or start:
                raise
            first = self._asked(lambda: store.get(name))  # it is empty
        self._first, meta = first, first.meta
        self._position, self._etag = first.range[1], meta["e_tag"]
        self._end = meta["size"] if length is None else min(start + length, meta["size"])
        self._pieces: Iterator[bytes] | None = None
        self._piece = memoryview(b"")
        self.properties = Properties(name, meta["size"], meta["last_modified"], first.attributes)

    def _get(self, start: int, end: int, **condition: str) -> Any:
        return self._asked(lambda: self._store.get(self._name, options={"range": (start, end), **condition}))

    def readall(self) -> bytes:
        """Returns all of a blob."""
        if self._position == self._end:
            return bytes(self._asked(self._first.bytes))
        self.readinto(file := io.BytesIO())
        return file.getvalue()

    def readinto(self, file: BinaryIO) -> None:
        """Writes all of a blob to an empty file: after the first part in as many streams as there are threads."""
        file.write(self._asked(self._first.bytes))
        if self._position < self._end:
            fetch_ranges(file, self._position, self._end, self._threads, _PART, self._stream)

    def _stream(self, start: int, end: int) -> Iterator[bytes]:
        pieces = iter(self._get(start, end, if_match=self._etag).stream(_PIECE))
        while piece := self._asked(partial(next, pieces, b"")):
            yield piece

    def read(self, size: int) -> Any:
        """Returns some of it, at most this many bytes, and none at its end."""
        while not self._piece:
            self._pieces = pieces = self._pieces or iter(self._first.stream(_PIECE))
            self._piece = memoryview(self._asked(partial(next, pieces, b"")))
            if not self._piece:
                if self._position == self._end:
                    break
                self._pieces, self._position = self._stream(self._position, self._end), self._end
        piece, self._piece = self._piece[:size], self._piece[size:]
        return piece
