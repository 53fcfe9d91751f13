"""What a store knows of one version of a task's code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from datanectar.contracts.storage import StorageBackend
from datanectar.errors import IntegrityError, KeyNotFound
from datanectar.layer import keys
from datanectar.layer.manifest import open_seal


@dataclass(frozen=True)
class CodeRecord:
    """One version of a task's code.

    Attributes:
        functions: The digest of each function, class and global, by ``module:name``; the task's own is the first.
        libraries: The versions of the libraries that it used, by module, when it was first recorded.
        sources: Their source text, where it is kept.
    """

    functions: dict[str, str]
    libraries: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)


def read_code(backend: StorageBackend, digest: str) -> CodeRecord | None:
    """Returns what is recorded of a code digest, or None where that is nothing, or damaged."""
    record = _read(backend, keys.code(digest))
    if record is None:
        return None
    source = _read(backend, keys.source(digest)) or {}
    return CodeRecord(record.get("functions", {}), record.get("libraries", {}), source.get("source", {}))


def _read(backend: StorageBackend, key: str) -> dict[str, Any] | None:
    try:
        return dict(open_seal(backend.read(key), key, "It is left out"))
    except (KeyNotFound, IntegrityError):
        return None
