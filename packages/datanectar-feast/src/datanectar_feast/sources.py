"""Where a view's FileSource has its files: a directory that Feast reads as one table."""

from __future__ import annotations

import os
import shutil
import tempfile
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import datanectar as dn
from datanectar.errors import FeatureStoreError, UnsupportedError
from datanectar_feast.batches import NAME_IN_FILE

_EXTENSION = ".parquet"
_AZURE = ("az", "abfs", "abfss", "adl", "wasb", "wasbs")


class SourceDirectory(ABC):
    """The files of one FileSource. A file is put there whole, or not at all."""

    @abstractmethod
    def put(self, slot: str, file: Path) -> None:
        """Puts a copy of a file in the place of a slot."""

    @abstractmethod
    def has(self, slot: str, batch: str, size: int) -> bool:
        """Whether the file of a slot is that of a batch, as far as that shows without reading all of it."""


class LocalDirectory(SourceDirectory):
    """A directory on this machine."""

    def __init__(self, path: Path, view: str) -> None:
        self._path, self._view = path, view

    def put(self, slot: str, file: Path) -> None:
        try:
            self._path.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise FeatureStoreError(
                f"the FileSource of view {self._view!r} is {self._path}, which is a file, and batches are files in a "
                "directory. Give it a directory, such as "
                f'FileSource(path="{self._path.with_suffix("")}"), and publish what is in the file'
            ) from error
        # Beside the directory: Feast reads whatever is in it, hidden files too.
        descriptor, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}-")
        try:
            with open(descriptor, "wb") as copy, file.open("rb") as source:
                shutil.copyfileobj(source, copy, 1 << 20)
                copy.flush()
                os.fsync(copy.fileno())
            os.replace(temporary, self._file(slot))
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
            raise

    def has(self, slot: str, batch: str, size: int) -> bool:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            if self._file(slot).stat().st_size != size:
                return False
            metadata = pq.read_schema(self._file(slot)).metadata or {}
        except (OSError, pa.ArrowInvalid):
            return False
        return bool(metadata.get(NAME_IN_FILE) == batch.encode())

    def _file(self, slot: str) -> Path:
        return self._path / (slot + _EXTENSION)


class RemoteDirectory(SourceDirectory):
    """A prefix of a bucket, written to as a storage of Datanectar."""

    def __init__(self, url: str) -> None:
        self._backend = dn.storage_layer(url).backend

    def put(self, slot: str, file: Path) -> None:
        self._backend.write(slot + _EXTENSION, file)

    def has(self, slot: str, batch: str, size: int) -> bool:
        found = self._backend.stat(slot + _EXTENSION)
        return found is not None and found.size == size


def source_directory(path: str, repo: Path, view: str) -> SourceDirectory:
    """Returns the directory that a FileSource's path names.

    Raises:
        UnsupportedError: Feast cannot read what is there, or nothing here can write to it.
    """
    parts = urlsplit(path)
    if parts.scheme == "file":
        return LocalDirectory(Path(unquote(parts.path)), view)
    if not (parts.scheme and parts.netloc):
        return LocalDirectory(repo / path, view)
    if parts.scheme in _AZURE or ".blob.core." in parts.netloc:
        raise UnsupportedError(
            f"the FileSource of view {view!r} is {path}, and Feast's file source cannot read Azure. Give it a local "
            f'directory, such as FileSource(path="data/{view}"), and keep the batches on Azure with '
            'storage_layer = "…" in [feature_stores.feast]: where they are needed, they are copied to that directory, '
            "verified"
        )
    return RemoteDirectory(path)
