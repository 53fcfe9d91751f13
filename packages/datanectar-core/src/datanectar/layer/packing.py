"""Paths as results: what a file or a directory holds, file by file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any

from datanectar.errors import SerializationError, StorageError

_GONE = "make it before the task returns, and not in a temporary directory that is removed by then"


def pack(path: Path, write: Callable[[Path], int], what: str) -> dict[str, Any]:
    """Stores what a path holds and returns its node in the tree of files.

    Args:
        path: A file or a directory. Links are followed; empty directories count; modes and times don't.
        write: Stores one file and returns its number.
        what: The path's place in the result, for messages.

    Raises:
        SerializationError: Something in it cannot be read, or is neither a file nor a directory.
    """
    try:
        name = path.name or os.path.basename(os.path.realpath(path))
        if name in ("", ".."):
            name = os.path.basename(os.path.realpath(path)) or "root"
        return {"path": name, "content": _content(path, write, what, frozenset())}
    except StorageError:
        raise
    except OSError as error:
        where = "" if path.is_absolute() else f" in {Path.cwd()}"
        way_out = f"; {_GONE}" if isinstance(error, FileNotFoundError) else ""
        msg = f"{what}, the path {str(path)!r}, cannot be stored: {error.strerror}: {error.filename!r}{where}{way_out}"
        raise SerializationError(msg) from error


def _content(path: Path, write: Callable[[Path], int], what: str, above: frozenset[tuple[int, int]]) -> Any:
    status = path.stat()
    if S_ISREG(status.st_mode):
        return write(path)
    if not S_ISDIR(status.st_mode):
        msg = f"{what} cannot be stored: {path} is neither a file nor a directory, but a pipe, socket or device"
        raise SerializationError(msg)
    here = (status.st_dev, status.st_ino)
    if here in above:
        raise SerializationError(f"{what} cannot be stored: {path} is a link to a directory that it stands in itself")
    return [[name, _content(path / name, write, what, above | {here})] for name in sorted(os.listdir(path))]
