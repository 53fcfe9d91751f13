"""Captures what a step prints and logs, and still shows it: a tee on this process's streams."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

_HELD_IN_MEMORY = 1 << 20


class StepLog:
    """What a step printed, in memory up to 1 MiB, beyond it in a temporary file."""

    def __init__(self) -> None:
        self._file: Any = None

    def write(self, text: str) -> None:
        """Adds text."""
        if self._file is None:
            self._file = tempfile.SpooledTemporaryFile(max_size=_HELD_IN_MEMORY)  # noqa: SIM115  closed with the log
        self._file.write(text.encode("utf-8", "replace"))

    def read(self) -> bytes:
        """Returns everything that was written."""
        if self._file is None:
            return b""
        self._file.seek(0)
        content: bytes = self._file.read()
        self._file.seek(0, io.SEEK_END)
        return content


class _Tee(io.TextIOBase):
    """Writes to a stream and to a log; everything else is the stream's own business."""

    def __init__(self, stream: TextIO, log: StepLog) -> None:
        self._stream, self._log = stream, log

    def write(self, text: str, /) -> int:
        self._log.write(text)
        return self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding


@contextmanager
def captured() -> Iterator[StepLog]:
    """Sends stdout, stderr and logging of the block to a log, too."""
    log = StepLog()
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Tee(streams[0], log), _Tee(streams[1], log)
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
