"""Inputs that are not plain values: files by their content, secrets by reference."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, BinaryIO

from datanectar.errors import ArgumentError

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK = 1 << 20
_RACY = 2.0  # seconds; a file that was just written can change again without its times telling
_digests: dict[tuple[str, int, int, int, int], str] = {}


class File:
    """A file as an input, by its content: a changed file gives another artifact, a moved one does not.

    The task receives the `File` itself, which opens and reads like a path::

        @dn.task
        def airports(table: dn.File) -> pd.DataFrame:
            return pd.read_csv(table)

        airports(dn.File("airports.csv"))
    """

    __slots__ = ("path",)

    def __init__(self, path: str | os.PathLike[str]) -> None:
        from pathlib import Path

        self.path: Path = Path(path)
        if not self.path.is_file():
            what = "is a directory; name the files in it" if self.path.is_dir() else "does not exist"
            raise ArgumentError(f"dn.File({str(path)!r}): {what}")
        self.path = self.path.absolute()

    @classmethod
    def _from_text(cls, text: str) -> File:
        return cls(text)

    def __fspath__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"File({str(self.path)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, File) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    def open(self) -> BinaryIO:
        """Opens the file for reading bytes."""
        return self.path.open("rb")

    def read_bytes(self) -> bytes:
        """Returns the content."""
        return self.path.read_bytes()

    def read_text(self, encoding: str = "utf-8") -> str:
        """Returns the content as text."""
        return self.path.read_text(encoding)

    def digest(self) -> str:
        """Returns the SHA-256 of the content; hashed again only when size, times or inode changed.

        Raises:
            ArgumentError: The file is gone, or cannot be read.
        """
        try:
            status = self.path.stat()
            key = (str(self.path), status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            found = _digests.get(key)
            if found is None:
                found = self._hash()
                if time.time() - max(status.st_mtime, status.st_ctime) > _RACY:
                    _digests[key] = found
            return found
        except OSError as error:
            raise ArgumentError(f"dn.File({str(self.path)!r}) cannot be read any more: {error.strerror}") from error

    def _hash(self) -> str:
        from hashlib import sha256

        hasher = sha256()
        with self.path.open("rb", buffering=0) as file:
            while chunk := file.read(_CHUNK):
                hasher.update(chunk)
        return hasher.hexdigest()


class Secret:
    """A secret as a parameter: a reference, which is neither part of the name nor stored or printed.

    ::

        @dn.task
        def rows(query: str, password: dn.Secret):
            return connect(password.reveal()).execute(query)

        rows("select …", dn.Secret("env:DB_PASSWORD"))

    Args:
        reference: ``env:NAME`` for a variable, or ``file:PATH``. The value is read where the task runs.
    """

    __slots__ = ("_reference",)

    def __init__(self, reference: str) -> None:
        kind, _, place = str(reference).partition(":")
        if kind not in ("env", "file") or not place:
            raise ArgumentError("a Secret is a reference, env:NAME or file:PATH, never the secret itself")
        self._reference = reference

    @classmethod
    def _from_text(cls, text: str) -> Secret:
        return cls(text)

    def __repr__(self) -> str:
        return "Secret(***)"

    def reveal(self) -> str:
        """Returns the secret.

        Raises:
            ArgumentError: The variable is not set, or the file cannot be read.
        """
        kind, _, place = self._reference.partition(":")
        if kind == "env":
            if place not in os.environ:
                raise ArgumentError(f"the variable {place}, which holds a secret, is not set")
            return os.environ[place]
        from pathlib import Path

        try:
            return Path(place).expanduser().read_text(encoding="utf-8").rstrip("\n")
        except OSError as error:
            raise ArgumentError(f"the file {place}, which holds a secret, cannot be read: {error.strerror}") from error
