"""A file that is written on this machine and becomes an artifact when it is closed, or nothing at all."""

from __future__ import annotations

import io
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

_PREFIX = "datanectar-"


class SpooledFile(io.BufferedWriter):
    """A binary file in a private temporary directory, which is committed on `close`.

    It is aborted where a ``with`` block raises, on `abort`, and where it is garbage that nobody closed. In all cases
    the temporary file is gone afterwards.

    Args:
        name: What the file is called.
        commit: Is given its path to make the artifact of it.
    """

    def __init__(self, name: str, commit: Callable[[Path], object]) -> None:
        directory = tempfile.mkdtemp(prefix=_PREFIX)
        self._discard = weakref.finalize(self, shutil.rmtree, directory, ignore_errors=True)
        self._commit, self._path = commit, Path(directory, name)
        super().__init__(io.FileIO(self._path, "x"))

    @property
    def tmp_path(self) -> str:
        """Where it is until it is closed; Luigi's files have this name for it."""
        return str(self._path)

    def close(self) -> None:
        """Commits what was written; once."""
        if self.closed:
            return
        try:
            super().close()
            self._commit(self._path)
        finally:
            self._discard()

    def abort(self) -> None:
        """Drops what was written."""
        try:
            if not self.closed:
                super().close()
        finally:
            self._discard()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def __del__(self) -> None:  # what is inherited would close it, which commits
        if hasattr(self, "_path"):
            self.abort()


@contextmanager
def spooled_path(name: str) -> Iterator[Path]:
    """Gives a path in a private temporary directory, at which nothing is yet; after the block all of it is gone."""
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as directory:
        yield Path(directory, name)
