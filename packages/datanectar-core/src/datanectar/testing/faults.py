"""A backend around another one, which notes what it is asked and does what a test puts in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from datanectar.contracts.storage import StorageBackend
from datanectar.records import ObjectInfo


class FaultyBackend(StorageBackend):
    """Passes everything on to another backend, notes it, and can be made to fail, lie and count.

    Attributes:
        calls: What was asked, as (method, key); a `writer` counts as ``write``.
        before: By method: called with the key before the deed; what it raises is the answer.
        after: The same, once the deed is done: a lost reply.
    """

    def __init__(self, inner: StorageBackend) -> None:
        self.inner = inner
        self.url, self.reach = inner.url, inner.reach
        self.calls: list[tuple[str, str]] = []
        self.before: dict[str, Callable[[str], object]] = {}
        self.after: dict[str, Callable[[str], object]] = {}

    @contextmanager
    def _noted(self, method: str, key: str) -> Iterator[None]:
        self.calls.append((method, key))
        if method in self.before:
            self.before[method](key)
        yield
        if method in self.after:
            self.after[method](key)

    def read(self, key: str) -> bytes:
        with self._noted("read", key):
            return self.inner.read(key)

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        with self._noted("open", key):
            return self.inner.open(key, start, end)

    def write(self, key: str, source: bytes | BinaryIO | Path) -> ObjectInfo:
        with self._noted("write", key):
            return self.inner.write(key, source)

    def create(self, key: str, data: bytes) -> ObjectInfo:
        with self._noted("create", key):
            return self.inner.create(key, data)

    def stat(self, key: str) -> ObjectInfo | None:
        with self._noted("stat", key):
            return self.inner.stat(key)

    def listed(self, prefix: str = "") -> list[str]:
        """All keys below a prefix, not noted."""
        return sorted(info.key for info in self.inner.list(prefix))

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        with self._noted("list", prefix):
            return self.inner.list(prefix)

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            with self._noted("delete", key):
                self.inner.delete([key])

    def local_path(self, key: str) -> Path | None:
        return self.inner.local_path(key)

    def fetch(self, key: str, file: BinaryIO) -> None:
        with self._noted("fetch", key):
            self.inner.fetch(key, file)

    @contextmanager
    def writer(self, key: str) -> Iterator[BinaryIO]:
        with self._noted("write", key), self.inner.writer(key) as stream:
            yield stream

    def put(self, key: str, data: bytes) -> None:
        """Replaces an object, which no backend does: for tests that damage something."""
        self.inner.delete([key])
        self.inner.create(key, data)
