"""What becomes of services whose supervisor ends in another way than by `stop`: scripts, ended as people end them."""

import os
import signal
from collections.abc import Callable

import psutil
import pytest

SERVE = """
import os, signal, sys, time
import datanectar as dn

services = dn.serve("a", "b")
print("up", flush=True)
"""
DIE = """
import os, signal, subprocess
import datanectar as dn
from datanectar.services import process

class Popen(subprocess.Popen):
    def __init__(self, command, **options):
        super().__init__(command, **options)
        if command[0] == "/bin/sh":
            os.kill(os.getpid(), signal.SIGKILL)

process.subprocess.Popen = Popen
dn.serve("a", "b")
"""
PAUSE = "while True:\n    signal.pause()\n"
FORK = """
if not (child := os.fork()):
    signal.pause()
print("forked", child, flush=True)
"""


@pytest.fixture
def said() -> Callable[[], list[str]]:
    """Returns a function that reads the output of what `running` started."""

    def read() -> list[str]:
        with open("out") as out:
            return out.read().splitlines()

    return read


def guards() -> list[psutil.Process]:
    """The guards of this machine whose project this test's is."""
    found = []
    for process in psutil.process_iter():
        try:
            if any(part.endswith("services/guard.py") for part in process.cmdline()) and process.cwd() == os.getcwd():
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            pass
    return found


def test_a_killed_supervisor_leaves_no_service_and_no_guard_behind(servers, running, said, eventually) -> None:
    servers.row("a")
    servers.row("b")
    supervisor = running("-c", SERVE + PAUSE)
    eventually(lambda: said() == ["up"])
    assert len(servers.living()) == 2
    assert len(guards()) == 1
    supervisor.kill()
    eventually(lambda: servers.living() == [] and guards() == [])
    assert sorted(servers.events("stopped")) == ["a stopped", "b stopped"]


def test_what_ignores_its_end_is_killed_and_so_is_what_it_started(servers, running, said, eventually) -> None:
    servers.row("a", "stubborn", "child", stop_seconds=0.2)
    servers.row("b", stop_seconds=0.2)
    supervisor = running("-c", SERVE + PAUSE)
    eventually(lambda: said() == ["up"])
    assert len(servers.living()) == 3
    supervisor.kill()
    eventually(lambda: servers.living() == [] and guards() == [])


def test_a_child_that_a_service_left_behind_is_killed(servers, running, said, eventually) -> None:
    servers.row("a", "child", stop_seconds=0.2)
    servers.row("b", stop_seconds=0.2)
    supervisor = running("-c", SERVE + PAUSE)
    eventually(lambda: said() == ["up"])
    supervisor.kill()
    eventually(lambda: servers.living() == [])
    assert sorted(servers.events("stopped")) == ["a stopped", "b stopped"]


def test_a_fork_of_the_supervisor_that_lives_on_changes_nothing(servers, running, said, eventually) -> None:
    servers.row("a")
    servers.row("b")
    supervisor = running("-c", SERVE + FORK + PAUSE)
    eventually(lambda: len(said()) == 2)
    child = psutil.Process(int(said()[1].split()[1]))
    supervisor.kill()
    try:
        eventually(lambda: servers.living() == [] and guards() == [])
        assert child.is_running()
    finally:
        child.kill()


def test_one_killed_while_services_start_leaves_none_behind(servers, running, eventually) -> None:
    servers.row("a", "answer=503")
    servers.row("b", "answer=503")
    supervisor = running("-c", SERVE + PAUSE)
    eventually(lambda: len(servers.pids()) == 2)
    supervisor.kill()
    eventually(lambda: servers.living() == [] and guards() == [])


def test_one_killed_right_after_the_start_of_a_process_leaves_none_behind(servers, running, eventually) -> None:
    """Each time the process is at another place: in Python's fork, in the shell, in its program."""
    for name in ("a", "b"):
        servers.row(name, "idle", ready="", ports=[])
    for _ in range(8):
        assert running("-c", DIE).wait(60) == -signal.SIGKILL
    eventually(lambda: guards() == [])
    assert servers.living() == []


def test_the_end_of_python_stops_them_in_reverse_order(servers, running) -> None:
    servers.row("a")
    servers.row("b")
    assert running("-c", SERVE).wait(60) == 0
    assert servers.events("stopped") == ["b stopped", "a stopped"]
    assert guards() == []


def test_an_exception_that_ends_python_stops_them(servers, running) -> None:
    servers.row("a")
    servers.row("b")
    assert running("-c", SERVE + "1 / 0").wait(60) == 1
    assert servers.events("stopped") == ["b stopped", "a stopped"]


def test_ctrl_c_that_ends_python_stops_them(servers, running, said, eventually) -> None:
    servers.row("a")
    servers.row("b")
    supervisor = running("-c", SERVE + PAUSE)
    eventually(lambda: said() == ["up"])
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(60) == -signal.SIGINT
    assert servers.events("stopped") == ["b stopped", "a stopped"]


def test_ctrl_c_while_they_start_stops_them(servers, running, eventually) -> None:
    servers.row("a", "answer=503")
    servers.row("b", "answer=503")
    supervisor = running("-c", SERVE)
    eventually(lambda: len(servers.events("asked")) > 3)
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(60) == -signal.SIGINT
    assert servers.events("stopped") == ["b stopped", "a stopped"]


def test_the_end_of_a_fork_does_not_stop_them(servers, running, said, eventually) -> None:
    servers.row("a")
    servers.row("b")
    fork = """
if not os.fork():
    sys.exit()
os.wait()
print("the fork has ended", flush=True)
"""
    supervisor = running("-c", SERVE + fork + PAUSE)
    eventually(lambda: said() == ["up", "the fork has ended"])
    assert len(servers.living()) == 2
    supervisor.send_signal(signal.SIGINT)
    supervisor.wait(60)


def test_the_end_of_the_block_in_a_fork_does_not_stop_them(servers, running, said, eventually) -> None:
    servers.row("a")
    servers.row("b")
    fork = """
with services:
    if not (child := os.fork()):
        sys.exit()
    os.wait()
    print("the fork has ended", flush=True)
    while True:
        signal.pause()
"""
    supervisor = running("-c", SERVE + fork)
    eventually(lambda: said() == ["up", "the fork has ended"])
    assert len(servers.living()) == 2
    supervisor.send_signal(signal.SIGINT)
    supervisor.wait(60)


def test_a_fork_that_lives_on_does_not_hold_up_the_end(servers, running, said) -> None:
    servers.row("a")
    servers.row("b")
    supervisor = running("-c", SERVE + FORK)
    try:
        assert supervisor.wait(60) == 0
    finally:
        os.kill(int(said()[1].split()[1]), signal.SIGKILL)
    assert servers.events("stopped") == ["b stopped", "a stopped"]


def test_of_a_killed_supervisor_the_next_one_takes_over_nothing_but_starts_anew(
    servers, running, said, eventually
) -> None:
    servers.row("a")
    servers.row("b")
    supervisor = running("-c", SERVE + PAUSE)
    eventually(lambda: said() == ["up"])
    supervisor.kill()
    eventually(lambda: servers.living() == [])
    assert running("-c", SERVE).wait(60) == 0
    assert len(servers.pids()) == 4
