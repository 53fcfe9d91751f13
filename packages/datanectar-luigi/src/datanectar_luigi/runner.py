"""The process in which Luigi runs: it is given waves of steps, and ends with the process that started it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import datanectar as dn
from datanectar_luigi.options import LuigiOptions

_LOOK_AROUND = 1.0  # seconds
#: What it may take to tell a central scheduler that the run has ended.
_FAREWELL = 2.0


class Terms(NamedTuple):
    """How a run uses Luigi.

    Attributes:
        options: The orchestrator's.
        workers: How many steps run at once; None leaves it to luigi.cfg.
        run: The id of the run.
        directory: Its working directory.
    """

    options: LuigiOptions
    workers: int | None
    run: str
    directory: str


class Hindrances(NamedTuple):
    """Why Luigi did not run some steps of a wave.

    Attributes:
        waits: Whether asking again can help: other runs are at it, or have what it takes.
        reasons: What nothing but the user can change, by the artifacts of the tasks.
    """

    waits: bool = False
    reasons: Mapping[str, str] = MappingProxyType({})


def serve(orders: Connection, reports: Connection, farewell: Connection, terms: Terms) -> None:
    """Runs the waves whose folders come through a pipe, until it is closed; says of each when Luigi is done with it."""
    dn.leave_the_terminal()
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # until a worker of Luigi listens, which may be configured not to
    dn.adopt_main()
    os.chdir(terms.directory)
    if terms.options.config:
        os.environ["LUIGI_CONFIG_PATH"] = str(Path(terms.options.config).resolve())
    from datanectar_luigi.engine import Engine  # reads luigi.cfg
    from datanectar_luigi.wave_folder import open_wave

    engine = Engine(terms.options, terms.workers, terms.run)
    _end_with_parent(farewell, engine.release)
    while True:
        try:
            folder = orders.recv()
        except (EOFError, OSError):  # the run is over
            return
        try:
            wave = open_wave(folder)
            wave.tell = lambda file: reports.send(("report", file))
            hindrances = engine.run(wave)
        except Exception as error:
            reports.send(("trouble", (type(error).__name__, str(error))))
        else:
            reports.send(("over", (hindrances.waits, dict(hindrances.reasons))))


def _end_with_parent(farewell: Connection, release: Callable[[], None]) -> None:
    """A run that ends, or was killed, leaves nothing behind: no process, nor a word at a central scheduler."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        while not wait([parent.sentinel, farewell], _LOOK_AROUND) and os.getppid() == parent.pid:
            pass
        last = threading.Thread(target=release, daemon=True)
        last.start()
        last.join(_FAREWELL)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="datanectar-parent-watch", daemon=True).start()
