"""The process that ends what a killed supervisor leaves behind; here the test is the supervisor."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from datanectar.services import guard

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def guarding() -> Iterator[Start]:
    """Returns a function that starts a guard of a supervisor, by default of this process."""
    started: list[subprocess.Popen[bytes]] = []

    def start(supervisor: int = 0, stop_seconds: float = 3600) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-I", "-S", guard.__file__, str(supervisor or os.getpid()), str(stop_seconds)]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, bufsize=0))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def group(servers, eventually) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Returns a function that starts a process in a group of its own."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*manners: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(servers.command("one", 0, "idle", *manners), start_new_session=True)
        started.append(process)
        eventually(lambda: process.pid in servers.pids())
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def tell(process: "subprocess.Popen[bytes]", *numbers: int) -> None:
    assert process.stdin is not None
    process.stdin.write("".join(f"{number}\n" for number in numbers).encode())


def leave(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    process.stdin.close()


def test_groups_are_asked_to_end_when_the_pipe_does(guarding: Start, group, servers) -> None:
    process, one, two = guarding(), group(), group()
    tell(process, one.pid, two.pid)
    leave(process)
    assert (one.wait(60), two.wait(60), process.wait(60)) == (0, 0, 0)
    assert servers.events("stopped") == ["one stopped", "one stopped"]


def test_a_group_that_does_not_end_is_killed_after_the_grace(guarding: Start, group) -> None:
    process, one = guarding(stop_seconds=0.1), group("stubborn")
    tell(process, one.pid)
    leave(process)
    assert one.wait(60) == -signal.SIGKILL


def test_a_group_is_ended_whose_first_process_has_ended_long_ago(guarding: Start, group, servers, eventually) -> None:
    process, one = guarding(stop_seconds=0.1), group("child")
    eventually(lambda: len(servers.pids()) == 2)
    one.kill()
    one.wait()
    tell(process, one.pid)
    leave(process)
    eventually(lambda: servers.living() == [])


def test_a_group_that_has_ended_is_left_alone(guarding: Start, group, servers) -> None:
    process, one = guarding(), group()
    tell(process, one.pid, -one.pid)
    leave(process)
    process.wait(60)
    assert servers.living() == [one.pid]


def test_without_a_group_it_just_ends(guarding: Start) -> None:
    process = guarding()
    leave(process)
    assert process.wait(60) == 0


def test_groups_that_are_no_more_are_no_error(guarding: Start, group) -> None:
    process, one = guarding(), group()
    one.kill()
    one.wait()
    tell(process, one.pid)
    leave(process)
    assert process.wait(60) == 0


def test_a_number_that_comes_in_pieces_is_one(guarding: Start, group, servers) -> None:
    process, one = guarding(), group()
    assert process.stdin is not None
    for digit in f"{one.pid}\n":
        process.stdin.write(digit.encode())
    leave(process)
    assert one.wait(60) == 0


def test_a_supervisor_that_is_gone_is_noticed_though_the_pipe_is_open(guarding: Start, group) -> None:
    process, one = guarding(supervisor=os.getppid()), group()
    tell(process, one.pid)
    assert one.wait(60) == 0
    assert process.wait(60) == 0


def test_a_supervisor_that_needs_it_no_more_is_heard_though_the_pipe_is_open(guarding: Start, group) -> None:
    process, one = guarding(), group()
    tell(process, one.pid, 0)
    assert (one.wait(60), process.wait(60)) == (0, 0)


def test_signals_that_end_a_whole_job_do_not_end_it(guarding: Start, group) -> None:
    process, one = guarding(), group()
    tell(process, *[-(2**22)] * 20_000)  # more than a pipe holds: it reads, and so it ignores signals
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        process.send_signal(number)
    tell(process, one.pid)
    leave(process)
    assert one.wait(60) == 0
