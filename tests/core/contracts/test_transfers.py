"""What backends on clients that are no Python need: Ctrl-C is heard, and a file comes in several ranges."""

import os
import random
import signal
import threading
from threading import Timer

import pytest

import datanectar as dn

CONTENT = random.Random(1).randbytes(100_003)


def pieces(first: int, last: int):
    for start in range(first, last, 700):
        yield CONTENT[start : min(start + 700, last)]


@pytest.mark.parametrize("start", [0, 7, len(CONTENT) - 1])
@pytest.mark.parametrize("least", [1, 5_000, 1 << 20])
def test_a_file_is_filled_whatever_the_ranges(tmp_path, start, least):
    with (tmp_path / "file").open("w+b") as file:
        file.write(CONTENT[:start])
        dn.fetch_ranges(file, start, len(CONTENT), 4, least, pieces)
        assert file.tell() == len(CONTENT)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_no_more_ranges_than_asked_for_come_and_none_is_smaller_than_asked_for(tmp_path):
    asked = []

    def noted(first: int, last: int):
        asked.append((first, last))
        return pieces(first, last)

    with (tmp_path / "file").open("w+b") as file:
        dn.fetch_ranges(file, 0, 100_000, 4, 1, noted)
        assert sorted(asked) == [(0, 25_000), (25_000, 50_000), (50_000, 75_000), (75_000, 100_000)]
        asked.clear()
        dn.fetch_ranges(file, 0, 100_000, 4, 60_000, noted)
        assert sorted(asked) == [(0, 60_000), (60_000, 100_000)]


def test_after_a_range_that_fails_nothing_more_is_written(tmp_path):
    gate = threading.Event()

    def fetched(first: int, last: int):
        if first:
            raise ConnectionError("cut")
        yield b"a"
        gate.wait()
        yield b"b"

    with (tmp_path / "file").open("w+b", buffering=0) as file:
        with pytest.raises(ConnectionError, match="cut"):
            dn.fetch_ranges(file, 0, 10, 2, 5, fetched)
        gate.set()
        for thread in threading.enumerate():
            if thread.name.startswith("fetch"):
                thread.join()
    assert b"b" not in (tmp_path / "file").read_bytes()


@pytest.mark.parametrize("where", ["main thread", "another thread"])
def test_what_a_call_returns_or_raises_is_passed_on(where):
    outcomes = []

    def ask() -> None:
        outcomes.append(dn.interruptible(lambda: 3))
        try:
            dn.interruptible(lambda: 1 / 0)
        except ZeroDivisionError as error:
            outcomes.append(str(error))

    if where == "main thread":
        ask()
    else:
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert outcomes == [3, "division by zero"]


@pytest.mark.parametrize("starts_over", [False, True])
def test_ctrl_c_is_heard_while_a_call_does_not_return(starts_over):
    """Also where system calls start over after a signal, as libraries in Rust and C++ have it."""
    gate = threading.Event()
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.siginterrupt(signal.SIGINT, not starts_over)
    Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        dn.interruptible(gate.wait)
    gate.set()
    signal.signal(signal.SIGINT, before)
