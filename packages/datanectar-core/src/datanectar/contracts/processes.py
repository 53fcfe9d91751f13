"""What processes that run steps take care of: Ctrl-C, the terminal, and scripts that they import."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Holds Ctrl-C back for a block. A worker that starts in it lets signals through when it is out of the group."""
    if os.name != "posix":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave_the_terminal() -> None:
    """Ctrl-C is for the process that started the run: it ends this one and, as a group, all that this one starts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.name != "posix":
        return
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what was sent before was ignored and is gone
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def adopt_main() -> None:
    """Gives what a script defines the module it has there: a pickle that says ``__mp_main__`` loads nowhere else."""
    for value in list(vars(sys.modules["__main__"]).values()):
        if getattr(value, "__module__", None) == "__mp_main__":
            try:
                value.__module__ = "__main__"
            except (AttributeError, TypeError):  # not its own to set
                pass
