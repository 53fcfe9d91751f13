"""Waiting until services are up, all of them at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from datanectar.errors import ServiceFailed
from datanectar.records import Service
from datanectar.services.output import OURS
from datanectar.services.ports import Holder
from datanectar.services.process import Output, ServiceProcess
from datanectar.services.readiness import asked, lacks

_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Serving:
    """A service that is up.

    Attributes:
        name: Its name.
        url: Where it answers.
        ports: The ports it listens on, at 127.0.0.1.
        pid: Its process.
        started: Whether it was started here; one that was running already is left running.
    """

    name: str
    url: str
    ports: tuple[int, ...]
    pid: int | None
    started: bool


class Waiting:
    """Waits for services that were started just now, or that others run.

    Args:
        processes: Those started here, by name.
        holders: Who runs the others, by name.
        timeout: Seconds within which all of them have to be up.
        output: Is told when one is up.
    """

    def __init__(
        self, processes: Mapping[str, ServiceProcess], holders: Mapping[str, Holder], timeout: float, output: Output
    ) -> None:
        self._processes, self._holders, self._timeout, self._output = processes, holders, timeout, output
        self._begun = time.monotonic()
        self._over = threading.Event()

    def all_up(self, services: list[Service]) -> dict[str, Serving]:
        """Returns what is up, by name, once all are.

        Raises:
            ServiceFailed: One is not up in time, or has ended; the message ends with its last lines.
        """
        with ThreadPoolExecutor(max(1, len(services))) as pool:
            waiting = {service.name: pool.submit(self._up, service) for service in services}
            try:
                pending = True
                while pending:
                    done, left = wait(waiting.values(), _POLL_SECONDS, FIRST_EXCEPTION)
                    for future in done:
                        future.result()  # raises what went wrong
                    self._check_those_up(waiting)
                    pending = bool(left)
            finally:
                self._over.set()
        return {name: up.result() for name, up in waiting.items()}

    def _check_those_up(self, waiting: Mapping[str, Future[Serving]]) -> None:
        """Raises if one has ended that was up already: the others may wait for it."""
        for name, process in self._processes.items():
            if process.code is not None and waiting[name].done() and waiting[name].exception() is None:
                raise process.failure(f"ended with code {process.code} before the others were up")

    def _up(self, service: Service) -> Serving:
        request = service.request() if service.request is not None else None
        while lacking := lacks(service) or (asked(request.url, request.json) if request is not None else ""):
            self._check(service, lacking)
            self._over.wait(_POLL_SECONDS)
        held = self._holders.get(service.name)
        pid = held.pid if held is not None else self._processes[service.name].pid
        up = Serving(service.name, _url(service), tuple(service.ports), pid, held is None)
        took = f"up after {time.monotonic() - self._begun:.1f} s" if up.started else f"running already, pid {pid}"
        self._output(OURS, f"{service.name} is {took}{' at ' if up.url else ''}{up.url}")
        return up

    def _check(self, service: Service, lacking: str) -> None:
        """Raises if there is nothing to wait for any more."""
        process = self._processes.get(service.name)
        if self._over.is_set():
            raise ServiceFailed(f"{service.name} was stopped", service=service.name, log=[])
        if process is not None and process.code is not None:
            raise process.failure(f"ended with code {process.code} before it was up")
        if time.monotonic() > self._begun + self._timeout:
            what = f"is not up after {self._timeout:g} s: {lacking}"
            if process is not None:
                raise process.failure(what)
            what = f"{service.name}, {self._holders[service.name]}, {what}"
            raise ServiceFailed(what, service=service.name, log=[])


def _url(service: Service) -> str:
    """Where a service answers, without the path that tells whether it is ready."""
    start, slashes, rest = service.ready.partition("://")
    if slashes:
        return start + slashes + rest.partition("/")[0]
    return f"127.0.0.1:{service.ports[0]}" if service.ports else ""
