"""Processes for tests: spawned once a session and kept, so that a race between eight of them costs no start-up."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import traceback
from collections.abc import Callable, Generator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

import pytest

from datanectar.errors import WorkerDied
from datanectar.testing.surroundings import Surroundings

#: How long workers may be silent, in seconds, before they are taken for hung. It guards and measures nothing.
_SILENCE = 120.0
_ARRIVED, _RETURNED, _RAISED = "arrived", "returned", "raised"


class _Worker:
    """One process, and the pipe to it."""

    def __init__(self, modules: Sequence[str]) -> None:
        # Never forked from the process that runs the tests: it has threads and connections. Where there is a fork
        # server, a spawned process imports what all will need, and they are forked from that.
        method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        context: Any = multiprocessing.get_context(method)
        context.set_forkserver_preload(["__main__", *modules])
        self.connection, other_end = context.Pipe()
        self.process = context.Process(target=_serve, args=(other_end,), name="datanectar-testing", daemon=True)
        self.process.start()
        other_end.close()

    def end(self) -> int | None:
        """Ends the process if it has not ended by itself, and returns its exit code."""
        self.process.kill()
        self.process.join()
        code: int | None = self.process.exitcode
        self.process.close()
        self.connection.close()
        return code


class Workers:
    """Worker processes that are started when they are needed and then kept."""

    def __init__(self) -> None:
        self._workers: list[_Worker] = []
        self._modules: list[str] = []

    def close(self) -> None:
        """Ends all of them."""
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def run(self, function: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Has one process for each item of `arguments` call `function`, all at once.

        Where `function` is a generator, each ``yield`` is a meeting point: it goes on when all the others have arrived
        at theirs, or ended.

        Args:
            function: A function of a module that workers can import.
            arguments: Its arguments for each process; they travel as pickles.

        Returns:
            What each of them returned.

        Raises:
            WorkerDied: One of them was ended, or did not answer; another takes its place.
            Exception: What one of them raised, with its traceback there as a note.
        """
        orders = [pickle.dumps((function, each)) for each in arguments]
        self._modules = sorted({function.__module__, *(type(item).__module__ for each in arguments for item in each)})
        for worker in [each for each in self._workers if each.connection.poll()]:
            self._end(worker)  # nobody asked it anything: what can be read is that it died
        while len(self._workers) < len(orders):
            self._workers.append(_Worker(self._modules))
        around = Surroundings.here()
        crew = self._workers[: len(orders)]
        try:
            for worker, order in zip(crew, orders, strict=True):
                worker.connection.send((around, order))
            answers = self._listen(crew)
        except BaseException:  # Ctrl-C, or the time limit of a test: nobody will wait for what these answer
            for worker in [each for each in crew if each in self._workers]:
                self._end(worker)
            raise
        for worker in crew:
            if isinstance(answers[worker], BaseException):
                raise answers[worker]
        return [answers[worker] for worker in crew]

    def _listen(self, crew: list[_Worker]) -> dict[_Worker, Any]:
        """Waits until all have returned, raised or died, and leads them from one meeting point to the next."""
        answers: dict[_Worker, Any] = {}
        arrived: set[_Worker] = set()
        while busy := [worker for worker in crew if worker not in answers]:
            if arrived.issuperset(busy):
                arrived.clear()
                for worker in busy:
                    worker.connection.send(_ARRIVED)
            heard = set(wait([worker.connection for worker in busy], _SILENCE))
            if not heard:
                return answers | {worker: self._replace(worker, "was silent for too long and") for worker in busy}
            for worker in (worker for worker in busy if worker.connection in heard):
                try:
                    what, value = worker.connection.recv()
                except (EOFError, OSError):
                    answers[worker] = self._replace(worker, "died:")
                    continue
                if what == _ARRIVED:
                    arrived.add(worker)
                else:
                    answers[worker] = pickle.loads(value)
        return answers

    def _replace(self, worker: _Worker, why: str) -> WorkerDied:
        code = self._end(worker)
        self._workers.append(_Worker(self._modules))  # started now, it is ready when it is needed
        return WorkerDied(f"a worker process of the test {why} ended with exit code {code}", exit_code=code)

    def _end(self, worker: _Worker) -> int | None:
        self._workers.remove(worker)
        return worker.end()


WORKERS = pytest.StashKey[Workers]()


def session_workers(config: pytest.Config) -> Workers:
    """Returns the workers of a test session; they end with it."""
    if WORKERS not in config.stash:
        config.stash[WORKERS] = workers = Workers()
        config.add_cleanup(workers.close)
    return config.stash[WORKERS]


def _serve(connection: Connection) -> None:
    """Obeys, in a worker, until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that will end this one
    while True:
        try:
            around, order = connection.recv()
        except (EOFError, OSError):
            return
        try:
            around.adopt()
            answer = _RETURNED, pickle.dumps(_obey(connection, order))
        except Exception as error:
            answer = _RAISED, _pickled(error)
        connection.send(answer)


def _obey(connection: Connection, order: bytes) -> Any:
    try:
        function, arguments = pickle.loads(order)
    except (ImportError, AttributeError) as error:
        msg = (
            f"a worker process cannot open the pickle that the test gave it ({error}). "
            "Define what is tested in a module that can be imported"
        )
        raise ImportError(msg) from error
    result = function(*arguments)
    if not isinstance(result, Generator):
        return result
    try:
        while True:
            next(result)
            connection.send((_ARRIVED, None))
            connection.recv()
    except StopIteration as end:
        return end.value


def _pickled(error: Exception) -> bytes:
    text = "".join(traceback.format_exception(error))
    error.add_note(f"In a worker process:\n{text}")
    try:
        pickled = pickle.dumps(error)
        pickle.loads(pickled)  # an exception class may pickle and refuse to come back
        return pickled
    except Exception:
        return pickle.dumps(RuntimeError(text))
