"""A directory on a local disk.

A file appears whole or not at all: its bytes go to an unnamed (or temporary) file, which is made durable and then
linked to its name. A link never replaces anything, so exactly one of many creators wins.
"""

from __future__ import annotations

import errno
import io
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISDIR
from typing import Any, BinaryIO, Literal, TypeVar
from urllib.parse import unquote, urlsplit

from datanectar.contracts.storage import StorageBackend, check_key
from datanectar.errors import ConfigurationError, KeyNotFound, UnsafeStore
from datanectar.records import ObjectInfo
from datanectar.storages.local_errors import CheckedFile, typed_error, typed_errors

_TEMPORARY = ".tmp-"
# A nameless file gets its name through /proc, which some sandboxes lack.
_BINARY = getattr(os, "O_BINARY", 0)  # Windows alone has it
_O_TMPFILE = getattr(os, "O_TMPFILE", None) if os.path.isdir("/proc/self/fd") else None
_CHUNK = 1 << 20
_SMALL = 16 << 10
_MOST_TRIES, _TRIES_AT_ONCE = 100, 10
_PAUSE = 0.001  # seconds

T = TypeVar("T")


@dataclass(frozen=True)
class LocalOptions:
    """Options of ``type = "local"``."""

    path: Path = field(metadata={"help": "The directory; relative to the configuration file"})
    durability: Literal["fsync", "none"] = field(
        default="fsync",
        metadata={"help": "'fsync': stored means on disk, through a power cut; 'none': through a crash of the process"},
    )

    @classmethod
    def from_url(cls, url: str) -> LocalOptions:
        """Reads ``file:///absolute/path``."""
        parts = urlsplit(url)
        if parts.netloc not in ("", "localhost") or not parts.path:
            raise ConfigurationError(f"{url!r} is not a local path; write file:///absolute/path")
        if "?" in url or "#" in url:  # even an empty query: the path may be meant to end so
            msg = (
                f"{url!r}: a local path has no query or fragment; percent-encode what the path has, ? as %3F, # as %23"
            )
            raise ConfigurationError(msg)
        return cls(Path(unquote(parts.path)))


class LocalBackend(StorageBackend):
    """Keeps objects as files below a directory; directories are 0700, files 0600."""

    reach = "machine"

    def __init__(self, options: LocalOptions) -> None:
        self.root = str(options.path.absolute())
        self.sync = options.durability == "fsync"
        self.url = Path(self.root).as_uri()

    def path(self, key: str) -> str:
        """Where the file of a key is."""
        return f"{self.root}/{check_key(key)}"

    def read(self, key: str) -> bytes:
        path = self.path(key)
        try:
            descriptor = os.open(path, os.O_RDONLY | _BINARY)
            try:
                data = os.read(descriptor, _SMALL)
                if len(data) < _SMALL:  # most objects are manifests; to ask for their size first takes longer
                    return data
                os.lseek(descriptor, 0, os.SEEK_SET)  # a large one in one piece: to join it to the first would copy it
                size = os.fstat(descriptor).st_size
                data = os.read(descriptor, size + 1)
                while len(data) < size and (more := os.read(descriptor, size - len(data))):
                    data += more
                return data
            finally:
                os.close(descriptor)
        except OSError as error:
            raise typed_error(error, key, self.root) from error

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        with typed_errors(key, self.root):
            file = Path(self.path(key)).open("rb")  # noqa: SIM115  the caller closes it
            if end is not None:
                with file:
                    file.seek(start)
                    return io.BytesIO(file.read(max(0, end - start)))
            file.seek(start)
            return file

    def write(self, key: str, source: bytes | BinaryIO | Path) -> ObjectInfo:
        if isinstance(source, bytes):
            return self.create(key, source)
        if isinstance(source, Path):
            with source.open("rb") as stream:
                return self.write(key, stream)
        with self.writer(key) as sink:
            while chunk := source.read(_CHUNK):
                sink.write(chunk)
        info = self.stat(key)
        assert info is not None
        return info

    def create(self, key: str, data: bytes) -> ObjectInfo:
        with _NewFile(self, key) as descriptor, typed_errors(key, self.root, writing=True):
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            status = os.fstat(descriptor)
        return _info(key, status)

    @contextmanager
    def writer(self, key: str) -> Iterator[BinaryIO]:
        with (
            _NewFile(self, key) as descriptor,
            io.BufferedWriter(CheckedFile(descriptor, key, self.root, sync=self.sync), _CHUNK) as stream,
        ):
            yield stream

    def in_directory(self, folder: str, action: Callable[..., T], *arguments: Any) -> T:
        """Does something in a directory and makes it if it is missing; deletes may take it away while it is empty."""
        for tries_left in reversed(range(_MOST_TRIES)):
            try:
                return action(*arguments)
            except OSError as error:  # ext4 says EPERM of a directory that is just being removed
                if error.errno not in (errno.ENOENT, errno.EPERM) or not tries_left:
                    raise
            if tries_left < _MOST_TRIES - _TRIES_AT_ONCE:  # whoever removes it may be waiting for this processor
                time.sleep(_PAUSE)
            with suppress(FileNotFoundError):
                self._make_directories(folder)
        raise AssertionError("unreachable")

    def _make_directories(self, folder: str) -> None:
        missing = []
        while not os.path.isdir(folder):
            missing.append(folder)
            folder, below = os.path.dirname(folder), folder
            if folder == below:  # a drive that is not there
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), below)
        for path in reversed(missing):
            with suppress(FileExistsError):
                os.mkdir(path, 0o700)
            if self.sync:
                _sync_directory(os.path.dirname(path))

    def stat(self, key: str) -> ObjectInfo | None:
        try:
            with typed_errors(key, self.root):
                status = os.stat(self.path(key))
        except KeyNotFound:
            return None
        return None if S_ISDIR(status.st_mode) else _info(key, status)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        folder, slash, start = prefix.rpartition("/")
        if slash:
            check_key(folder)
        with typed_errors(prefix, self.root):
            yield from self._walk(folder, start)

    def _walk(self, folder: str, start: str) -> Iterator[ObjectInfo]:
        try:
            entries = list(os.scandir(f"{self.root}/{folder}"))
        except (FileNotFoundError, NotADirectoryError):
            return
        for entry in entries:
            if entry.name.startswith(".") or not entry.name.startswith(start):
                continue
            key = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(key, "")
            else:
                with suppress(FileNotFoundError):  # deleted since it was listed
                    yield _info(key, entry.stat(follow_symlinks=False))

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            path = self.path(key)
            with (
                typed_errors(key, self.root, writing=True),
                suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError),
            ):
                os.unlink(path)
            self._remove_empty_directories(os.path.dirname(path))

    def _remove_empty_directories(self, folder: str) -> None:
        # A writer that finds its directory gone makes it again, so this loses nothing.
        while len(folder) > len(self.root):
            try:
                os.rmdir(folder)
            except OSError:
                return
            folder = os.path.dirname(folder)

    def local_path(self, key: str) -> Path | None:
        path = Path(self.path(key))
        return path if path.is_file() else None


