"""Limits: many threads on one backend at once, and objects larger than the memory."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile
from threading import Barrier
from typing import Any

import pytest

from datanectar.contracts.storage import StorageBackend
from datanectar.testing.storage.rules import StorageRules, content, keys
from datanectar.testing.workers import Workers


class Concurrency(StorageRules):
    """Every method may be called by any thread, also by several at once."""

    @pytest.fixture
    def eager_switches(self) -> Iterator[None]:
        """Threads take turns as often as they can, so that what is not safe shows."""
        before = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        yield
        sys.setswitchinterval(before)

    @pytest.mark.usefixtures("eager_switches")
    def test_threads_that_share_a_backend_do_not_disturb_each_other(self, backend: StorageBackend) -> None:
        gate = Barrier(self.threads)

        def use(me: int) -> list[str]:
            gate.wait()
            return [wrong for number in range(5) for wrong in _use(backend, f"t{me}", number)]

        with ThreadPoolExecutor(self.threads) as pool:
            wrong = [what for found in pool.map(use, range(self.threads)) for what in found]
        assert not wrong, f"{len(wrong)} times a thread got what belongs to another, such as: {wrong[0]}"
        assert keys(backend.list("")) == sorted(
            f"t{me}/{number}/kept" for me in range(self.threads) for number in range(5)
        )


class Memory(StorageRules):
    """Objects larger than the memory."""

    def test_a_huge_object_goes_through_in_little_memory(self, backend: StorageBackend) -> None:
        assert self.huge is not None
        with closing(Workers()) as fresh:  # what others did in a process would hide what this does
            ((grown, stored, opened, fetched),) = fresh.run(_carry, [(backend, self.huge)])
        assert stored == opened == fetched, "a huge object came back with other bytes"
        assert grown < self.huge / 2, (
            f"for an object of {self.huge >> 20} MiB the process grew by {grown >> 20} MiB: "
            "models larger than the memory cannot be stored; hand streams on, piece by piece"
        )


def _use(backend: StorageBackend, me: str, number: int) -> Iterator[str]:
    """Uses every method on keys of its own, and yields what was not as it should be."""
    data = content(1000 + hash((me, number)) % 5000)
    kept, gone = f"{me}/{number}/kept", f"{me}/{number}/gone"
    backend.create(kept, data)
    backend.write(gone, io.BytesIO(data[::-1]))
    if backend.read(kept) != data:
        yield f"read({kept!r})"
    with backend.open(gone, 10, 500) as file:
        if file.read() != data[::-1][10:500]:
            yield f"open({gone!r}, 10, 500)"
    info = backend.stat(kept)
    if info is None or info.size != len(data):
        yield f"stat({kept!r})"
    if keys(backend.list(f"{me}/{number}/")) != [gone, kept]:
        yield f"list('{me}/{number}/')"
    backend.delete([gone])
    if backend.stat(gone) is not None or backend.stat(kept) is None:
        yield f"delete([{gone!r}])"


def _carry(backend: StorageBackend, size: int) -> tuple[int, str, str, str]:
    """Writes and reads a huge object; returns by how much the process grew at most, and the digests on the way."""
    _through(backend, "warm", 1 << 20)  # whatever is imported and opened on first use
    before = _peak_memory()
    digests = _through(backend, "huge", size)
    return (_peak_memory() - before, *digests)


def _through(backend: StorageBackend, key: str, size: int) -> tuple[str, str, str]:
    block, hasher = content(1 << 20), sha256()
    with backend.writer(key) as sink:
        for number in range(0, size, 1 << 20):
            piece = memoryview(number.to_bytes(8, "big") + block[8:])[: size - number]
            hasher.update(piece)
            sink.write(piece)
    with backend.open(key) as source:
        opened = _digest(source)
    with TemporaryFile() as file:
        backend.fetch(key, file)
        file.seek(0)
        return hasher.hexdigest(), opened, _digest(file)


def _digest(source: Any) -> str:
    hasher = sha256()
    while chunk := source.read(1 << 20):
        hasher.update(chunk)
    return hasher.hexdigest()


def _peak_memory() -> int:
    """Returns the most memory that this process ever had, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage counts the parent's there, from before the new process was one of its own
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) << 10
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
