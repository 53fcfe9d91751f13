"""A stream to write to, for whoever can only read from one."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Thread
from typing import Any, BinaryIO, cast

from datanectar.errors import StorageError

_BUFFER = 1 << 20


class Abandoned(Exception):
    """What a reader gets when the bytes it was reading will not be completed."""


@contextmanager
def written_by(consume: Callable[[BinaryIO], object], name: str) -> Iterator[BinaryIO]:
    """Opens a stream; a thread has `consume` read what is written to it, while it is written.

    Nothing is collected on the way: who writes waits until the bytes are taken. If the block raises, `consume` gets
    `Abandoned` from its next read, so that it never takes half of the bytes for the whole. What `consume` raises is
    raised by the next write, or when the block ends.
    """
    channel = _Channel()
    thread = Thread(target=channel.run, args=(consume,), name=name, daemon=True)
    thread.start()
    stream = io.BufferedWriter(_Writer(channel), _BUFFER)
    try:
        yield cast(BinaryIO, stream)
        stream.flush()
    except BaseException:
        channel.close(abandoned=True)
        raise
    else:
        channel.close(abandoned=False)
    finally:
        thread.join()
        stream.raw.close()  # not the buffer: what it still holds after an error is nobody's
    if channel.failure is not None:
        raise channel.failure


class _Channel:
    """Hands bytes from one thread to another, a piece at a time."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._piece = memoryview(b"")
        self._open, self._abandoned, self._read_from = True, False, True
        self.failure: BaseException | None = None

    def run(self, consume: Callable[[BinaryIO], object]) -> None:
        """Reads until the end, in a thread of its own."""
        try:
            consume(cast(BinaryIO, io.BufferedReader(_Reader(self), _BUFFER)))
        except BaseException as error:
            self.failure = error
        with self._changed:
            self._read_from = False
            self._changed.notify_all()

    def put(self, piece: memoryview) -> None:
        """Waits until all of a piece is taken."""
        with self._changed:
            self._piece = piece
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._piece or not self._read_from)
            untaken, self._piece = self._piece.nbytes, memoryview(b"")
        if self.failure is not None:
            raise self.failure
        if untaken:
            raise StorageError(f"whoever was to store the stream stopped reading it {untaken} bytes before its end")

    def take(self, target: memoryview) -> int:
        """Waits for bytes, and copies as many as there are and fit; none at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._piece or not self._open)
            if self._abandoned:
                raise Abandoned("whoever writes these bytes gave up; nothing is to be stored")
            count = min(len(target), len(self._piece))
            target[:count] = self._piece[:count]
            self._piece = self._piece[count:]
            self._changed.notify_all()
            return count

    def close(self, *, abandoned: bool) -> None:
        """Says that no more bytes follow."""
        with self._changed:
            self._open, self._abandoned = False, abandoned
            self._changed.notify_all()


class _Writer(io.RawIOBase):
    def __init__(self, channel: _Channel) -> None:
        self._channel = channel

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        view = memoryview(data).cast("B")
        self._channel.put(view)
        return view.nbytes


class _Reader(io.RawIOBase):
    def __init__(self, channel: _Channel) -> None:
        self._channel = channel

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any, /) -> int:
        return self._channel.take(memoryview(target).cast("B"))
