"""How a client that is no Python is called: so that Ctrl-C is heard, and so that a file comes in several streams."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from threading import Lock, Thread, current_thread, main_thread
from typing import Any, BinaryIO, TypeVar

_T = TypeVar("_T")

#: How long Ctrl-C may take to be heard, in seconds.
_LOOK_AROUND = 0.2

#: Yields the bytes from one position to another.
Fetched = Callable[[int, int], Iterable[Any]]


def interruptible(call: Callable[[], _T]) -> _T:
    """Calls something that does not hear Ctrl-C until it returns, such as a client written in Rust.

    It is called in the stead of the main thread, which waits and hears. What was interrupted goes on in its thread
    until its timeout, and nobody looks at what comes of it.
    """
    if current_thread() is not main_thread():
        return call()  # signals are the main thread's
    done: Future[_T] = Future()

    def run() -> None:
        try:
            done.set_result(call())
        except BaseException as error:
            done.set_exception(error)

    Thread(target=run, name="interruptible", daemon=True).start()
    # A library's handler of SIGINT may make system calls start over: a wait without an end would then never hear it.
    while not wait([done], _LOOK_AROUND).done:
        pass
    return done.result()


def fetch_ranges(file: BinaryIO, start: int, end: int, at_once: int, least: int, fetched: Fetched) -> None:
    """Fills a file from `start` to `end`: cut into as many ranges as come at once, each of which streams to its place.

    Args:
        file: Open for writing.
        start: Where to begin.
        end: Where to end.
        at_once: How many ranges there are at most.
        least: How many bytes a range has at least.
        fetched: Yields the bytes from one position to another, piece by piece.
    """
    size = max(least, -(-(end - start) // at_once))
    writing, given_up = Lock(), False

    def one(first: int) -> None:
        position = first
        for piece in fetched(first, min(first + size, end)):
            with writing:
                if given_up:
                    return  # the file may be somebody else's by now
                file.seek(position)
                file.write(piece)
            position += len(piece)

    pool = ThreadPoolExecutor(at_once, "fetch")
    try:
        for done in as_completed([pool.submit(one, first) for first in range(start, end, size)]):
            done.result()
        file.seek(end)
    finally:
        with writing:
            given_up = True
        pool.shutdown(wait=False, cancel_futures=True)
