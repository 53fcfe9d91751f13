"""From a store to verified bytes: a local file as it is, a large remote one through a local copy, others in memory."""

from __future__ import annotations

from datanectar.contracts.serialization import StoredFile
from datanectar.contracts.storage import StorageBackend
from datanectar.errors import IntegrityError, KeyNotFound, StorageError
from datanectar.layer.local_copies import local_copy
from datanectar.layer.verification import check_bytes, check_file, missing

#: Remote files from this size on are kept on this machine, where processes map and share them.
_COPIED_FROM = 1 << 20


def read_verified(
    backend: StorageBackend, key: str, size: int, digest: str, *, trust_stamp: bool, in_memory: bool
) -> StoredFile:
    """Returns a file whose bytes are those that were written.

    Args:
        backend: Where it is.
        key: Its key.
        size: Its length in bytes.
        digest: Its SHA-256.
        trust_stamp: Whether a local file that was checked before is not hashed again.
        in_memory: Whether the very bytes that were hashed are returned, not a file that could change under them.

    Raises:
        IntegrityError: It is missing or differs, also when fetched a second time.
    """
    path = backend.local_path(key)
    if path is not None and not in_memory:
        try:
            check_file(path, key, size, digest, trust_stamp=trust_stamp)
            return StoredFile(path)
        except FileNotFoundError:
            pass  # removed this moment, which is said below
    if path is None and size >= _COPIED_FROM and backend.reach != "process":
        try:
            copy = local_copy(backend, key, size, digest, trust_stamp=trust_stamp)
            return StoredFile(_checked(copy.read_bytes(), key, size, digest) if in_memory else copy)
        except StorageError:
            raise
        except OSError:  # no room for a copy: then it is fetched into memory
            pass
    try:
        return StoredFile(_fetch(backend, key, size, digest))
    except IntegrityError:
        return StoredFile(_fetch(backend, key, size, digest))  # perhaps the network's fault


def _fetch(backend: StorageBackend, key: str, size: int, digest: str) -> bytes:
    try:
        data = backend.read(key)
    except KeyNotFound as error:
        raise missing(backend, key, digest) from error
    return _checked(data, key, size, digest)


def _checked(data: bytes, key: str, size: int, digest: str) -> bytes:
    check_bytes(key, data, size, digest)
    return data
