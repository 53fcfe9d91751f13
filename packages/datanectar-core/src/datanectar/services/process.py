"""The process of one service: started in a group of its own, heard, and ended with all that it started."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from datanectar.errors import ConfigurationError, ServiceFailed, UnsupportedError
from datanectar.records import Service
from datanectar.services import guard
from datanectar.services.ports import MARK, mark

Output = Callable[[str, str], None]
TAIL = 15  # lines that an error shows
_LINE = 1 << 16
_LAST_WORDS_SECONDS = 1.0  # a process that it left behind may hold the pipe
#: Tells the guard before the program runs, so that there is no moment in which a killed supervisor leaves it behind.
_REGISTERED = 'echo $$ >&0 && exec "$0" "$@" </dev/null'


class Guard:
    """A process that outlives this one, if this one is killed, to end its services."""

    def __init__(self, stop_seconds: float) -> None:
        if os.name != "posix":
            raise UnsupportedError("services are started on Linux and macOS; `datanectar compose` is for all systems")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, str(os.getpid()), str(stop_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )

    def fileno(self) -> int:
        """Where a service says its process group."""
        assert self._process.stdin is not None
        return self._process.stdin.fileno()

    def forget(self, group: int) -> None:
        """Says that a group has ended; its number may be another's soon."""
        self._say(f"-{group}")

    def close(self) -> None:
        """Lets it go; it ends what is left: what was started, but not written down before a Ctrl-C."""
        assert self._process.stdin is not None
        self._say("0")  # a fork of this process may hold the pipe open
        self._process.stdin.close()
        self._process.wait()

    def _say(self, line: str) -> None:
        try:
            os.write(self.fileno(), f"{line}\n".encode())
        except BrokenPipeError:  # somebody killed the guard
            pass


def program(service: Service) -> str:
    """Returns the path of a service's program.

    Raises:
        ConfigurationError: There is none.
    """
    found = shutil.which(service.command[0])
    if found is None:
        raise ConfigurationError(
            f"{service.name}: the program {service.command[0]!r} is not there or not executable; install it, or say "
            f"in [services.{service.name}] where it is"
        )
    return os.path.abspath(found)


def check(service: Service) -> None:
    """Looks for what a service needs to be started.

    Raises:
        ConfigurationError: Its program or a variable is missing.
    """
    program(service)
    unset = unset_variables(service)
    if unset:
        raise ConfigurationError(f"{service.name} needs variables that are not set: export {', '.join(unset)}")


def unset_variables(service: Service) -> list[str]:
    """Returns the names of the variables that a service needs and this process does not have."""
    return [name for name in (*service.secrets, *service.variables) if not os.environ.get(name)]


def directory(service: Service, root: Path) -> Path:
    """Returns where a service is started."""
    return service.directory or (service.config_files[0].parent if service.config_files else root)


def _make(place: Path) -> None:
    """Makes a directory for what a service keeps, which is of no interest to version control."""
    if not place.exists():
        place.mkdir(parents=True)
        (place / ".gitignore").write_text("*\n", encoding="utf-8")


class ServiceProcess:
    """A running service.

    Args:
        service: What to start.
        root: The project's directory.
        guard: What ends it if this process is killed.
        output: Is given its name and every line that it writes, in a thread.
        ended: Is called in a thread once its process has ended, whatever the reason.
    """

    def __init__(
        self, service: Service, root: Path, guard: Guard, output: Output, ended: Callable[[ServiceProcess], None]
    ) -> None:
        self.service, self._guard, self._output, self._ended = service, guard, output, ended
        self.tail: deque[str] = deque(maxlen=TAIL)
        for place in service.state:
            _make(place)
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **service.env, MARK: mark(service, root)}
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _REGISTERED, program(service), *service.command[1:]],
                cwd=str(directory(service, root)),  # a text, for the message if it is not there
                env=environment,
                stdin=guard.fileno(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise ServiceFailed(f"{service.name} did not start: {error}", service=service.name, log=[]) from error
        self._reader = threading.Thread(target=self._read, name=f"output of {service.name}", daemon=True)
        self._reader.start()
        self._waiter = threading.Thread(target=self._wait, name=f"end of {service.name}", daemon=True)
        self._waiter.start()

    @property
    def pid(self) -> int:
        """Its process, and its process group."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self._process.poll()

    def failure(self, what: str) -> ServiceFailed:
        """Returns what to raise: what became of it, and what it said last; of one that has ended, its last words."""
        if self.code is not None:
            self._waiter.join()
        name, log = self.service.name, list(self.tail)
        said = "".join(f"\n  {line}" for line in log) or " nothing"
        return ServiceFailed(f"{name} {what}. Its last lines:{said}", service=name, log=log)

    def stop(self) -> bool:
        """Ends it: SIGTERM, then its whole group; returns whether it ended by itself in time."""
        self._signal(os.kill, signal.SIGTERM)
        try:
            self._process.wait(self.service.stop_seconds)
            in_time = True
        except subprocess.TimeoutExpired:
            in_time = False
        self.kill()
        return in_time

    def kill(self) -> None:
        """Ends its group at once."""
        self._signal(os.killpg, signal.SIGKILL)  # also what a server that has ended left behind
        self._process.wait()
        self._waiter.join()
        self._reader.join(2)  # a process that left the group may hold the pipe
        self._guard.forget(self.pid)

    def _signal(self, send: Callable[[int, int], None], number: int) -> None:
        try:
            send(self.pid, number)
        except (ProcessLookupError, PermissionError):  # of a group of dead processes, macOS says the latter
            pass

    def _read(self) -> None:
        assert self._process.stdout is not None
        failed = False
        with self._process.stdout as lines:
            while line := lines.readline(_LINE):
                self.tail.append(line.rstrip("\n"))
                try:
                    self._output(self.service.name, self.tail[-1])
                except Exception as error:  # who is not read any more would end, or wait forever
                    if not failed:
                        _log("what the output of %s is given to fails: %r", self.service.name, error)
                    failed = True

    def _wait(self) -> None:
        self._process.wait()
        self._reader.join(_LAST_WORDS_SECONDS)  # they are part of the report
        self._ended(self)


def _log(message: str, *arguments: object) -> None:
    import logging

    logging.getLogger("datanectar.services").warning(message, *arguments)
