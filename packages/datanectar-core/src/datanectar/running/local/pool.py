"""Worker processes: each has a pipe of its own, so one that dies takes its own step with it and nothing else.

Written after trying the pools that there are: with loky one death fails every step of the pool; with pebble a death can
fail steps of others, and what a task has started survives a timeout and the end of the run.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import pickle
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from datanectar.contracts.orchestration import Execute, Outcome, Step
from datanectar.contracts.processes import interrupts_blocked
from datanectar.errors import TaskDefinitionError, TaskTimeout, WorkerDied
from datanectar.running.local.worker import Begun, Ended, serve

#: What a worker that ran out of time may take to say where it is.
_LAST_WORDS = 0.5  # seconds
#: How long an end can go unnoticed: what shows it may be held open by processes that the worker forked.
_LOOK_AROUND = 1.0
#: What a worker may take to end by itself when the run is over, before it is ended.
_FAREWELL = 5.0


class _Worker:
    """One process, the pipe to it, and what it is at."""

    def __init__(self, execute: Execute) -> None:
        # Spawned, not forked, everywhere: a copy of a process that has threads and connections is not to be trusted.
        context = multiprocessing.get_context("spawn")
        self.connection, other_end = context.Pipe()
        self.process = context.Process(target=serve, args=(other_end, execute, os.getcwd()), name="datanectar-worker")
        with interrupts_blocked():
            self.process.start()
        other_end.close()
        self.job: _Job | None = None
        self.has_served = False

    def next_message(self) -> Any:
        """Returns what the process said next, or None where it said nothing more."""
        try:
            return self.connection.recv() if self.connection.poll() else None
        except (EOFError, OSError):  # it ended in the middle of a word
            return None

    def kill(self) -> int | None:
        """Ends the process and all that it started, and returns its exit code."""
        if os.name == "posix" and self.process.pid is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):  # gone, or not yet a group of its own
                pass
        self.process.kill()
        self.process.join()
        code = self.process.exitcode
        self.process.close()
        self.connection.close()
        return code


class _Job:
    """A step that a worker is at."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.begun: float | None = None

    @property
    def has_had_its_time(self) -> bool:
        return self.deadline is not None and self.deadline - _LAST_WORDS <= time.monotonic()

    @property
    def deadline(self) -> float | None:
        """When it has had its time, and has said where it is."""
        if self.begun is None or self.step.timeout is None:
            return None
        return self.begun + self.step.timeout + _LAST_WORDS

    @property
    def is_late(self) -> bool:
        return self.deadline is not None and self.deadline <= time.monotonic()


