"""Captures what a step prints and logs, and still shows it: a tee on this process's streams."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

_HELD_IN_MEMORY = 1 << 20


class StepLog:
    """What a step printed, in memory up to 1 MiB, beyond it in a temporary file."""

    def __init__(self) -> None:
        self._file: Any = None
        self._closed = False

    def write(self, data: str | bytes) -> None:
        """Adds text, or bytes that were written below the text."""
        if self._closed:  # by a handler that the task made and left behind
            return
        if self._file is None:
            self._file = tempfile.SpooledTemporaryFile(max_size=_HELD_IN_MEMORY)  # noqa: SIM115  closed with the log
        self._file.write(data.encode("utf-8", "replace") if isinstance(data, str) else data)

    def read(self) -> bytes:
        """Returns everything that was written."""
        if self._file is None:
            return b""
        self._file.seek(0)
        content: bytes = self._file.read()
        self._file.seek(0, io.SEEK_END)
        return content

    def close(self) -> None:
        """Forgets everything; what is written from now on is dropped."""
        self._closed = True
        if self._file is not None:
            self._file.close()
            self._file = None


class _Tee:
    """A text or binary stream that also writes to a log; everything else is the stream's own business."""

    def __init__(self, stream: Any, log: StepLog) -> None:
        self._stream, self._log = stream, log

    def write(self, data: Any) -> Any:
        self._log.write(data)
        return self._stream.write(data)

    def writelines(self, lines: Iterable[Any]) -> None:
        for line in lines:
            self.write(line)

    @property
    def buffer(self) -> _Tee:
        return _Tee(self._stream.buffer, self._log)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def captured() -> Iterator[StepLog]:
    """Sends stdout, stderr and logging of the block to a log, too."""
    log = StepLog()
    streams = sys.stdout, sys.stderr
    # A process without a console has no streams to tee.
    sys.stdout, sys.stderr = (stream and _Tee(stream, log) for stream in streams)
    remove_handler = _add_handler(log)
    try:
        yield log
    finally:
        remove_handler()
        sys.stdout, sys.stderr = streams


def _add_handler(log: StepLog) -> Any:
    """Adds a handler where logging is in use. Without handlers logging falls back to stderr, which is teed."""
    logging = sys.modules.get("logging")
    if logging is None or not logging.root.handlers:
        return lambda: None
    handler = logging.StreamHandler(log)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.flush = lambda: None
    logging.root.addHandler(handler)
    return lambda: logging.root.removeHandler(handler)
