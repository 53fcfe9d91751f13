"""The process in which Luigi runs, from outside: started when there is work, started again when it was lost."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import wait
from typing import Any, Self

import datanectar as dn
from datanectar_luigi.runner import Hindrances, Terms, serve
from datanectar_luigi.wave_folder import Report, WaveFolder, ending

_LOOK_AROUND = 1.0  # seconds: what an assistant of Luigi's runs is told by files alone
#: What it may take to tell a central scheduler that the run has ended.
_FAREWELL = 3.0


class RunnerDied(Exception):
    """The process in which Luigi runs has ended."""

    def __init__(self, exit_code: int | None) -> None:
        super().__init__(f"the process in which Luigi ran {ending(exit_code)}")
        self.exit_code = exit_code

    @property
    def is_refusal(self) -> bool:
        """Whether it ended by itself: it would do so again."""
        return self.exit_code is None or self.exit_code >= 0

    @property
    def error(self) -> dn.errors.WorkerDied:
        """The error for whoever started the run."""
        return dn.errors.WorkerDied(
            f"before it came to a task, {self}; what it said is above. A script that starts a run does so below "
            '`if __name__ == "__main__":`, since other processes import it',
            exit_code=self.exit_code,
        )


class RunnerProcess:
    """Up to one process; its end leaves none of its children behind.

    Attributes:
        hindrances: Why Luigi left steps of the last wave undone.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._process: Any = None
        self.hindrances: Hindrances | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with dn.interrupts_blocked():
            self._end()

    def start(self) -> int:
        """Starts the process, if there is none; returns its id."""
        if self._process is None:
            # Spawned: a copy of a process that has threads and connections is not to be trusted.
            context = multiprocessing.get_context("spawn")
            orders, self._orders = context.Pipe(duplex=False)
            self._reports, reports = context.Pipe(duplex=False)
            farewell, self._farewell = context.Pipe(duplex=False)
            theirs = (orders, reports, farewell)
            self._process = context.Process(target=serve, args=(*theirs, self._terms), name="datanectar-luigi")
            with dn.interrupts_blocked():
                self._process.start()
            for connection in theirs:
                connection.close()
        assert self._process.pid is not None
        return int(self._process.pid)

    def run(self, wave: WaveFolder) -> Iterator[Report]:
        """Has a wave run, and yields what is told of its steps, as it becomes known.

        Raises:
            RunnerDied: The process has ended.
            DatanectarError: Luigi could not run it: the store or the scheduler does not answer, for example.
        """
        self.hindrances = None
        known: set[str] = set()
        with suppress(OSError):  # it has just died, which is found below
            self._orders.send(str(wave.path))
        looked = time.monotonic()
        while True:
            wait([self._reports, self._process.sentinel], _LOOK_AROUND)
            is_alive = self._process.is_alive()  # asked first: then all that it said is in the pipe
            told, end = self._hear()
            is_over = end is not None or not is_alive
            if is_over or time.monotonic() - looked > _LOOK_AROUND:  # other processes have no pipe to say it
                told += [file for file in wave.unread(known) if file not in told]
                looked = time.monotonic()
            new = [file for file in told if file not in known]
            known.update(new)
            yield from wave.read(new)
            if end is not None:
                self._conclude(*end)
                return
            if not is_alive:
                code = self._process.exitcode
                self._end()
                raise RunnerDied(code)

    def start_nothing_more(self) -> None:
        """Has what is running end, and nothing else begin."""
        if self._process is not None and self._process.is_alive():
            os.kill(self._process.pid, signal.SIGUSR1)

    def _hear(self) -> tuple[list[str], Any]:
        """Takes what was said: the files of reports, and the last word on the wave, if it came."""
        told: list[str] = []
        with suppress(EOFError, OSError):
            while self._reports.poll():
                said, content = self._reports.recv()
                if said != "report":
                    return told, (said, content)
                told.append(content)
        return told, None

    def _conclude(self, said: str, content: Any) -> None:
        if said == "trouble":
            kind, words = content
            error = getattr(dn.errors, kind, None) or dn.errors.UnsupportedError
            raise error(f"Luigi could not run the steps: {words}")
        self.hindrances = Hindrances(*content)

    def _end(self) -> None:
        if self._process is None:
            return
        self._orders.close()
        self._farewell.close()
        self._process.join(_FAREWELL)
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # gone, or not yet a group of its own
            pass
        self._process.kill()
        self._process.join()
        self._process.close()
        self._reports.close()
        self._process = None
