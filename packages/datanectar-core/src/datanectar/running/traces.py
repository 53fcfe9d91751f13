"""What is told of an exception: the user's part of its traceback, and one line."""

from __future__ import annotations

import traceback

from datanectar.errors import DatanectarError, StorageError, TaskTimeout, WorkerDied

#: How the log of an interrupted attempt ends.
INTERRUPTED = "interrupted\n"


def trace_of(error: BaseException) -> str:
    """The traceback below Datanectar's own frames: the user's code."""
    if isinstance(error, DatanectarError):
        return f"{type(error).__name__}: {error}\n"
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(_OWN_FILES):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames))


_OWN_FILES = __file__.rpartition("running")[0]


def summary_of(error: BaseException) -> str:
    """The exception in a line."""
    if isinstance(error, DatanectarError):
        return str(error)
    return "".join(traceback.format_exception_only(error)).strip()


def is_final(error: BaseException) -> bool:
    """Whether trying again would only take longer to say the same: an unstorable result, a changed argument, …"""
    return isinstance(error, DatanectarError) and not isinstance(error, (StorageError, TaskTimeout, WorkerDied))
