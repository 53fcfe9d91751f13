"""A dictionary in this process, for tests and experiments."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import BinaryIO
from urllib.parse import urlsplit

from datanectar.contracts.storage import StorageBackend, check_key
from datanectar.errors import AlreadyExists, KeyNotFound
from datanectar.records import ObjectInfo


@dataclass(frozen=True)
class MemoryOptions:
    """Options of ``type = "memory"``."""

    name: str = field(default="", metadata={"help": "Stores of one name share their content in this process"})

    @classmethod
    def from_url(cls, url: str) -> MemoryOptions:
        """Reads ``memory://`` (a store of its own) and ``memory://name``."""
        return cls(urlsplit(url).netloc)


class _Content:
    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self.lock = Lock()


_shared: dict[str, _Content] = {}


class MemoryBackend(StorageBackend):
    """Keeps objects in a dictionary; other processes do not see them."""

    reach = "process"

    def __init__(self, options: MemoryOptions | None = None) -> None:
        name = options.name if options else ""
        self._content = _shared.setdefault(name, _Content()) if name else _Content()
        self.url = f"memory://{name}"

    def _get(self, key: str) -> bytes:
        try:
            return self._content.objects[check_key(key)][0]
        except KeyError:
            raise KeyNotFound(f"{key} is not in {self.url}") from None

    def read(self, key: str) -> bytes:
        return self._get(key)

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        return io.BytesIO(self._get(key)[start:end])

    def write(self, key: str, source: bytes | BinaryIO | Path) -> ObjectInfo:
        if isinstance(source, Path):
            source = source.read_bytes()
        return self.create(key, source if isinstance(source, bytes) else source.read())

    def create(self, key: str, data: bytes) -> ObjectInfo:
        now = datetime.now(UTC)
        with self._content.lock:
            if check_key(key) in self._content.objects:
                raise AlreadyExists(f"{key} exists in {self.url}")
            self._content.objects[key] = (bytes(data), now)
        return ObjectInfo(key, len(data), now)

    def stat(self, key: str) -> ObjectInfo | None:
        found = self._content.objects.get(check_key(key))
        return None if found is None else ObjectInfo(key, len(found[0]), found[1])

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        with self._content.lock:
            found = [(key, *value) for key, value in self._content.objects.items() if key.startswith(prefix)]
        for key, data, modified in found:
            yield ObjectInfo(key, len(data), modified)

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:  # which may come from a listing of this very store, so the lock is not held meanwhile
            with self._content.lock:
                self._content.objects.pop(check_key(key), None)
