"""Plugins to be found, as distributions of one module; and servers to be started."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import psutil
import pytest

from datanectar.plugins import discovery
from datanectar.services.ports import accepts, free_port

Install = Callable[..., str]
_INSTALLED = {(point.name, point.value) for point in discovery.installed()}


@pytest.fixture(autouse=True)
def no_other_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Core is tested as if alone: of plugins there are those that a test installs."""
    found = discovery.installed
    monkeypatch.setattr(discovery, "installed", lambda: [it for it in found() if (it.name, it.value) not in _INSTALLED])


@pytest.fixture
def install(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Returns a function that puts a distribution with a plugin on the path and returns its module's name."""
    modules: list[str] = []

    def install(distribution: str, source: str, *, entry: str = "", version: str = "1.0") -> str:
        folder = tmp_path_factory.mktemp("site")
        module = f"{distribution.replace('-', '_')}_{folder.name.replace('-', '_')}"
        modules.append(module)
        write_distribution(folder, distribution, version, {entry or distribution: module})
        (folder / f"{module}.py").write_text(f"import datanectar as dn\n{dedent(source)}")
        monkeypatch.syspath_prepend(str(folder))
        return module

    yield install
    for module in modules:
        sys.modules.pop(module, None)


def write_distribution(folder: Path, name: str, version: str, entries: dict[str, str]) -> None:
    metadata = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = "".join(f"{entry} = {module}\n" for entry, module in entries.items())
    (metadata / "entry_points.txt").write_text(f"[datanectar]\n{lines}")


#: A server whose manners its arguments choose. It notes its process, and what happens to it, beside itself.
SERVER = """
import os, signal, subprocess, sys, time, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NAME, PORT, *GIVEN = sys.argv[1:]
MANNERS = {key: value for key, _, value in (it.partition("=") for it in GIVEN)}
HERE = Path(__file__).parent


def note(file, what):
    with (HERE / file).open("a") as notes:
        notes.write(f"{what}\\n")


def end(*_):
    note("events", f"{NAME} stopped")
    os._exit(0)


class Answers(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        note("events", f"{NAME} asked")
        healthy = "healthy" not in MANNERS or Path(MANNERS["healthy"]).exists()
        self.answer(int(MANNERS.get("answer", 200)) if healthy else 503)
        if self.path.startswith("/end/"):
            os._exit(int(self.path.removeprefix("/end/")))

    def do_POST(self):
        posted = self.rfile.read(int(self.headers["Content-Length"])).decode()
        note("events", f"{NAME} was posted {posted}")
        self.answer(int(MANNERS.get("posted", 200)))

    def answer(self, status):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"" if status == 200 else b"not yet")


signal.signal(signal.SIGTERM, signal.SIG_IGN if "stubborn" in MANNERS else end)
note("pids", f"{os.getpid()} {NAME}")
print(MANNERS.get("says", "hello"), flush=True)
if "ends" in MANNERS:
    sys.exit(int(MANNERS["ends"]))
if "child" in MANNERS:
    child = subprocess.Popen([sys.executable, __file__, NAME, "0", "stubborn", "idle"])
    while str(child.pid) not in (HERE / "pids").read_text().split():
        time.sleep(0.01)
if "after" in MANNERS:
    while True:
        try:
            urllib.request.urlopen(MANNERS["after"]).close()
            break
        except OSError:
            time.sleep(0.01)
if "idle" in MANNERS:
    while True:
        signal.pause()
ThreadingHTTPServer(("127.0.0.1", int(PORT)), Answers).serve_forever()
"""


class Servers:
    """Servers of one test: described in rows of the project in the working directory, or started by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = folder / "server.py"
        self.program.write_text(SERVER)
        self._by_hand: list[subprocess.Popen[bytes]] = []

    def command(self, name: str, port: int, *manners: str) -> list[str]:
        return [sys.executable, str(self.program), name, str(port), *manners]

    def row(self, name: str, *manners: str, **options: Any) -> int:
        """Writes ``[services.NAME]`` of a server with these manners, and returns its port."""
        port = options.pop("port", None) or free_port()
        command = self.command(name, port, *manners)
        row = {"command": command, "ready": f"http://127.0.0.1:{port}/", "ports": [port], **options}
        with Path("datanectar.toml").open("a") as file:  # what JSON writes of texts, numbers and lists is TOML
            file.write("".join(["\n", f"[services.{name}]\n", *(f"{k} = {json.dumps(row[k])}\n" for k in row)]))
        return port

    def begin(self, name: str, port: int, *manners: str, **environment: str) -> int:
        """Starts a server by hand, waits until it takes connections, and returns its process id."""
        process = subprocess.Popen(self.command(name, port, *manners), env={**os.environ, **environment})
        self._by_hand.append(process)
        eventually(lambda: accepts(port))
        return process.pid

    def events(self, *kinds: str) -> list[str]:
        """Returns what happened to servers, or what of these kinds did."""
        lines = self._notes("events")
        return [line for line in lines if not kinds or line.split()[1] in kinds]

    def pids(self) -> list[int]:
        """Returns the processes that there were, in the order in which they started."""
        return [int(line.split()[0]) for line in self._notes("pids")]

    def pid(self, name: str) -> int:
        """Returns the first process of a service."""
        return next(int(line.split()[0]) for line in self._notes("pids") if line.split()[1] == name)

    def living(self) -> list[int]:
        """Returns those of the processes that have not ended."""
        return [pid for pid in self.pids() if self._lives(pid)]

    def end(self) -> list[int]:
        """Ends what was started by hand and kills the rest, which is returned."""
        for process in self._by_hand:
            process.kill()
            process.wait()
        left = self.living()
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        return left

    def _lives(self, pid: int) -> bool:
        try:
            process = psutil.Process(pid)
            return process.status() != psutil.STATUS_ZOMBIE and str(self.program) in process.cmdline()
        except psutil.NoSuchProcess:
            return False

    def _notes(self, file: str) -> list[str]:
        notes = self.folder / file
        return notes.read_text().splitlines() if notes.exists() else []


@pytest.fixture
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers to be started as services; a test that leaves one behind fails."""
    made = Servers(tmp_path_factory.mktemp("servers"))
    yield made
    left = made.end()
    assert left == []


@pytest.fixture(name="eventually")
def eventually_fixture() -> Callable[[Callable[[], Any]], Any]:
    """Returns a function that waits until a condition holds, and returns what it gave."""
    return eventually


def eventually(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)
    return found


@pytest.fixture
def running() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Returns a function that starts Python with arguments, in the background, its output in `out` and `err`."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        with Path("out").open("w") as out, Path("err").open("w") as err:
            process = subprocess.Popen(
                [sys.executable, *arguments], stdout=out, stderr=err, text=True, env={**os.environ, **environment}
            )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
