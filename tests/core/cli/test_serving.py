"""`datanectar serve`, with servers that are really started, and signals that are really sent."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from datanectar.services.ports import free_port

Serve = Callable[..., "subprocess.Popen[str]"]
CTRL_C = "datanectar | Ctrl-C stops them"


@pytest.fixture(autouse=True)
def same_signals() -> Iterator[None]:
    """Puts back what the command, run in this process, sets for signals."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


AT_ITS_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "datanectar", "serve", *sys.argv[1:]])
"""


def shown(file: str = "out") -> list[str]:
    return Path(file).read_text().splitlines()


@pytest.fixture
def serve(running, eventually) -> Serve:
    """Starts `datanectar serve` with its output in files, and waits until it has said a line."""

    def start(*arguments: str, until: str = CTRL_C, **environment: str) -> "subprocess.Popen[str]":
        process = running("-m", "datanectar", "serve", *arguments, **environment)
        eventually(lambda: until in shown() or process.poll() is not None)
        assert until in shown(), Path("err").read_text()
        return process

    return start


def test_services_are_started_heard_and_stopped_by_ctrl_c_the_last_one_first(servers, serve: Serve) -> None:
    ports = {name: servers.row(name, f"says=I am {name}") for name in ("web", "db")}
    process = serve("web", "db")
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    lines = shown()
    assert {"web        | I am web", "db         | I am db"} < set(lines)
    for name, port in ports.items():
        (up,) = [line for line in lines if line.startswith(f"datanectar | {name} is up after ")]
        assert up.endswith(f" s at http://127.0.0.1:{port}")
    assert [line.split(",")[0] for line in lines[lines.index(CTRL_C) :]] == [
        CTRL_C,
        *(f"datanectar | {said}" for said in ("stopping db", "db stopped", "stopping web", "web stopped")),
    ]
    assert servers.events("stopped") == ["db stopped", "web stopped"]
    assert shown("err") == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_other_signals_that_end_it_stop_them_as_well(servers, serve: Serve, number: int, code: int) -> None:
    servers.row("a")
    servers.row("b")
    process = serve("a", "b")
    process.send_signal(number)
    assert process.wait(60) == code
    assert servers.events("stopped") == ["b stopped", "a stopped"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signals_while_they_start_stop_them(servers, running, eventually, number: int, code: int) -> None:
    servers.row("a", "answer=503")
    process = running("-m", "datanectar", "serve", "a")
    eventually(lambda: servers.events("asked"))
    process.send_signal(number)
    assert process.wait(60) == code
    assert servers.events("stopped") == ["a stopped"]


def test_what_ignores_sigterm_is_killed_after_a_while_with_its_whole_group(servers, serve: Serve, eventually) -> None:
    servers.row("web", "stubborn", "child", stop_seconds=0.2)
    process = serve("web")
    assert len(servers.living()) == 2
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    eventually(lambda: servers.living() == [])
    assert shown()[-1] == "datanectar | web killed: it had not ended after 0.2 s"


def test_a_second_ctrl_c_kills_them_at_once(servers, serve: Serve, eventually) -> None:
    servers.row("a", "stubborn", stop_seconds=600)
    servers.row("b", "stubborn", "child", stop_seconds=600)
    process = serve("a", "b")
    process.send_signal(signal.SIGINT)
    eventually(lambda: "datanectar | stopping b" in shown())
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    eventually(lambda: servers.living() == [])


def test_hung_up_in_the_background_of_nohup_they_go_on(servers, serve: Serve) -> None:
    servers.row("web")
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does, for what it starts
    try:
        process = serve("web")
    finally:
        signal.signal(signal.SIGHUP, before)
    process.send_signal(signal.SIGHUP)
    os.kill(servers.pid("web"), signal.SIGKILL)
    assert process.wait(60) == 1  # for the service, not for the signal that came first


def test_one_that_ends_is_exit_1_with_its_last_lines(servers, serve: Serve) -> None:
    servers.row("a", "says=I am a")
    servers.row("b")
    process = serve("a", "b")
    os.kill(servers.pid("a"), signal.SIGKILL)
    assert process.wait(60) == 1
    assert servers.events("stopped") == ["b stopped"]
    said = ["service failed: a ended by itself with code -9; the others are stopped. Its last lines:", "  I am a"]
    assert shown("err") == said
    assert any(line.startswith("datanectar | a ended by itself with code -9") for line in shown())


def test_one_that_ends_may_leave_the_others_running(servers, serve: Serve, eventually) -> None:
    servers.row("a")
    servers.row("b")
    process = serve("a", "b", "--when-one-ends", "go-on")
    os.kill(servers.pid("a"), signal.SIGKILL)
    eventually(lambda: any("; the others go on" in line for line in shown()))
    assert process.poll() is None
    assert servers.living() == [servers.pid("b")]
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert servers.events("stopped") == ["b stopped"]


def test_one_that_is_not_up_in_time_is_exit_1_with_what_it_lacks(servers, command) -> None:
    port = free_port()
    servers.row("web", "idle", port=port, ready="")
    done = command("serve", "web", "--timeout", "0.1")
    assert done.returncode == 1
    assert done.stderr.startswith(
        f"service failed: web is not up after 0.1 s: nothing takes connections at port {port}. Its last lines:"
    )


def test_one_that_ends_before_it_is_up_is_exit_1_with_its_last_lines(servers, command) -> None:
    servers.row("web", "ends=3", "says=no such model")
    done = command("serve", "web")
    assert done.returncode == 1
    assert done.stderr == ("service failed: web ended with code 3 before it was up. Its last lines:\n  no such model\n")


def test_a_taken_port_is_exit_1_with_who_has_it(servers, command) -> None:
    port = servers.row("web")
    pid = servers.begin("stranger", port)
    done = command("serve", "web")
    assert done.returncode == 1
    assert f"port taken: web: port {port} is taken by pid {pid} (" in done.stderr


def test_what_runs_already_is_left_to_who_started_it(servers, serve: Serve, command) -> None:
    port = servers.row("web")
    process = serve("web")
    done = command("serve", "web")
    assert (done.returncode, done.stderr) == (0, "all of them run already; stop them where they were started\n")
    assert f"web is running already, pid {servers.pids()[0]} at http://127.0.0.1:{port}" in done.stdout
    assert servers.living() == servers.pids()
    process.send_signal(signal.SIGINT)
    process.wait(60)


def test_a_profile_that_there_is_not_is_wrong_use(servers, command) -> None:
    servers.row("web")
    done = command("serve", "web", "--profile", "prodd")
    assert done.returncode == 2
    assert "no profile 'prodd'" in done.stderr


@pytest.mark.parametrize(
    ("table", "names", "message"),
    [
        ("", (), "there is no service to start. Describe one in [services.NAME]"),
        ('[services.web]\ncommand = "web"', ("wep",), "unknown service 'wep'; did you mean 'web'?"),
        ('[services.web]\ncommand = "no-such-program"', (), "the program 'no-such-program' is not there"),
        ('[services.web]\ncomand = "web"', (), "unknown option services.web.comand (datanectar.toml:2)"),
        ("[services.web]\nports = []", (), "services.web.command is missing"),
        ('[services.web]\ncommand = ""', (), "services.web.command is empty"),
        (
            '[services.web]\ncommand = "sh"\nsecrets = ["NOT_SET"]',
            (),
            "web needs variables that are not set",
        ),
    ],
)
def test_wrong_use_is_exit_2_and_says_what_to_do(in_process, table: str, names: tuple[str, ...], message: str) -> None:
    Path("datanectar.toml").write_text(table)
    code, out, said = in_process("serve", *names)
    assert (code, out) == (2, "")
    assert message in said


def test_a_system_without_hanging_up_is_told_what_is_wrong_as_well(in_process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "SIGHUP")  # as on Windows
    code, _, said = in_process("serve")
    assert code == 2
    assert "there is no service to start" in said


@pytest.mark.parametrize("seconds", ["0", "-1", "soon"])
def test_a_time_that_is_none_is_wrong_use(in_process, seconds: str) -> None:
    code, _, said = in_process("serve", "--timeout", seconds)
    assert code == 2
    assert "--timeout" in said


def test_a_terminal_sees_colors(servers, at_terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    servers.row("web", "says=so long", "ends=3")
    text, code = at_terminal("serve", "web")
    assert code == 1
    assert "\033[36mweb        |\033[0m so long\r\n" in text


def test_a_terminal_whose_user_wants_no_color_sees_none(servers, at_terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    servers.row("web", "says=so long", "ends=3")
    text, _ = at_terminal("serve", "web")
    assert "web        | so long\r\n" in text
    assert "\033" not in text


@pytest.fixture
def own_terminal() -> Iterator[Callable[..., tuple[int, "subprocess.Popen[bytes]"]]]:
    """Returns a function that runs `datanectar serve` in a terminal window of its own, and returns our end of it."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*arguments: str) -> tuple[int, "subprocess.Popen[bytes]"]:
        ours, theirs = pty.openpty()
        command = [sys.executable, "-c", AT_ITS_TERMINAL, *arguments]
        process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
        started.append(process)
        os.close(theirs)
        seen = b""
        while CTRL_C.split("| ")[1].encode() not in seen:
            seen += os.read(ours, 4096)
        return ours, process

    yield run
    for process in started:
        process.kill()
        process.wait()


def test_ctrl_c_is_typed_for_the_supervisor_alone(servers, own_terminal) -> None:
    servers.row("a")
    servers.row("b")
    terminal, process = own_terminal("a", "b")
    os.write(terminal, b"\x03")
    assert process.wait(60) == 130
    os.close(terminal)
    assert servers.events("stopped") == ["b stopped", "a stopped"]


def test_a_terminal_that_is_closed_stops_them_in_order(servers, own_terminal) -> None:
    servers.row("a")
    servers.row("b")
    terminal, process = own_terminal("a", "b")
    os.close(terminal)
    process.wait(60)
    assert servers.events("stopped") == ["b stopped", "a stopped"]
