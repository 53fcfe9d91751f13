"""Where a view's FileSource has its files: a directory that Feast reads as one table."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from contextlib import suppress
from errno import EXDEV
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import datanectar as dn
from datanectar.errors import FeatureStoreError, UnsupportedError
from datanectar_feast.batches import NAME_IN_FILE
from datanectar_feast.views import View

_EXTENSION = ".parquet"
_AZURE = ("az", "abfs", "abfss", "adl", "wasb", "wasbs")
#: What a copy that was killed leaves behind goes after a day, in seconds.
_ABANDONED = 86_400.0
#: How much of a remote file's end is read at first; most footers are smaller.
_TAIL = 1 << 16


class SourceDirectory(ABC):
    """The files of one FileSource. A file is put there whole, or not at all."""

    @abstractmethod
    def check(self) -> None:
        """Looks whether files can be put here, before anything is stored.

        Raises:
            FeatureStoreError: It is a file.
        """

    @abstractmethod
    def put(self, slot: str, file: Path) -> None:
        """Puts a copy of a file in the place of a slot.

        Raises:
            FeatureStoreError: Nothing can be written here.
        """

    @abstractmethod
    def remove(self, slot: str) -> None:
        """Removes the file of a slot, if there is one."""

    @abstractmethod
    def has(self, slot: str, batch: str) -> bool:
        """Whether the file of a slot is that of a batch: its footer, which is at its end, says so."""

    @abstractmethod
    def others(self, slots: Collection[str], place: Path) -> Iterator[Path]:
        """Yields files that were put here by somebody else than Datanectar.

        Args:
            slots: The slots that have a batch; their files are left out.
            place: An empty directory for copies of those that are not on this machine.
        """


class LocalDirectory(SourceDirectory):
    """A directory on this machine."""

    def __init__(self, path: Path, view: str) -> None:
        self._path, self._view = path.resolve(), view  # a link to it may be on another disk than it is itself

    def check(self) -> None:
        is_file = any(path.exists() and not path.is_dir() for path in (self._path, *self._path.parents))
        if not is_file and (self._path.suffix != _EXTENSION or self._path.is_dir()):
            return
        what = "is a file, or below one" if is_file else "is called as a file is"
        raise FeatureStoreError(
            f"the FileSource of view {self._view!r} is {self._path}, which {what}; batches are files in a directory. "
            f'Give it one, such as FileSource(path="{self._path.with_suffix("")}"), apply it, and publish what was in '
            "a file"
        )

    def put(self, slot: str, file: Path) -> None:
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            self._put(slot, file)
        except PermissionError as error:
            raise FeatureStoreError(
                f"the FileSource of view {self._view!r} is {self._path}, and files cannot be written there, or beside "
                f"it ({error}). The batch is stored: allow it, and publish again"
            ) from error
        except OSError as error:
            if error.errno != EXDEV:
                raise
            raise FeatureStoreError(
                f"the FileSource of view {self._view!r} is {self._path}, where a disk is mounted: no file can be moved "
                "there from beside it, whole. Give it a directory on that disk, apply it, and publish again"
            ) from error

    def _put(self, slot: str, file: Path) -> None:
        # Beside the directory: Feast reads whatever is in it, hidden files too.
        prefix = f".{self._path.name}-"
        self._remove_abandoned(prefix)
        descriptor, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=prefix, suffix=".partial")
        try:
            with open(descriptor, "wb") as copy, file.open("rb") as source:
                shutil.copyfileobj(source, copy, 1 << 20)
                copy.flush()
                os.fsync(copy.fileno())
            # A temporary file is its owner's alone; this one, like the directory, is for whoever runs Feast.
            os.chmod(temporary, self._path.stat().st_mode & 0o666)
            os.replace(temporary, self._file(slot))
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
            raise

    def remove(self, slot: str) -> None:
        self._file(slot).unlink(missing_ok=True)

    def _remove_abandoned(self, prefix: str) -> None:
        for left in self._path.parent.glob(f"{prefix}*.partial"):
            with suppress(OSError):  # another process was faster, or may do it
                if left.stat().st_mtime < time.time() - _ABANDONED:
                    left.unlink()

    def has(self, slot: str, batch: str) -> bool:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return _is_of(batch, pq.read_schema(self._file(slot)))
        except (OSError, pa.ArrowInvalid):
            return False

    def others(self, slots: Collection[str], place: Path) -> Iterator[Path]:
        ours = {slot + _EXTENSION for slot in slots}
        if self._path.is_dir():
            for path in sorted(self._path.iterdir()):
                if path.name not in ours and path.is_file():
                    yield path

    def _file(self, slot: str) -> Path:
        return self._path / (slot + _EXTENSION)


class RemoteDirectory(SourceDirectory):
    """A prefix of a bucket, written to as a storage of Datanectar."""

    def __init__(self, url: str) -> None:
        self._backend = dn.storage_layer(url).backend

    def check(self) -> None: ...

    def put(self, slot: str, file: Path) -> None:
        self._backend.write(slot + _EXTENSION, file)
        _forget_listings()

    def remove(self, slot: str) -> None:
        self._backend.delete([slot + _EXTENSION])
        _forget_listings()

    def has(self, slot: str, batch: str) -> bool:
        import pyarrow as pa

        found = self._backend.stat(slot + _EXTENSION)
        try:
            return found is not None and _is_of(batch, self._schema(found.key, found.size))
        except (dn.errors.KeyNotFound, pa.ArrowInvalid):
            return False

    def _schema(self, key: str, size: int) -> Any:
        """Reads the schema in the footer of a file: it is at its end, and before its length."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        tail = self._end_of(key, size, _TAIL)
        needed = int.from_bytes(tail[-8:-4], "little") + 8
        if needed > len(tail):
            tail = self._end_of(key, size, needed)
        return pq.read_schema(pa.BufferReader(b"PAR1" + tail[-needed:]))

    def _end_of(self, key: str, size: int, length: int) -> bytes:
        with self._backend.open(key, max(0, size - length), size) as part:
            return part.read()

    def others(self, slots: Collection[str], place: Path) -> Iterator[Path]:
        ours = {slot + _EXTENSION for slot in slots}
        for number, found in enumerate(sorted(self._backend.list(""), key=lambda found: found.key)):
            if found.key in ours or not found.size:
                continue
            path = place / f"{number}{_EXTENSION}"
            with path.open("w+b") as copy:
                self._backend.fetch(found.key, copy)
            yield path


