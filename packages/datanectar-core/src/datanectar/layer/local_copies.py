"""Copies of remote files on this machine: private, verified, shared by its processes, so that each is fetched once."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from datanectar.contracts.storage import StorageBackend
from datanectar.errors import IntegrityError, KeyNotFound
from datanectar.layer.user_directories import cache_directory
from datanectar.layer.verification import check_file, check_measured, measure, missing, stamp

try:
    import fcntl
except ImportError:  # Windows: there, processes that want one file at once fetch it once each
    fcntl = None  # type: ignore[assignment]

#: How much of their disk the copies may take, all together.
_SHARE_OF_DISK = 0.1
#: What was used this recently, in seconds, somebody may be about to open.
_IN_USE = 600.0
#: What a fetch that was killed leaves behind goes after a day.
_ABANDONED = 86_400.0
_PARTIAL = ".partial-"
_LOCK = ".lock-"


def copy_path(digest: str, extension: str) -> Path:
    """Where the copy of a file with this digest is, or would be."""
    return cache_directory() / "files" / f"{digest}.{extension}"


def local_copy(backend: StorageBackend, key: str, size: int, digest: str, *, trust_stamp: bool) -> Path:
    """Returns a local file with the verified bytes of an object, fetched unless a process of this user did before.

    Args:
        backend: Where the object is.
        key: Its key; the copy has its extension.
        size: Its length in bytes.
        digest: Its SHA-256.
        trust_stamp: Whether a copy that was checked before is not hashed again.

    Raises:
        IntegrityError: The object is missing or differs, also when fetched a second time.
        OSError: The copy cannot be kept: no room, no permission.
    """
    path = copy_path(digest, key.rpartition(".")[2])
    if is_sound(path, size, digest, trust_stamp=trust_stamp):
        _note_use(path, digest)
        return path
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _turn(path):
        if not is_sound(path, size, digest, trust_stamp=trust_stamp):  # nobody fetched it meanwhile
            _make_room(path.parent, size)
            with new_copy(path) as file:
                try:
                    _fetch(backend, key, size, digest, file)
                except IntegrityError:
                    _fetch(backend, key, size, digest, file)  # perhaps the network's fault
            stamp(path, digest)
    return path


def is_sound(path: Path, size: int, digest: str, *, trust_stamp: bool) -> bool:
    """Whether a copy is there and whole."""
    try:
        check_file(path, str(path), size, digest, trust_stamp=trust_stamp)
        return True
    except (FileNotFoundError, IntegrityError):
        return False


@contextmanager
def new_copy(path: Path) -> Iterator[BinaryIO]:
    """Opens a file that takes its place, whole, when the block ends well; equal copies may replace one another."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=_PARTIAL)
    try:
        with open(descriptor, "w+b") as file:
            yield file
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _fetch(backend: StorageBackend, key: str, size: int, digest: str, file: BinaryIO) -> None:
    """Copies an object to a file from its start, and hashes what is in the file then."""
    file.seek(0)
    file.truncate()
    try:
        backend.fetch(key, file)
    except KeyNotFound as error:
        raise missing(backend, key, digest) from error
    file.seek(0)
    check_measured(key, size, digest, *measure(file))


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    """Lets one process at a time fetch a file. It saves work and decides nothing: where locks do nothing, all fetch."""
    with path.with_name(f"{_LOCK}{path.name[:2]}").open("ab") as lock:  # a few files serve for all
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_room(folder: Path, size: int) -> None:
    """Removes the copies that were longest unused, as far as there is no room for another of `size` bytes."""
    now, copies = time.time(), list(_copies(folder))
    room = shutil.disk_usage(folder).total * _SHARE_OF_DISK - sum(held for _, held, _ in copies)
    for used, held, path in sorted(copies):
        wanted = used > now - (_ABANDONED if os.path.basename(path).startswith(_PARTIAL) else _IN_USE)
        if room >= size or wanted:
            continue
        with suppress(OSError):  # in use, on Windows; elsewhere whoever has it open keeps it
            os.unlink(path)
            room += held


def _copies(folder: Path) -> Iterator[tuple[float, int, str]]:
    """Yields when each copy was last used, its size and its path; those that are being made, too."""
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # removed since it was listed
                if not entry.name.startswith(_LOCK):
                    status = entry.stat()
                    yield max(status.st_atime, status.st_mtime), status.st_size, entry.path


def _note_use(path: Path, digest: str) -> None:
    """Renews the time of a copy's last use, now and then: a stamp that holds does not read it."""
    with suppress(OSError):
        status = path.stat()
        if time.time() - status.st_atime > _IN_USE / 2:
            os.utime(path, ns=(time.time_ns(), status.st_mtime_ns))
            stamp(path, digest)
