"""From store to store: bytes are hashed on their way, and become an object only if they are what they should be."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from threading import Event
from typing import BinaryIO, cast

from datanectar.contracts.storage import StorageBackend
from datanectar.contracts.streaming import Abandoned
from datanectar.errors import IntegrityError, KeyNotFound, StorageAccessError, StorageError
from datanectar.layer.verification import check_measured, missing

_BUFFER = 1 << 20


class Transfer:
    """Streams objects from one store to another, never a whole one in memory.

    Args:
        source: Where they are.
        target: Where they go, under the same keys.
        moved: Is told of bytes as they go by, by several threads; of fewer than none where they go by once more.
        stop: When it is set, whatever is on its way is given up and leaves nothing.

    Attributes:
        refusals: The errors by which the target refused a write.
    """

    def __init__(
        self, source: StorageBackend, target: StorageBackend, moved: Callable[[int], None], stop: Event
    ) -> None:
        self._source, self._target, self.moved, self._stop = source, target, moved, stop
        self.refusals: set[StorageAccessError] = set()

    def pause(self, seconds: float) -> None:
        """Waits, unless `stop` is set.

        Raises:
            Abandoned: It was.
        """
        if self._stop.wait(seconds):
            raise Abandoned("the copy was stopped")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Notes that it was the target that refused, where it does: it would refuse all else, too."""
        try:
            yield
        except StorageAccessError as error:
            self.refusals.add(error)
            raise

    def send(self, key: str, size: int, digest: str | None) -> None:
        """Copies an object whose size and SHA-256 are known; of a log, which has no digest, the size alone.

        Raises:
            IntegrityError: It is missing or differs, also when it is sent a second time.
            AlreadyExists: The target has the key, and says so.
            Abandoned: `stop` was set.
        """
        try:
            self._send(key, size, digest)
        except IntegrityError:
            self._send(key, size, digest)  # perhaps the network's fault

    def _send(self, key: str, size: int, digest: str | None) -> None:
        try:
            opened = self._source.open(key)
        except KeyNotFound as error:
            raise missing(self._source, key, digest or "") from error
        with opened:
            stream = self._checked(opened, f"{self._source.url}/{key}", size, digest)
            try:
                # Buffered, for a reader that takes a short piece for the last one.
                with self.writing():
                    written = self._target.write(key, cast(BinaryIO, io.BufferedReader(stream, _BUFFER)))
                if written.size != size:
                    raise StorageError(f"{self._target.url} took {written.size} bytes of {key}, which has {size}")
            except BaseException:
                self.moved(-stream.passed)
                raise

    def arrived(self, key: str, size: int, digest: str) -> bool:
        """Whether the target has the object, whole: read to its end, since nothing else is a proof."""
        try:
            opened = self._target.open(key)
        except KeyNotFound:
            return False
        with opened:
            stream = self._checked(opened, key, size, digest)
            try:
                while stream.read(_BUFFER):
                    pass
                return True
            except IntegrityError:
                self.moved(-stream.passed)
                return False

    def _checked(self, opened: BinaryIO, key: str, size: int, digest: str | None) -> _Checked:
        def passed(count: int) -> None:
            if self._stop.is_set():
                raise Abandoned("the copy was stopped; nothing is to be stored")
            self.moved(count)

        return _Checked(opened, key, size, digest, passed)


class _Checked(io.RawIOBase):
    """Raises instead of ending if what went by is not what was expected."""

    def __init__(
        self, source: BinaryIO, key: str, size: int, digest: str | None, on_passed: Callable[[int], None]
    ) -> None:
        self._source, self._key, self._size, self._digest = source, key, size, digest
        self._hasher, self.passed, self._on_passed = sha256(), 0, on_passed

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview, /) -> int:  # type: ignore[override]
        chunk = self._source.read(len(target))
        self._hasher.update(chunk)
        self._on_passed(len(chunk))
        self.passed += len(chunk)
        if not chunk or self.passed > self._size:
            found = self._hasher.hexdigest()
            check_measured(self._key, self._size, self._digest or found, self.passed, found)
        target[: len(chunk)] = chunk
        return len(chunk)