class Pool:
    """Up to `size` worker processes, started when they are needed. Used as a context; its end leaves none behind."""

    def __init__(self, size: int, execute: Execute) -> None:
        self._size, self._execute = size, execute
        self._workers: list[_Worker] = []
        self._folder = Path(tempfile.mkdtemp(prefix="datanectar-"))

    def __enter__(self) -> Pool:
        # A second Ctrl-C may come before its end begins; at exit, multiprocessing would wait for the workers forever.
        atexit.register(self._kill_all)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            busy = [worker for worker in self._workers if worker.job is not None]
            with interrupts_blocked():  # a second Ctrl-C counts after it: no process is left behind
                self._end_all(busy)
                atexit.unregister(self._kill_all)
            for worker in busy:
                assert worker.job is not None
                self._execute.lost(worker.job.step, KeyboardInterrupt())
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _end_all(self, busy: list[_Worker]) -> None:
        """Ends what is at a step at once; the others are told to, and get a moment for it."""
        for worker in busy:
            worker.kill()
        idle = [worker for worker in self._workers if worker not in busy]
        for worker in idle:
            worker.connection.close()
        end = time.monotonic() + _FAREWELL
        for worker in idle:
            worker.process.join(max(0.0, end - time.monotonic()))
            worker.kill()

    def _kill_all(self) -> None:
        for worker in self._workers:
            worker.kill()

    @property
    def running(self) -> int:
        """How many steps are running."""
        return sum(worker.job is not None for worker in self._workers)

    @property
    def has_room(self) -> bool:
        """Whether another step can start now."""
        return self.running < self._size

    def start(self, step: Step) -> None:
        """Gives a step to a free worker, or to a new one.

        Raises:
            TaskDefinitionError: The step cannot be pickled.
        """
        attempt = os.urandom(12).hex()
        # Retries are the scheduler's: it has them left when the process has not.
        step = replace(step, retries=0, attempt=attempt, log=str(self._folder / f"{attempt}.log"))
        try:
            pickled = pickle.dumps(step)
        except Exception as error:  # whatever an argument's class says
            msg = f"{step.task} cannot be sent to a worker process: {type(error).__name__}: {error}"
            raise TaskDefinitionError(msg) from error
        worker = self._free_worker()
        worker.job = _Job(step)
        # By way of a file: a large step would fill the pipe to a process that is still starting, and block all others.
        order = self._folder / f"{attempt}.step"
        order.write_bytes(pickled)
        with suppress(OSError):  # it has just died, which `wait` will find
            worker.connection.send(str(order))

    def _free_worker(self) -> _Worker:
        for worker in self._workers:
            if worker.job is None:
                return worker
        self._workers.append(_Worker(self._execute))
        return self._workers[-1]

    def wait(self, seconds: float) -> Iterator[Outcome]:
        """Waits until something happens, but not longer than `seconds`, and yields the outcomes of steps that ended."""
        deadlines = [worker.job.deadline for worker in self._workers if worker.job and worker.job.deadline is not None]
        left = [deadline - time.monotonic() for deadline in deadlines]
        handles = [handle for worker in self._workers for handle in (worker.connection, worker.process.sentinel)]
        wait(handles, max(0.0, min([seconds, _LOOK_AROUND, *left])))
        for worker in list(self._workers):
            yield from self._hear(worker)

    def _hear(self, worker: _Worker) -> Iterator[Outcome]:
        """Takes what a worker says, which may be the last of a process that has ended since."""
        is_alive = worker.process.is_alive()  # asked first: then all that it said is in the pipe
        while (message := worker.next_message()) is not None:
            if isinstance(message, Begun):
                assert worker.job is not None
                worker.job.begun = message.since
            else:
                yield self._take(worker, message)
        if not is_alive:
            yield from self._bury(worker)
        elif worker.job is not None and worker.job.is_late:
            job = worker.job
            self._remove(worker)
            yield self._lost(job, _timeout(job.step))

    def _take(self, worker: _Worker, message: Ended) -> Outcome:
        job, worker.job, worker.has_served = worker.job, None, True
        assert job is not None
        cause = _unpickled(message.cause)
        if message.outcome is None:
            return self._lost(job, cause or WorkerDied("the step failed in a way that cannot be told"))
        if message.outcome.error is not None:
            message.outcome.error.__cause__ = cause
        _remove_log(job.step)
        return message.outcome

    def _bury(self, worker: _Worker) -> Iterator[Outcome]:
        job = worker.job
        code = self._remove(worker)
        if job is None:
            return
        if job.begun is None and worker.has_served:  # it died before it read the step: that is nobody's failure
            self.start(job.step)
            return
        if job.has_had_its_time:  # saying where it is can crash a process that is busy
            yield self._lost(job, _timeout(job.step))
            return
        yield self._lost(job, WorkerDied(_death(job, code), exit_code=code))

    def _lost(self, job: _Job, error: BaseException) -> Outcome:
        """Makes the outcome of a step that its worker could not report."""
        seconds = 0.0 if job.begun is None else time.monotonic() - job.begun
        outcome = self._execute.lost(job.step, error, seconds)
        _remove_log(job.step)
        return outcome

    def _remove(self, worker: _Worker) -> int | None:
        self._workers.remove(worker)
        return worker.kill()


def _remove_log(step: Step) -> None:
    with suppress(OSError):  # what the step started may have it open, on Windows; it goes with its folder
        Path(step.log).unlink()


def _unpickled(cause: bytes) -> BaseException | None:
    if not cause:
        return None
    try:
        found: BaseException = pickle.loads(cause)
    except Exception:  # an exception class may refuse to come back in any way it likes
        return None
    return found


def _timeout(step: Step) -> TaskTimeout:
    return TaskTimeout(
        f"it took longer than its timeout of {step.timeout:g} s; its log shows where it was when it was ended"
    )


def _death(job: _Job, code: int | None) -> str:
    if job.begun is None:
        return (
            f"before it came to the task, its worker process {_exit(code)}; what it said is above. A script that "
            'starts a run does so below `if __name__ == "__main__":`, since each worker imports it'
        )
    return f"its worker process {_exit(code)}"


def _exit(code: int | None) -> str:
    if code is None or code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"was ended by {name}{_SIGNALS.get(name, '')}"


_SIGNALS = {
    "SIGKILL": ", as the kernel does when memory runs out",
    "SIGSEGV": ", a crash in compiled code; its log shows where",
    "SIGABRT": ", a crash in compiled code; its log shows where",
    "SIGBUS": ", a crash in compiled code; its log shows where",
}
