"""Artifacts in one SQLite file: a primary key makes `create` atomic."""

import io
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import datanectar as dn
from datanectar.errors import AlreadyExists, KeyNotFound


@dataclass(frozen=True)
class VaultOptions:
    path: Path = field(metadata={"help": "The file; relative to the configuration file"})
    password: str = field(default="", repr=False, metadata={"help": "Of no use, but never shown", "secret": True})

    @classmethod
    def from_url(cls, url: str) -> "VaultOptions":
        return cls(Path(url.removeprefix("vault://")))


class Vault(dn.StorageBackend):
    def __init__(self, options: VaultOptions) -> None:
        self._path = options.path
        self.url = f"vault://{options.path}"
        self._do("CREATE TABLE IF NOT EXISTS objects (key TEXT PRIMARY KEY, data BLOB, modified TEXT)")

    def _do(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self._path, timeout=60)) as database, database:
            return database.execute(statement, values).fetchall()

    def read(self, key: str) -> bytes:
        for (data,) in self._do("SELECT data FROM objects WHERE key = ?", dn.check_key(key)):
            return data
        raise KeyNotFound(f"{key} is not in {self.url}")

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        return io.BytesIO(self.read(key)[start:end])

    def write(self, key: str, source: bytes | BinaryIO | Path) -> dn.ObjectInfo:
        if isinstance(source, Path):
            source = source.read_bytes()
        return self.create(key, source if isinstance(source, bytes) else source.read())

    def create(self, key: str, data: bytes) -> dn.ObjectInfo:
        now = datetime.now(UTC)
        try:
            self._do("INSERT INTO objects VALUES (?, ?, ?)", dn.check_key(key), data, now.isoformat())
        except sqlite3.IntegrityError as error:
            raise AlreadyExists(f"{key} exists in {self.url}") from error
        return dn.ObjectInfo(key, len(data), now)

    def stat(self, key: str) -> dn.ObjectInfo | None:
        return next((info for info in self.list(dn.check_key(key)) if info.key == key), None)

    def list(self, prefix: str) -> Iterator[dn.ObjectInfo]:
        query = "SELECT key, length(data), modified FROM objects WHERE substr(key, 1, ?) = ?"
        for key, size, modified in self._do(query, len(prefix), prefix):
            yield dn.ObjectInfo(key, size, datetime.fromisoformat(modified))

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._do("DELETE FROM objects WHERE key = ?", dn.check_key(key))
