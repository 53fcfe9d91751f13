"""Repairs: nothing is overwritten, so what replaces a damaged artifact is a new manifest beside the old one."""

from __future__ import annotations

from datanectar.contracts.storage import StorageBackend
from datanectar.layer import keys


def last_repair(backend: StorageBackend, name: str) -> int:
    """Returns the number of an artifact's newest repair, or 0."""
    return max((keys.number_of(info.key) for info in backend.list(keys.repairs_prefix(name))), default=0)
