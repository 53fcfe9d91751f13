"""Repairs: nothing is overwritten, so what replaces a damaged artifact is a new manifest beside the old one."""

from __future__ import annotations

from datanectar.contracts.storage import StorageBackend
from datanectar.errors import KeyNotFound
from datanectar.layer import keys
from datanectar.layer.manifest import Manifest, unseal


def last_repair(backend: StorageBackend, name: str) -> int:
    """Returns the number of an artifact's newest repair, or 0."""
    found = keys.below(backend, keys.repairs_prefix(name), 1)
    return max((keys.number_of(info.key) for info in found), default=0)


def read_repair(backend: StorageBackend, name: str) -> Manifest | None:
    """Returns the newest repair of an artifact, or None if it never had one.

    Raises:
        IntegrityError: That one is damaged as well.
    """
    number = last_repair(backend, name)
    key = keys.repair(name, number)
    try:
        return unseal(backend.read(key), key, name) if number else None
    except KeyNotFound:  # removed since it was listed
        return None