def _forget_listings() -> None:
    """Lets Feast look anew: s3fs, by which it reads, keeps listings; of a file that was replaced it says it expired."""
    s3fs = sys.modules.get("s3fs")
    if s3fs is not None:
        s3fs.S3FileSystem.clear_instance_cache()


def _is_of(batch: str, schema: Any) -> bool:
    return bool((schema.metadata or {}).get(NAME_IN_FILE) == batch.encode())


def source_directory(view: View, repo: Path) -> SourceDirectory:
    """Returns the directory that a view's FileSource names.

    Args:
        view: The view.
        repo: The feature repository, where relative paths start.

    Raises:
        UnsupportedError: Feast cannot read what is there, or nothing here can write to it.
    """
    path = view.path
    parts = urlsplit(path)
    if parts.scheme == "file":
        raise UnsupportedError(
            f"the FileSource of view {view.name!r} is {path}, which Feast does not read: give it the path, "
            f'FileSource(path="{unquote(parts.path)}"), and apply it'
        )
    if not (parts.scheme and parts.netloc):
        return LocalDirectory(repo / path, view.name)
    if parts.scheme in _AZURE or ".blob.core." in parts.netloc:
        raise UnsupportedError(
            f"the FileSource of view {view.name!r} is {path}, and Feast's file source cannot read Azure. Give it a "
            f'local directory, such as FileSource(path="data/{view.name}"), and keep the batches on Azure with '
            'storage_layer = "…" in [feature_stores.feast]: where they are needed, they are copied to that directory, '
            "verified"
        )
    if view.endpoint and view.endpoint not in (
        os.environ.get("AWS_ENDPOINT_URL_S3"),
        os.environ.get("AWS_ENDPOINT_URL"),
    ):
        raise UnsupportedError(
            f"the FileSource of view {view.name!r} has s3_endpoint_override={view.endpoint!r}, which Feast keeps in "
            "the registry for all who read it, and Datanectar does not write by. Set AWS_ENDPOINT_URL instead: both "
            "heed it"
        )
    return RemoteDirectory(path)
