"""A run in a process of its own, to be interrupted."""

from __future__ import annotations

import os
import pickle
import select
import signal
import subprocess
import sys
from pathlib import Path

from datanectar.configuration.active import settings
from datanectar.records import OrchestratorType
from datanectar.running.session import run
from datanectar.testing.components import bring
from datanectar.testing.pipelines import never_ends

_PATIENCE = 60.0  # seconds; only what is wrong takes this long


class Pipe:
    """A named pipe: read to its end, it tells that all processes that had it open are gone."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = str(path)
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def read(self) -> bytes | None:
        """Returns what was written, ``b""`` when nobody can write any more, or None where nothing happens."""
        ready, _, _ = select.select([self._descriptor], [], [], _PATIENCE)
        return os.read(self._descriptor, 100) if ready else None


def start(given: OrchestratorType | str, url: str, pipe: str, workers: int) -> subprocess.Popen[str]:
    """Starts a run whose step never ends."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", f"from {__name__} import main; main()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(pickle.dumps((given, url, pipe, workers)).hex())
    process.stdin.close()
    process.stdin = None
    return process


def main() -> None:
    """What that process runs."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # where a shell started the tests in the background
    given, url, pipe, workers = pickle.loads(bytes.fromhex(sys.stdin.read()))
    with settings(storage_layer=url) as active:
        record = bring(OrchestratorType, given, active)
        run(never_ends(1, pipe), orchestrator=record.name, workers=workers)
