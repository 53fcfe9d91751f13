"""The process in which Luigi runs, from outside: started when there is work, started again when it was lost."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import Any, Self

import datanectar as dn
from datanectar_luigi.options import LuigiOptions
from datanectar_luigi.runner import serve
from datanectar_luigi.wave_folder import Report, WaveFolder

_LOOK_AROUND = 1.0  # seconds: what an assistant of Luigi's runs is told by files alone


class RunnerProcess:
    """Up to one process; its end leaves none of its children behind.

    Attributes:
        elsewhere: The artifacts of the last wave that other runs are making.
    """

    def __init__(self, options: LuigiOptions, workers: int) -> None:
        self._options, self._workers = options, workers
        self._process: Any = None
        self.elsewhere: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with _interrupts_blocked():
            self._end()

    def start(self) -> int:
        """Starts the process, if there is none; returns its id."""
        if self._process is None:
            # Spawned: a copy of a process that has threads and connections is not to be trusted.
            context = multiprocessing.get_context("spawn")
            theirs, self._orders = context.Pipe(duplex=False)
            self._reports, their_reports = context.Pipe(duplex=False)
            arguments = (theirs, their_reports, self._options, self._workers, os.getcwd())
            self._process = context.Process(target=serve, args=arguments, name="datanectar-luigi")
            with _interrupts_blocked():
                self._process.start()
            theirs.close()
            their_reports.close()
        assert self._process.pid is not None
        return int(self._process.pid)

    def run(self, wave: WaveFolder) -> Iterator[Report]:
        """Has a wave run, and yields what is told of its steps, as it becomes known.

        Raises:
            DatanectarError: Luigi could not run it: the store or the scheduler does not answer, for example.
        """
        self.elsewhere = []
        known: set[str] = set()
        self._orders.send(str(wave.path))
        while True:
            heard = wait([self._reports, self._process.sentinel], _LOOK_AROUND)
            is_alive = self._process.is_alive()  # asked first: then all that it said is in the pipe
            names, end = self._hear()
            if end is not None or not heard or not is_alive:
                names = wave.names()
            for name in names:
                if name not in known:
                    known.add(name)
                    yield wave.read(name)
            if end is not None:
                self._take(*end)
                return
            if not is_alive:
                code = self._process.exitcode
                self._end()
                yield from _lost(wave, f"the process in which Luigi ran ended with exit code {code}")
                return

    def _hear(self) -> tuple[list[str], Any]:
        """Takes what was said: the files of reports, and the last word on the wave, if it came."""
        names: list[str] = []
        try:
            while self._reports.poll():
                kind, words, more = self._reports.recv()
                if kind != "report":
                    return names, (kind, words, more)
                names.append(words)
        except (EOFError, OSError):
            pass
        return names, None

    def _take(self, kind: str, words: str, more: Any) -> None:
        if kind == "trouble":
            error: type[dn.errors.DatanectarError] = getattr(dn.errors, more, dn.errors.UnsupportedError)
            raise error(f"Luigi could not run the steps: {words}")
        self.elsewhere = more

    def _end(self) -> None:
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # gone, or not yet a group of its own
            pass
        self._process.kill()
        self._process.join()
        self._process.close()
        self._orders.close()
        self._reports.close()
        self._process = None


def _lost(wave: WaveFolder, words: str) -> Iterator[Report]:
    for number in range(len(wave.steps)):
        if wave.has(number, "started") and not wave.has(number, "ended") and not wave.has(number, "lost"):
            yield Report(number, "lost", words=f"died {words}")


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Holds Ctrl-C back for a block. A process that starts in it lets it through when it is out of the group."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
