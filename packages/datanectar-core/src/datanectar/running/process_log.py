"""A worker's log: everything that its process writes, at the level of file descriptors.

So it has what C code and subprocesses print, too, and it is there when the process is not.
"""

from __future__ import annotations

import ctypes
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_STREAMS = (1, 2)
_C_STREAMS = ("stdout", "stderr", "__stdoutp", "__stderrp")  # as glibc and as macOS call them


class ProcessLog:
    """The file that a process writes to while it is at an attempt."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, data: str | bytes) -> None:
        """Adds to what was written."""
        with self._path.open("ab") as file:
            file.write(data.encode("utf-8", "replace") if isinstance(data, str) else data)

    @contextmanager
    def reading(self) -> Iterator[BinaryIO]:
        """Opens what was written so far for reading."""
        _flush()
        try:
            stream: BinaryIO = self._path.open("rb")
        except FileNotFoundError:  # the process ended before it wrote
            stream = io.BytesIO()
        with stream:
            yield stream

    def close(self) -> None:
        """Does nothing: the file is removed by whoever started the process."""


@contextmanager
def redirected(path: str) -> Iterator[None]:
    """Makes a file the stdout and stderr of this process, and of the subprocesses it starts, for a block.

    Args:
        path: The file; nothing is redirected where it is empty.
    """
    if not path:
        yield
        return
    _flush()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    kept = [os.dup(stream) for stream in _STREAMS]
    for stream in _STREAMS:
        os.dup2(descriptor, stream)
    os.close(descriptor)
    try:
        yield
    finally:
        _flush()
        for stream, before in zip(_STREAMS, kept, strict=True):
            os.dup2(before, stream)
            os.close(before)


def _flush() -> None:
    """Text in a buffer belongs to the attempt that printed it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, ValueError, OSError):  # there is none, or the task closed it
            pass
    for name in _C_STREAMS:
        try:  # not all of C's streams: one that another thread reads from would be waited for
            library = ctypes.CDLL(None)
            library.fflush(ctypes.c_void_p.in_dll(library, name))
        except (OSError, ValueError, TypeError):  # no such name here: then its text comes when it comes
            pass
