"""The sink: what is written is hashed, held while it is little, and passed on."""

from hashlib import sha256

import numpy as np
import pytest

from datanectar.errors import StorageFull
from datanectar.layer.sink import FileSink
from datanectar.storages.memory import MemoryBackend

LARGE = bytes(range(251)) * 10_000
PIECES = [
    *([], [b""], [b"abc"], [b"ab", b"c", b"defg"], [b"x" * 5000], [b"ab", b"y" * 5000]),
    *([LARGE], [b"ab", LARGE, b"c", LARGE[::-1]]),
]


@pytest.mark.parametrize("pieces", PIECES, ids=lambda pieces: str([len(piece) for piece in pieces]))
def test_a_sink_hashes_what_it_passes_on(pieces):
    backend, data = MemoryBackend(), b"".join(pieces)
    with FileSink(backend, "k", 6) as sink:
        for piece in pieces:
            assert sink.write(piece) == len(piece)
            assert sink.writable()
        assert sink.tell() == len(data)
    assert (sink.size, sink.digest) == (len(data), sha256(data).hexdigest())
    assert sink.inline == (data if len(data) <= 6 else None)
    assert (backend.stat("k") is None) == (len(data) <= 6)
    assert len(data) <= 6 or backend.read("k") == data


def test_a_sink_takes_any_buffer():
    backend = MemoryBackend()
    with FileSink(backend, "k", 0) as sink:
        sink.write(np.arange(6, dtype="u1").reshape(2, 3).data)
        sink.write(memoryview(bytearray(b"ab")))
    assert backend.read("k") == bytes(range(6)) + b"ab"


def test_what_was_written_may_change_afterwards():
    buffer = bytearray(b"one")
    with FileSink(MemoryBackend(), "k", 10) as sink:
        sink.write(buffer)
        buffer[:] = b"two"
    assert sink.inline == b"one"


def test_a_sink_that_ends_with_an_error_leaves_nothing():
    backend = MemoryBackend()

    def fail_half_way():
        with FileSink(backend, "k", 3) as sink:
            sink.write(b"x" * 10)
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        fail_half_way()
    assert list(backend.list("")) == []


def test_a_store_that_fails_while_a_large_piece_is_hashed_is_told_at_once(faulty):
    backend = faulty()

    def full(key):
        raise StorageFull("no space left")

    backend.before["write"] = full

    def write():
        with FileSink(backend, "k", 0) as sink:
            sink.write(LARGE)

    with pytest.raises(StorageFull, match="no space left"):
        write()
    assert backend.listed() == []
