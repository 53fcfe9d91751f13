"""Where a serializer writes: bytes are hashed while they are on their way to the store."""

from __future__ import annotations

import io
from contextlib import AbstractContextManager
from hashlib import sha256
from threading import Thread
from typing import Any, BinaryIO

from datanectar.contracts.storage import StorageBackend, check_key

#: A piece this large is worth a thread: below, starting one takes longer than what it saves.
_WORTH_A_THREAD = 1 << 20


class FileSink(io.RawIOBase):
    """Hashes what is written; holds it in memory up to a limit, then streams it to the store."""

    def __init__(self, backend: StorageBackend, key: str, limit: int) -> None:
        super().__init__()
        self._backend, self._key, self._limit = backend, check_key(key), limit
        self._hasher = sha256()
        self._held: list[bytes] | None = []
        self._writer: AbstractContextManager[BinaryIO] | None = None
        self._stream: BinaryIO | None = None
        self.size = 0

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if self._writer is not None:
            self._writer.__exit__(kind, error, trace)

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.size

    def write(self, data: Any, /) -> int:
        view = memoryview(data).cast("B")
        self.size += view.nbytes
        if self._held is not None and self.size <= self._limit:
            self._hasher.update(view)
            self._held.append(bytes(view))
        elif view.nbytes < _WORTH_A_THREAD:
            self._hasher.update(view)
            self._opened().write(view)
        else:
            # Hashing leaves the interpreter free, so it and writing go on at once, without a copy of the bytes.
            hashing = Thread(target=self._hasher.update, args=(view,))
            hashing.start()
            try:
                self._opened().write(view)
            finally:
                hashing.join()
        return view.nbytes

    def _opened(self) -> BinaryIO:
        """The store's stream, which first gets what was held."""
        if self._stream is None:
            writer = self._backend.writer(self._key)
            self._stream = writer.__enter__()
            self._writer = writer
            for piece in self._held or ():
                self._stream.write(piece)
            self._held = None
        return self._stream

    @property
    def digest(self) -> str:
        """SHA-256 of what was written."""
        return self._hasher.hexdigest()

    @property
    def inline(self) -> bytes | None:
        """What was written, if it was little enough to be held."""
        return None if self._held is None else b"".join(self._held)
