"""What the operating system says of a file, in Datanectar's words."""

from __future__ import annotations

import errno
import io
import os
from typing import Any

from datanectar.errors import AlreadyExists, KeyNotFound, StorageAccessError, StorageError, StorageFull

#: A piece of a file, in bytes, that is worth a trip to the disk of its own.
_LARGE = 8 << 20


class typed_errors:  # a generator would take as long as a system call
    """A block in which Datanectar's words stand for what the operating system says of a file."""

    __slots__ = ("_key", "_root", "_writing")

    def __init__(self, key: str, root: str, *, writing: bool = False) -> None:
        self._key, self._root, self._writing = key, root, writing

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, OSError) and not isinstance(error, StorageError):
            raise typed_error(error, self._key, self._root, writing=self._writing) from error


def typed_error(error: OSError, key: str, root: str, *, writing: bool = False) -> StorageError:
    """Returns in Datanectar's words what the operating system says of a file."""
    if isinstance(error, (FileNotFoundError, NotADirectoryError, IsADirectoryError)):
        if not writing:
            return KeyNotFound(f"{key} is not in {root}")
        return StorageAccessError(
            f"nothing can be written to {root}: {error.strerror}: {error.filename or root}. Choose another path"
        )
    if isinstance(error, FileExistsError):
        if os.path.isdir(f"{root}/{key}"):
            return StorageAccessError(f"{root} cannot take {key}: a directory of this name is in the way")
        return AlreadyExists(f"{key} exists in {root}")
    if isinstance(error, PermissionError):
        return StorageAccessError(
            f"{root} refuses {key}: {error.strerror}; check the owner and mode of {error.filename or root}"
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(
            f"no space left for {key} in {root}; what is stored there is unharmed. Free some and run again"
        )
    if error.errno == errno.EROFS:
        return StorageAccessError(f"{root} is on a read-only file system; choose another storage layer")
    return StorageError(f"{root} failed at {key}: {error.strerror or error}")


class CheckedFile(io.FileIO):
    """The raw end of a stream; what goes wrong in writing is told apart from errors of whoever writes.

    Where the file is to be durable, large pieces are sent to the disk at once: whoever writes them is busy hashing them
    meanwhile, and would otherwise wait for the disk in the end.
    """

    def __init__(self, descriptor: int, key: str, root: str, *, sync: bool) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self._key, self._root, self._sync = key, root, sync

    def write(self, data: Any, /) -> int:
        with typed_errors(self._key, self._root, writing=True):
            written = super().write(data)
            if self._sync and written >= _LARGE:
                _sync_data(self.fileno())
            return written


_sync_data = getattr(os, "fdatasync", os.fsync)
