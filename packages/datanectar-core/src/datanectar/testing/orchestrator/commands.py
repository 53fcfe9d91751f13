"""`datanectar run` in a process of its own, and the pipe of a step that is to be interrupted."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

from datanectar.records import OrchestratorType
from datanectar.testing.brought import for_environment

_PATIENCE = 60.0  # seconds; only what is wrong takes this long
# A shell that started the tests in the background has Ctrl-C ignored, and so would this process.
_MAIN = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from datanectar.cli import main; main()"
)


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


def start(given: OrchestratorType | str, url: str, workers: int, task: str, *parameters: str) -> subprocess.Popen[str]:
    """Starts ``datanectar run`` of a task of `datanectar.testing.pipelines`; what it prints is to be read."""
    name = given if isinstance(given, str) else given.name
    options = ["--orchestrator", name, "--workers", str(workers), "--storage-layer", url]
    return subprocess.Popen(
        [sys.executable, "-P", "-c", _MAIN, "run", f"datanectar.testing.pipelines:{task}", *parameters, *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **for_environment(given), "PYTHONPATH": os.pathsep.join(sys.path)},
        text=True,
    )
