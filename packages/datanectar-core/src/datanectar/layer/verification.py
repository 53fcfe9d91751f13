"""Verified reading: size and SHA-256 of a file are checked before any deserialiser sees a byte.

On a local disk a file that was checked is stamped with its inode, size and times, in the user's own cache, and not
hashed again while the stamp holds.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from datanectar.contracts.storage import StorageBackend
from datanectar.errors import IntegrityError
from datanectar.layer.manifest import REMEDY
from datanectar.layer.user_directories import cache_directory

_CHUNK = 1 << 20


def check_file(path: Path, key: str, size: int, digest: str, *, trust_stamp: bool) -> None:
    """Checks a file on a local disk, and stamps it."""
    if trust_stamp and _stamp_holds(path, digest):
        return
    facts = _facts(path)  # before it is read: a change from then on breaks the stamp
    with path.open("rb") as file:
        found = measure(file)
    check_measured(key, size, digest, *found)
    if trust_stamp:
        _write_stamp(path, digest, facts)


def check_bytes(key: str, data: bytes, size: int, digest: str) -> None:
    """Checks bytes that are in memory already."""
    check_measured(key, size, digest, len(data), sha256(data).hexdigest())


def missing(backend: StorageBackend, key: str, digest: str) -> IntegrityError:
    """Returns the error for a file that a manifest names and its store has not."""
    return IntegrityError(f"{key} is missing from {backend.url}. {REMEDY}", key=key, expected=digest, got="nothing")


def check_measured(key: str, size: int, digest: str, got_size: int, got_digest: str) -> None:
    """Compares what was found with what was recorded."""
    if (size, digest) != (got_size, got_digest):
        msg = (
            f"{key} is damaged: expected {size} bytes with SHA-256 {digest}, got {got_size} bytes with {got_digest}. "
            f"{REMEDY}"
        )
        raise IntegrityError(msg, key=key, expected=digest, got=got_digest)


def measure(file: BinaryIO) -> tuple[int, str]:
    """Returns the size and SHA-256 of the rest of a file."""
    hasher, size = sha256(), 0
    while chunk := file.read(_CHUNK):
        hasher.update(chunk)
        size += len(chunk)
    return size, hasher.hexdigest()


def _stamp_path(path: Path) -> Path:
    return cache_directory() / "stamps" / sha256(os.fsencode(path)).hexdigest()


def _facts(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _stamp_holds(path: Path, digest: str) -> bool:
    try:
        return bool(json.loads(_stamp_path(path).read_bytes()) == [digest, *_facts(path)])
    except (OSError, ValueError):
        return False


def stamp(path: Path, digest: str) -> None:
    """Remembers that this file, written this moment, has this digest."""
    with suppress(OSError):
        _write_stamp(path, digest, _facts(path))


def _write_stamp(path: Path, digest: str, facts: list[int]) -> None:
    # A cache that cannot be written costs a hash next time.
    with suppress(OSError):
        target = _stamp_path(path)
        temporary = target.with_name(f"{target.name}-{os.urandom(6).hex()}")
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary.write_text(json.dumps([digest, *facts]))
        os.replace(temporary, target)