class _NewFile:
    """A block with a nameless file, which gets its name when the block ends well."""

    __slots__ = ("_backend", "_descriptor", "_folder", "_key", "_path", "_temporary")

    def __init__(self, backend: LocalBackend, key: str) -> None:
        self._backend, self._key = backend, key
        self._path = backend.path(key)
        self._folder = self._path.rpartition("/")[0]

    def __enter__(self) -> int:
        with typed_errors(self._key, self._backend.root, writing=True):
            found = self._backend.in_directory(self._folder, _open_unnamed, self._folder)
        self._descriptor, self._temporary = found
        return self._descriptor

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        try:
            if error is None:
                with typed_errors(self._key, self._backend.root, writing=True):
                    self._publish()
        finally:
            os.close(self._descriptor)
            if self._temporary is not None:
                with suppress(FileNotFoundError):
                    os.unlink(self._temporary)

    def _publish(self) -> None:
        if self._backend.sync:
            os.fsync(self._descriptor)
        self._backend.in_directory(self._folder, _link, self._descriptor, self._temporary, self._path)
        if self._backend.sync:
            _sync_directory(self._folder)


def _info(key: str, status: os.stat_result) -> ObjectInfo:
    return ObjectInfo(key, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


def _open_unnamed(folder: str) -> tuple[int, str | None]:
    """Opens a file without a name, or with a temporary one where the file system knows no other."""
    if _O_TMPFILE is not None:
        try:
            return os.open(folder, _O_TMPFILE | os.O_RDWR, 0o600), None
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOSYS):
                raise
    import tempfile

    return tempfile.mkstemp(prefix=_TEMPORARY, dir=folder)


def _link(descriptor: int, temporary: str | None, path: str) -> None:
    """Gives a file its name, unless the name is taken."""
    try:
        if temporary is None:
            # A directory descriptor makes Python call linkat with AT_SYMLINK_FOLLOW, which this needs.
            os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=descriptor, follow_symlinks=True)
        else:
            os.link(temporary, path)
    except FileExistsError:
        raise
    except (AttributeError, OSError) as error:
        unable = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
        if isinstance(error, OSError) and error.errno not in unable:
            raise
        msg = f"{path}: this file system has no hard links, so it cannot promise that one of two writers wins"
        raise UnsafeStore(msg) from error


def _sync_directory(folder: str) -> None:
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # Windows has no directory handles; there the rename itself is journalled
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # network file systems
            raise
    finally:
        os.close(descriptor)
