"""What the operating system says of a file, in Datanectar's words."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from datanectar.errors import AlreadyExists, KeyNotFound, StorageAccessError, StorageError, StorageFull


@contextmanager
def typed_errors(key: str, root: str, *, writing: bool = False) -> Iterator[None]:
    """Says in Datanectar's words what the operating system says of a file."""
    try:
        yield
    except StorageError:
        raise
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        if not writing:
            raise KeyNotFound(f"{key} is not in {root}") from error
        raise StorageAccessError(
            f"nothing can be written to {root}: {error.strerror}: {error.filename or root}. Choose another path"
        ) from error
    except FileExistsError as error:
        if os.path.isdir(f"{root}/{key}"):
            raise StorageAccessError(f"{root} cannot take {key}: a directory of this name is in the way") from error
        raise AlreadyExists(f"{key} exists in {root}") from error
    except PermissionError as error:
        msg = f"{root} refuses {key}: {error.strerror}; check the owner and mode of {error.filename or root}"
        raise StorageAccessError(msg) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            msg = f"no space left for {key} in {root}; what is stored there is unharmed. Free some and run again"
            raise StorageFull(msg) from error
        if error.errno == errno.EROFS:
            raise StorageAccessError(f"{root} is on a read-only file system; choose another storage layer") from error
        raise StorageError(f"{root} failed at {key}: {error.strerror or error}") from error


class CheckedFile(io.FileIO):
    """The raw end of a stream; what goes wrong in writing is told apart from errors of whoever writes."""

    def __init__(self, descriptor: int, key: str, root: str) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self._key, self._root = key, root

    def write(self, data: Any, /) -> int:
        with typed_errors(self._key, self._root, writing=True):
            return super().write(data)
