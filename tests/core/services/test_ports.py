"""Who listens on a port."""

import os
import socket
import sys
from collections.abc import Callable, Iterator

import psutil
import pytest

from datanectar.services.ports import MARK, Holder, accepts, free_port, holder

Listen = Callable[..., int]


@pytest.fixture
def listening() -> Iterator[Listen]:
    """Returns a function that listens in this process, and returns the port."""
    sockets: list[socket.socket] = []

    def listen(host: str = "127.0.0.1") -> int:
        one = socket.create_server((host, 0))
        sockets.append(one)
        return int(one.getsockname()[1])

    yield listen
    for one in sockets:
        one.close()


def test_nobody_holds_a_free_port() -> None:
    assert holder(free_port()) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_taken_port_is_told_with_process_and_program(listening: Listen, host: str) -> None:
    found = holder(listening(host))
    assert found is not None
    assert (found.pid, found.program) == (os.getpid(), psutil.Process().name())
    assert str(found) == f"pid {os.getpid()} ({psutil.Process().name()})"


def test_what_was_started_as_a_service_is_known_by_its_mark(servers) -> None:
    port = free_port()
    pid = servers.begin("web", port, **{MARK: "web@/project"})
    found = holder(port)
    assert found is not None
    assert (found.pid, found.mark) == (pid, "web@/project")


def test_what_was_not_has_none(servers) -> None:
    port = free_port()
    servers.begin("web", port)
    found = holder(port)
    assert found is not None
    assert found.mark == ""


def test_a_port_whose_connections_have_just_ended_is_free(listening: Listen) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = server.accept()
            accepted.close()  # the server's side ends first, and is remembered for a minute
            client.recv(1)
    assert holder(port) is None


def test_without_psutil_the_holder_has_no_name_and_it_says_what_gives_one(
    listening: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    found = holder(listening())
    assert found is not None
    assert found.pid is None
    assert "datanectar-core[services]" in str(found)


def test_a_process_that_the_system_does_not_tell_of_is_a_strangers(
    listening: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "net_connections", lambda _: [])
    assert holder(listening()) == Holder(None, "a process of another user or container")


def test_a_system_that_tells_nobody_makes_all_strangers(listening: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_: str) -> None:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", denied)
    assert holder(listening()) == Holder(None, "a process of another user or container")


def test_a_holder_that_ends_while_it_is_looked_at_is_looked_for_again(
    listening: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, seen = listening(), []
    name = psutil.Process.name

    def gone_at_first(process: psutil.Process) -> str:
        seen.append(process.pid)
        if len(seen) == 1:
            raise psutil.NoSuchProcess(process.pid)
        return str(name(process))

    monkeypatch.setattr(psutil.Process, "name", gone_at_first)
    found = holder(port)
    assert found is not None
    assert (found.pid, len(seen)) == (os.getpid(), 2)


def test_an_environment_that_may_not_be_read_has_no_mark(listening: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_: psutil.Process) -> None:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil.Process, "environ", denied)
    found = holder(listening())
    assert found is not None
    assert (found.pid, found.mark) == (os.getpid(), "")


def test_a_port_takes_connections_once_somebody_listens(listening: Listen) -> None:
    assert accepts(listening())
    assert not accepts(free_port())
