"""A server process that lives as long as a `with` block, and never longer than the process that started it."""

from __future__ import annotations

import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import ClassVar, Self

from testbed.http1 import Head

SECONDS_TO_START = 60  # on a machine that does much else
POLL_INTERVAL = 0.05
LOG_TAIL = 4000  # characters of the log that an error shows
PR_SET_PDEATHSIG = 1


class ServerFailed(RuntimeError):
    """A server could not be installed or did not start; the message says why, and ends with its log."""


class ServerStopped(ServerFailed):
    """A server stopped by itself while it was starting."""


class Server(ABC):
    """One server on 127.0.0.1, started on entering a `with` block and stopped on leaving it.

    Its keys and ports are new with every start. What it writes is in `directory`, and of no use afterwards.
    """

    host = "127.0.0.1"
    port: int

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self.log = self.directory / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """Chooses free ports, and returns what to run."""

    @abstractmethod
    def environment(self) -> Mapping[str, str]:
        """Returns what the server's environment has beside a home of its own."""

    @property
    @abstractmethod
    def client_environment(self) -> dict[str, str]:
        """The variables by which clients find the server and may use it."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Tells whether this server, and no other that took its port, answers."""

    def answers(self, path: str) -> bool:
        """Whether a GET of this path has status 200."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def __enter__(self) -> Self:
        try:
            self._start()
        except ServerStopped:  # most likely another process took one of the ports in between
            self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends the server; its data need no care."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            # Asked to end, SeaweedFS takes seconds to tidy up what nobody needs. All of its session: Feast's server,
            # killed alone, leaves its worker behind.
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def _start(self) -> None:
        command = self.command()
        if not os.access(command[0], os.X_OK):
            raise ServerFailed(f"{command[0]} is missing: install the dependency group `servers`, or run nox")
        variables = {"HOME": str(self.directory), "TMPDIR": str(self.directory), "PATH": os.defpath}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.directory,
                env={**variables, **self.environment()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that Ctrl-C ends the clients first
                preexec_fn=death_with_parent(),
            )
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.stop()
            raise

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while not self.is_ready():
            if process.poll() is not None:
                raise ServerStopped(f"{self._name} stopped with code {process.returncode}; its log:\n{self._tail()}")
            if time.monotonic() > deadline:
                raise ServerFailed(f"{self._name} is not ready after {SECONDS_TO_START} s; its log:\n{self._tail()}")
            time.sleep(POLL_INTERVAL)

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _tail(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL:]


class Store(Server):
    """A server that stores objects."""

    #: What URLs of stores on it begin with.
    scheme: ClassVar[str]

    @abstractmethod
    def make_bucket(self, name: str) -> None:
        """Makes a bucket, or what the service calls one."""

    @abstractmethod
    def sign(self, request: Head) -> Head:
        """Signs a request anew that was changed on its way."""


def death_with_parent() -> Callable[[], None] | None:
    """Returns what a child of this process calls before its program, so that it is killed when this process dies.

    Elsewhere than on Linux there is no such thing, and a killed parent leaves its child behind.
    """
    if sys.platform != "linux":
        return None
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("start servers from the main thread: Linux kills them when the thread ends")
    prctl = ctypes.CDLL(None).prctl  # looked up here: after a fork, a child should do little
    parent = os.getpid()

    def before_program() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return before_program


def free_ports(count: int, *, also: int = 0) -> list[int]:
    """Returns ports that are free on 127.0.0.1, each with the one `also` ports above it."""
    ports: list[int] = []
    with ExitStack() as held:  # all at once, so that none comes twice
        while len(ports) < count:
            port = held.enter_context(_bound(0)).getsockname()[1]
            try:
                if also:
                    held.enter_context(_bound(port + also))
            except (OSError, OverflowError):  # in use, or above 65535
                continue
            ports.append(port)
    return ports


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    try:
        bound.bind((Server.host, port))
    except BaseException:
        bound.close()
        raise
    return bound
