"""Bodies of replies, which the SDK does not ask for again when they break off."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import closing
from typing import Any, BinaryIO, cast

from botocore.exceptions import (
    ClientError,
    FlexibleChecksumError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from urllib3.exceptions import HTTPError

from datanectar.errors import StorageError
from datanectar_s3.errors import typed_error, typed_errors
from datanectar_s3.options import S3Options

#: What reading a body raises when it breaks off, stalls or does not match its checksum.
_BROKEN = (IncompleteReadError, ResponseStreamingError, ReadTimeoutError, FlexibleChecksumError, HTTPError)
_TRIES = 3
_BUFFER = 1 << 20

#: Asks for an object, with arguments of the operation GetObject.
Get = Callable[..., Any]


def whole(get: Get) -> bytes:
    """Returns all of a body, asked for again if it broke."""
    for tries_left in reversed(range(_TRIES)):
        with closing(get()["Body"]) as body:
            try:
                return body.read()  # type: ignore[no-any-return]
            except _BROKEN:
                if not tries_left:
                    raise
    raise AssertionError("unreachable")


def stream(get: Get, options: S3Options, key: str, start: int, end: int | None) -> BinaryIO:
    """Opens an object, or a range of it, as a stream that goes on where its connection broke."""
    try:
        with typed_errors(options, key):
            raw = _Stream(get, options, key, start, end)
    except StorageError as error:
        said = error.__cause__
        if isinstance(said, ClientError) and said.response["Error"]["Code"] == "InvalidRange":
            return io.BytesIO()  # it starts at the end, or behind it
        raise
    return cast(BinaryIO, io.BufferedReader(raw, _BUFFER))


class _Stream(io.RawIOBase):
    """Reads a body; if it breaks, the rest is asked for, of the very object that it began with."""

    def __init__(self, get: Get, options: S3Options, key: str, start: int, end: int | None) -> None:
        self._get, self._options, self._key = get, options, key
        self._position, self._end = start, end
        self._tries_left = _TRIES - 1
        reply = self._ask()
        self._body, self._etag = reply["Body"], reply["ETag"]

    def _ask(self, **condition: str) -> Any:
        last = "" if self._end is None else self._end - 1
        some = {} if self._position == 0 and self._end is None else {"Range": f"bytes={self._position}-{last}"}
        return self._get(**some, **condition)

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any, /) -> int:
        while True:
            try:
                piece = self._body.read(len(target))
            except FlexibleChecksumError as error:  # known at the end only, when all was handed out
                raise typed_error(error, self._options, self._key) from error
            except _BROKEN as error:
                if not self._tries_left:
                    raise typed_error(error, self._options, self._key) from error
                self._tries_left -= 1
                self._go_on()
                continue
            if piece:
                self._tries_left = _TRIES - 1
            self._position += len(piece)
            target[: len(piece)] = piece
            return len(piece)

    def _go_on(self) -> None:
        self._body.close()
        with typed_errors(self._options, self._key):
            self._body = self._ask(IfMatch=self._etag)["Body"]

    def close(self) -> None:
        if not self.closed and "_body" in self.__dict__:
            self._body.close()
        super().close()
