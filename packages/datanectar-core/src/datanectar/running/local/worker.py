"""What runs in a worker process: a loop that takes steps from a pipe, and the care that nothing outlives the run."""

from __future__ import annotations

import faulthandler
import io
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from importlib import import_module
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import NamedTuple

from datanectar.contracts.orchestration import Execute, Outcome, Step
from datanectar.contracts.processes import adopt_main, leave_the_terminal


class Ended(NamedTuple):
    """What a worker says of a step: its outcome, and the pickle of the exception behind it, if it has one."""

    outcome: Outcome | None
    cause: bytes


_LOOK_AROUND = 1.0  # seconds


class Begun(NamedTuple):
    """What a worker says when a step was read and its task imported: since when its time runs, by `time.monotonic`."""

    since: float


def serve(connection: Connection, execute: Execute, directory: str) -> None:
    """Runs the steps that come through a pipe, until it is closed."""
    leave_the_terminal()
    _end_with_parent()
    adopt_main()
    faulthandler.enable(2, all_threads=False)
    while True:
        try:
            order = Path(connection.recv())
        except (EOFError, OSError):  # the run is over
            return
        os.chdir(directory)  # the step before may have changed it, or closed the streams
        _unbuffer()
        connection.send(_run(connection, execute, order.read_bytes()))
        order.unlink()


def _run(connection: Connection, execute: Execute, pickled: bytes) -> Ended:
    try:
        step: Step = pickle.loads(pickled)
        import_module(step.reference.partition(":")[0])
    except BaseException as error:
        return Ended(None, _pickled(error))
    connection.send(Begun(time.monotonic()))
    if step.timeout is not None:  # by a thread that needs no lock of Python's: it also shows where C code hangs
        faulthandler.dump_traceback_later(step.timeout, file=2)
    try:
        outcome = execute(step)
    except BaseException as error:  # KeyboardInterrupt, raised by the task itself: nobody else can reach a worker
        return Ended(None, _pickled(error))
    finally:
        faulthandler.cancel_dump_traceback_later()
    cause = outcome.error.__cause__ if outcome.error else None
    return Ended(outcome, _pickled(cause) if cause else b"")


def _pickled(error: BaseException) -> bytes:
    try:
        return pickle.dumps(error)
    except Exception:  # it is told as text, too
        return b""


def _end_with_parent() -> None:
    """A run that was killed leaves nothing behind, be it the user's hand or the kernel's."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        # Its end shows at the sentinel, unless a process that it forked holds that open: then in the parent's id.
        while not wait([parent.sentinel], _LOOK_AROUND) and (os.name != "posix" or os.getppid() == parent.pid):
            pass
        if os.name == "posix":
            os.killpg(0, signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=watch, name="datanectar-parent-watch", daemon=True).start()


def _unbuffer() -> None:
    """Makes text reach the descriptors at once: what is in a buffer when a process is killed is lost."""
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        raw = io.FileIO(descriptor, "w", closefd=False)
        setattr(sys, name, io.TextIOWrapper(raw, "utf-8", "backslashreplace", write_through=True))
