"""A stream to write to, for whoever can only read from one."""

import threading

import pytest

from datanectar.contracts.streaming import Abandoned, written_by
from datanectar.errors import StorageError


def test_what_is_written_is_read_in_order_and_at_the_same_time():
    taken = []

    def consume(source):
        while piece := source.read(700_001):
            taken.append(piece)

    pieces = [b"a" * 3_000_000, b"", b"b", b"c" * 10, b"d" * (1 << 20)]
    with written_by(consume, "test") as sink:
        for piece in pieces:
            sink.write(piece)
        assert taken  # before the end
    assert b"".join(taken) == b"".join(pieces)


def test_memory_that_is_used_again_after_a_write_changes_nothing():
    taken = []
    memory = bytearray(b"x" * (2 << 20))
    with written_by(lambda source: taken.append(source.read()), "test") as sink:
        sink.write(memory)
        memory[:] = b"y" * len(memory)
        sink.write(memory)
    assert taken == [b"x" * (2 << 20) + b"y" * (2 << 20)]


def give_up(consume, written: bytes, error: BaseException) -> None:
    with written_by(consume, "test") as sink:
        sink.write(written)
        raise error


@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt()])
@pytest.mark.parametrize("written", [b"", b"x", b"x" * (3 << 20)])
def test_a_block_that_raises_is_never_taken_for_a_whole(error, written):
    seen = []

    def consume(source):
        try:
            seen.append(source.read())
        except Abandoned as abandoned:
            seen.append(abandoned)
            raise

    with pytest.raises(type(error)):
        give_up(consume, written, error)
    assert [type(found) for found in seen] == [Abandoned]


def write_much(consume) -> None:
    with written_by(consume, "test") as sink:
        for _ in range(10):
            sink.write(b"x" * (2 << 20))


def test_what_the_reader_raises_is_raised_by_the_next_write():
    def consume(source):
        source.read(5)
        raise StorageError("full")

    with pytest.raises(StorageError, match="full"):
        write_much(consume)


def test_what_the_reader_raises_after_the_last_byte_is_raised_by_the_block():
    def consume(source):
        source.read()
        raise StorageError("refused")

    with pytest.raises(StorageError, match="refused"):
        write_much(consume)


def test_a_reader_that_stops_early_is_told_of():
    with pytest.raises(StorageError, match=r"stopped reading it \d+ bytes before its end"):
        write_much(lambda source: source.read(5))


def test_no_thread_is_left():
    before = threading.active_count()
    write_much(lambda source: source.read())
    with pytest.raises(StorageError):
        write_much(lambda source: None)
    assert threading.active_count() == before
