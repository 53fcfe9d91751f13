"""Captures what a step prints and logs, and still shows it: a tee on this process's streams."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock, RLock
from typing import Any, BinaryIO

from datanectar.running.process_log import ProcessLog

_HELD_IN_MEMORY = 1 << 20


class StepLog:
    """What a step printed, in memory up to 1 MiB, beyond it in a temporary file."""

    def __init__(self) -> None:
        self._file: Any = None
        self._closed = False
        self._lock = RLock()  # a task's threads may all print at once

    def write(self, data: str | bytes) -> None:
        """Adds text, or bytes that were written below the text."""
        with self._lock:
            if self._closed:  # by a handler that the task made and left behind
                return
            if self._file is None:
                self._file = tempfile.SpooledTemporaryFile(max_size=_HELD_IN_MEMORY)  # noqa: SIM115  closed below
            self._file.write(data.encode("utf-8", "replace") if isinstance(data, str) else data)

    @contextmanager
    def reading(self) -> Iterator[BinaryIO]:
        """Opens what was written so far for reading; inside the block whoever writes waits."""
        with self._lock:
            if self._file is None:
                yield io.BytesIO()
                return
            self._file.seek(0)
            try:
                yield self._file
            finally:
                self._file.seek(0, io.SEEK_END)

    def close(self) -> None:
        """Forgets everything; what is written from now on is dropped."""
        with self._lock:
            self._closed = True
            if self._file is not None:
                self._file.close()
                self._file = None


class _Tee:
    """A text or binary stream that also writes to the logs in force; everything else is the stream's own business."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, data: Any) -> Any:
        for log in _logs.get() or _only_log():
            try:
                log.write(data)
            except OSError:  # no room for the log: that is not what the task should fail of
                pass
        return self._stream.write(data)

    def writelines(self, lines: Iterable[Any]) -> None:
        for line in lines:
            self.write(line)

    @property
    def buffer(self) -> _Tee:
        return _Tee(self._stream.buffer)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


#: The logs of the steps that this thread is in, one inside the other.
_logs: ContextVar[tuple[StepLog, ...]] = ContextVar("datanectar_logs", default=())
#: The logs of all threads. The streams are the process's: the first step puts the tees in place, the last removes them.
_open: list[StepLog] = []
_plain: list[Any] = []
_lock = Lock()


def _only_log() -> tuple[StepLog, ...]:
    """Threads that a task starts are in no step; if one step runs, they are that step's."""
    return tuple(_open) if len(_open) == 1 else ()


@contextmanager
def captured(log: StepLog | ProcessLog) -> Iterator[None]:
    """Sends stdout, stderr and logging of the block to a log, too. A process's log gets the streams as it is."""
    remove_handler = _add_handler(log)
    try:
        if isinstance(log, ProcessLog):
            yield
        else:
            with _teed(log):
                yield
    finally:
        remove_handler()


@contextmanager
def _teed(log: StepLog) -> Iterator[None]:
    with _lock:
        if not _open:
            _plain[:] = sys.stdout, sys.stderr
            # A process without a console has no streams to tee.
            sys.stdout, sys.stderr = (stream and _Tee(stream) for stream in _plain)
        _open.append(log)
    token = _logs.set((*_logs.get(), log))
    try:
        yield
    finally:
        _logs.reset(token)
        with _lock:
            _open.remove(log)
            if not _open:
                sys.stdout, sys.stderr = _plain


def _add_handler(log: StepLog | ProcessLog) -> Any:
    """Adds a handler where logging is in use. Without handlers logging falls back to stderr, which is in the log."""
    logging = sys.modules.get("logging")
    if logging is None or not logging.root.handlers:
        return lambda: None
    if any(_is_kept_anyway(handler, log) for handler in logging.root.handlers):
        return lambda: None
    handler = logging.StreamHandler(log)
    if isinstance(log, StepLog):  # what other threads log belongs to other steps
        handler.addFilter(lambda record: log in (_logs.get() or _only_log()))
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.flush = lambda: None
    logging.root.addHandler(handler)
    return lambda: logging.root.removeHandler(handler)


def _is_kept_anyway(handler: Any, log: StepLog | ProcessLog) -> bool:
    """Whether what a handler writes comes into the log as it is: by a tee, or as the process's output."""
    try:
        stream = handler.stream
        return isinstance(stream, _Tee) if isinstance(log, StepLog) else stream.fileno() in (1, 2)
    except (AttributeError, OSError, ValueError):
        return False
