"""Services started side by side, watched, and stopped in order."""

from __future__ import annotations

import atexit
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, Self

from datanectar.configuration.active import current
from datanectar.errors import ArgumentError, ServiceFailed
from datanectar.records import Service
from datanectar.services.choosing import Chosen, choose
from datanectar.services.output import OURS, prefixed
from datanectar.services.ports import held
from datanectar.services.process import Guard, Output, ServiceProcess, check
from datanectar.services.waiting import Serving, Waiting

_POLL_SECONDS = 0.1
SECONDS_TO_START = 90.0  # importing Feast takes up to 20 of them


class Services(Mapping[str, Serving]):
    """Services that are up, by name. Leaving the ``with`` block, or the end of Python, stops those started here."""

    def __init__(self, chosen: Chosen, output: Output, when_one_ends: str) -> None:
        self._root, self._output, self._when_one_ends = chosen.root, output, when_one_ends
        self._running: dict[str, Serving] = {}
        self._processes: dict[str, ServiceProcess] = {}
        self._failures: dict[str, ServiceFailed] = {}
        self._ends: queue.SimpleQueue[ServiceProcess | None] = queue.SimpleQueue()
        self._stopping, self._over = threading.Event(), threading.Event()
        self._owner, self._stop_lock = os.getpid(), threading.RLock()
        self._guard: Guard | None = None

    def __getitem__(self, name: str) -> Serving:
        return self._running[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._running)

    def __len__(self) -> int:
        return len(self._running)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.stop()
        if kind is None:
            self.check()

    def check(self) -> None:
        """Raises what became of a service that ended by itself, if one did.

        Raises:
            ServiceFailed: One did; the message ends with its last lines.
        """
        for failure in self._failures.values():
            raise failure

    def wait(self) -> None:
        """Waits until the services have ended: all of them, or one and so all.

        Raises:
            ServiceFailed: One ended by itself.
        """
        while self._processes and not self._over.is_set():
            time.sleep(_POLL_SECONDS)  # of all waits, the one out of which a signal's handler may raise
        self.stop()
        self.check()

    def stop(self) -> None:
        """Stops what was started here, the last one first; interrupted, it kills what is left."""
        if os.getpid() != self._owner:  # a fork
            return
        self._stopping.set()
        try:
            with self._stop_lock:
                while self._processes:
                    self._end(next(reversed(self._processes.values())))
                self._close()
        except BaseException:  # a second Ctrl-C; what a thread is just stopping is killed, too
            for left in list(self._processes.values()):
                left.kill()
            with self._stop_lock:
                self._processes.clear()
                self._close()
            raise

    def _end(self, process: ServiceProcess) -> None:
        name, before = process.service.name, time.monotonic()
        if process.code is None:
            self._say(f"stopping {name}")
            in_time = process.stop()
            took = f"{time.monotonic() - before:.1f} s"
            killed = f"killed: it had not ended after {process.service.stop_seconds:g} s"
            self._say(f"{name} stopped, {took}" if in_time else f"{name} {killed}")
        else:
            self._failures.setdefault(name, process.failure(f"ended by itself with code {process.code}"))
            process.kill()
        self._processes.pop(name, None)

    def _say(self, line: str) -> None:
        try:
            self._output(OURS, line)
        except Exception:  # a terminal that is gone must not keep services from being stopped in order
            pass

    def _close(self) -> None:
        self._ends.put(None)
        if self._guard is not None:
            self._guard.close()
            self._guard = None
        self._over.set()
        atexit.unregister(self.stop)

    # Starting

    def start(self, services: list[Service], timeout: float) -> None:
        """Starts services side by side, and returns when all are up.

        Raises:
            ConfigurationError: A program or a secret is missing.
            PortTaken: A port is in use by something else.
            ServiceFailed: One did not come up; the others are stopped.
        """
        holders = {one.name: found for one in services if (found := held(one, self._root)) is not None}
        new = [service for service in services if service.name not in holders]
        for service in new:
            check(service)  # what is missing is said before anything is started
        try:
            if new:
                self._guard = Guard(max(service.stop_seconds for service in new))
                atexit.register(self.stop)
            for service in new:
                assert self._guard is not None
                process = ServiceProcess(service, self._root, self._guard, self._output, self._ends.put)
                self._processes[service.name] = process
            self._running = Waiting(self._processes, holders, timeout, self._output).all_up(services)
        except BaseException:
            self.stop()
            raise
        threading.Thread(target=self._watch, name="services", daemon=True).start()

    # Watching

    def _watch(self) -> None:
        while (process := self._ends.get()) is not None:
            if not self._stopping.is_set():
                self._ended(process)

    def _ended(self, process: ServiceProcess) -> None:
        name = process.service.name
        go_on = self._when_one_ends == "go on"
        others = [other for other in self._processes if other != name]
        then = "" if not others else "; the others go on" if go_on else "; the others are stopped"
        failure = process.failure(f"ended by itself with code {process.code}{then}")
        self._failures[name] = failure
        self._say(str(failure))
        if go_on and others:
            process.kill()  # what it left behind
            self._processes.pop(name, None)
        else:
            self.stop()


def serve(
    *names: str,
    timeout: float = SECONDS_TO_START,
    when_one_ends: Literal["stop", "go on"] = "stop",
    output: Callable[[str, str], None] | None = None,
) -> Services:
    """Starts services on their native configuration files, side by side, and returns when all of them are up.

    In a ``with`` block they are stopped at its end; else when `Services.stop` is called or Python ends. If this process
    is killed, they are ended, too. One of this project that runs already is used, and left running.

    Args:
        *names: Which; by default those of installed plugins that fit the project, and every ``[services.NAME]``.
        timeout: Seconds within which all of them have to be up.
        when_one_ends: What happens when a service ends by itself: the others are stopped, or go on.
        output: Is given the name and the text of each line that they write; by default it stands on stderr, prefixed.

    Returns:
        What is up, by name.

    Raises:
        ConfigurationError: An option is wrong, or a native file, a program or a secret is missing.
        PluginNotFoundError: There is none, or one of them is not installed, disabled or unknown.
        PortTaken: A port is in use by something else.
        ServiceFailed: One did not come up, and the others were stopped; the message ends with its last lines.
        UnsupportedError: This is Windows.
    """
    if when_one_ends not in ("stop", "go on"):
        raise ArgumentError(f"when_one_ends = {when_one_ends!r} must be 'stop' or 'go on'")
    chosen = choose(current(), names)
    if output is None:
        output = prefixed(sys.stderr, [service.name for service in chosen.services])
    return started(chosen, timeout, when_one_ends, output)


def started(chosen: Chosen, timeout: float, when_one_ends: str, output: Output) -> Services:
    """Starts chosen services, as `serve` does."""
    for name, reason in chosen.left_out.items():
        output(OURS, f"{name} is left out: {reason}")
    services = Services(chosen, output, when_one_ends)
    services.start(chosen.services, timeout)
    return services
