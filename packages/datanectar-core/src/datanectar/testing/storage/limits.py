"""Many threads at once on one backend."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from datanectar.contracts.storage import StorageBackend
from datanectar.testing.storage.rules import StorageRules, content, keys


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
