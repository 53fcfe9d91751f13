"""The process of one service."""

import os
import queue
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from datanectar.errors import ConfigurationError, ServiceFailed, UnsupportedError
from datanectar.records import Service
from datanectar.services import process as module
from datanectar.services.ports import MARK
from datanectar.services.process import TAIL, Guard, ServiceProcess, check, directory, program

Start = Callable[..., ServiceProcess]


@pytest.fixture
def guarded() -> Iterator[Guard]:
    guard = Guard(600)
    yield guard
    guard.close()


@pytest.fixture
def ends() -> "queue.SimpleQueue[ServiceProcess]":
    """The services that have ended."""
    return queue.SimpleQueue()


@pytest.fixture
def start(guarded: Guard, heard, ends) -> Iterator[Start]:
    """Returns a function that starts a service of a command, or of Python code."""
    started: list[ServiceProcess] = []

    def start(what: str | list[str], **fields: Any) -> ServiceProcess:
        command = [sys.executable, "-c", what] if isinstance(what, str) else what
        service = Service(name="web", command=command, **fields)
        started.append(ServiceProcess(service, Path.cwd(), guarded, heard, ends.put))
        return started[-1]

    yield start
    for process in started:
        process.kill()


def test_every_line_is_heard_of_stdout_and_stderr(start: Start, ends, heard) -> None:
    start("import sys; print('one'); print('two', file=sys.stderr)")
    ends.get(timeout=60)
    assert heard == [("web", "one"), ("web", "two")]


def test_what_is_written_in_pieces_is_heard_as_one_whole_line(start: Start, ends, heard) -> None:
    start("for piece in ('one ', 'whole ', 'line\\n', 'and no', ' end'): print(piece, end='', flush=True)")
    ends.get(timeout=60)
    assert heard.of("web") == ["one whole line", "and no end"]


def test_what_is_no_text_is_heard_nevertheless(start: Start, ends, heard) -> None:
    start(r"import os; os.write(1, b'caf\xe9\ncaf\xc3\xa9\n')")
    ends.get(timeout=60)
    assert heard.of("web") == ["caf\N{REPLACEMENT CHARACTER}", "café"]


def test_a_line_without_an_end_is_heard_in_pieces(start: Start, ends, heard) -> None:
    start("print('x' * 200_000)")
    ends.get(timeout=60)
    assert "".join(heard.of("web")) == "x" * 200_000
    assert len(heard) > 1


def test_its_last_lines_are_kept(start: Start, ends) -> None:
    process = start("for number in range(100): print(number)")
    ends.get(timeout=60)
    assert list(process.tail) == [str(number) for number in range(100 - TAIL, 100)]


def test_its_end_is_told_with_its_code_and_last_words(start: Start, ends) -> None:
    process = start("print('I go'); raise SystemExit(7)")
    assert ends.get(timeout=60) is process
    assert (process.code, list(process.tail)) == (7, ["I go"])


def test_while_it_runs_it_has_no_code(start: Start) -> None:
    assert start("import signal; signal.pause()").code is None


def test_an_output_that_fails_is_told_once_and_does_not_end_it(
    guarded: Guard, ends, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(name: str, line: str) -> None:
        raise ValueError(line)

    service = Service(name="web", command=[sys.executable, "-c", "for n in range(9): print(n, flush=True)"])
    process = ServiceProcess(service, Path.cwd(), guarded, fails, ends.put)
    ends.get(timeout=60)
    process.kill()
    assert (process.code, process.tail[-1]) == (0, "8")
    assert caplog.messages == ["what the output of web is given to fails: ValueError('0')"]


def test_its_environment_is_ours_and_its_own_and_its_mark(
    start: Start, ends, heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OURS", "a")
    monkeypatch.setenv("BOTH", "b")
    names = ["OURS", "BOTH", "ITS", "PYTHONUNBUFFERED", MARK]
    start(f"import os; print(*[os.environ[name] for name in {names}], sep='|')", env={"BOTH": "c", "ITS": "d e"})
    ends.get(timeout=60)
    assert heard.of("web") == [f"a|c|d e|1|web@{Path.cwd()}"]


def test_it_may_want_its_output_buffered(start: Start, ends, heard) -> None:
    start("import os; print(repr(os.environ['PYTHONUNBUFFERED']))", env={"PYTHONUNBUFFERED": ""})
    ends.get(timeout=60)
    assert heard.of("web") == ["''"]


def test_arguments_arrive_as_they_are(start: Start, ends, heard) -> None:
    arguments = ["a b", "$HOME", "", "'", "*", "-x"]
    start([sys.executable, "-c", "import sys; print(sys.argv[1:])", *arguments])
    ends.get(timeout=60)
    assert heard.of("web") == [str(arguments)]


def test_it_reads_nothing_and_holds_no_pipe_of_the_guard(start: Start, ends, heard) -> None:
    start("import os, stat, sys; print(repr(sys.stdin.read()), stat.S_ISFIFO(os.fstat(0).st_mode))")
    ends.get(timeout=60)
    assert heard.of("web") == ["'' False"]


def test_it_has_a_group_of_its_own(start: Start) -> None:
    process = start("import signal; signal.pause()")
    assert os.getpgid(process.pid) == process.pid
    assert os.getsid(process.pid) == process.pid


def test_it_starts_where_it_says(start: Start, ends, heard, tmp_path: Path) -> None:
    start("import os; print(os.getcwd())", directory=tmp_path)
    ends.get(timeout=60)
    assert heard.of("web") == [str(tmp_path)]


def test_by_default_it_starts_beside_its_first_configuration_file_else_in_the_project(tmp_path: Path) -> None:
    files = [tmp_path / "etc" / "a.toml", tmp_path / "b.toml"]
    assert directory(Service(name="web", command=["web"], config_files=files), Path("/root")) == tmp_path / "etc"
    assert directory(Service(name="web", command=["web"]), Path("/root")) == Path("/root")


def test_a_directory_that_is_not_there_is_told(start: Start, tmp_path: Path) -> None:
    with pytest.raises(ServiceFailed, match=r"web did not start: .*No such file or directory: '.*/nowhere'"):
        start("1", directory=tmp_path / "nowhere")


def test_a_program_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigurationError, match=r"web: the program 'no-such' is not there .*\[services\.web\]"):
        program(Service(name="web", command=["no-such"]))


def test_a_file_that_may_not_be_executed_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "web").write_text("#!/bin/sh\n")
    with pytest.raises(ConfigurationError, match="not executable"):
        program(Service(name="web", command=[str(tmp_path / "web")]))


def test_a_program_is_found_on_the_path_and_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("bin").mkdir()
    found = Path("bin/web").absolute()
    found.write_text("#!/bin/sh\n")
    found.chmod(0o755)
    monkeypatch.setenv("PATH", "bin", prepend=os.pathsep)
    assert program(Service(name="web", command=["web"])) == str(found)


def test_variables_that_are_not_set_or_empty_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SET", "x")
    monkeypatch.setenv("EMPTY", "")
    service = Service(name="web", command=[sys.executable], secrets=["SET", "UNSET"], variables=["EMPTY"])
    with pytest.raises(ConfigurationError, match="web needs variables that are not set: export UNSET, EMPTY"):
        check(service)


def test_stopped_it_is_asked_to_end(start: Start, servers, eventually) -> None:
    process = start(servers.command("web", 0, "idle"), stop_seconds=600)
    eventually(servers.pids)
    assert process.stop() is True
    assert servers.events("stopped") == ["web stopped"]


def test_what_does_not_end_in_time_is_killed(start: Start, servers, eventually) -> None:
    process = start(servers.command("web", 0, "idle", "stubborn"), stop_seconds=0.1)
    eventually(servers.pids)
    assert process.stop() is False
    assert process.code == -signal.SIGKILL


def test_what_it_started_is_killed_with_it(start: Start, servers, eventually) -> None:
    process = start(servers.command("web", 0, "idle", "child"), stop_seconds=600)
    eventually(lambda: len(servers.pids()) == 2)
    assert process.stop() is True
    eventually(lambda: servers.living() == [])


def test_what_it_left_behind_is_killed_after_its_end(start: Start, servers, ends, eventually) -> None:
    process = start(servers.command("web", 0, "idle", "child"))
    eventually(lambda: len(servers.pids()) == 2)
    os.kill(process.pid, signal.SIGKILL)
    ends.get(timeout=60)
    process.kill()
    eventually(lambda: servers.living() == [])


def test_killed_twice_is_as_once(start: Start, servers, eventually) -> None:
    process = start(servers.command("web", 0, "idle"))
    eventually(servers.pids)
    process.kill()
    process.kill()
    assert process.code == -signal.SIGKILL


def test_the_guard_is_told_of_its_start_and_of_its_end(heard, ends, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    guard = Guard(600)
    with monkeypatch.context() as patched:
        patched.setattr(guard, "fileno", lambda: writing)
        service = Service(name="web", command=[sys.executable, "-c", "import signal; signal.pause()"])
        process = ServiceProcess(service, Path.cwd(), guard, heard, ends.put)
        assert os.read(reading, 100) == f"{process.pid}\n".encode()
        process.kill()
        assert os.read(reading, 100) == f"-{process.pid}\n".encode()
    guard.close()
    os.close(reading)
    os.close(writing)


def test_a_guard_that_somebody_killed_is_no_error_at_the_end(heard, ends) -> None:
    guard = Guard(600)
    service = Service(name="web", command=[sys.executable, "-c", "import signal; signal.pause()"])
    process = ServiceProcess(service, Path.cwd(), guard, heard, ends.put)
    guard._process.kill()
    guard._process.wait()
    process.kill()
    guard.close()
    assert process.code == -signal.SIGKILL


def test_a_guard_that_is_let_go_ends_what_nobody_knows_of(servers, heard, ends, eventually) -> None:
    """Ctrl-C may come between the start of a service and the moment in which it is written down."""
    guard = Guard(600)
    ServiceProcess(Service(name="web", command=servers.command("web", 0, "idle")), Path.cwd(), guard, heard, ends.put)
    eventually(servers.pids)
    guard.close()
    assert servers.living() == []


def test_a_guard_is_let_go_though_a_fork_of_ours_holds_its_pipe() -> None:
    guard = Guard(600)
    fork = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], pass_fds=[guard.fileno()])
    guard.close()
    assert guard._process.returncode == 0
    fork.kill()
    fork.wait()


def test_windows_is_told_what_works_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "os", SimpleNamespace(name="nt"))
    with pytest.raises(UnsupportedError, match="`datanectar compose` is for all systems"):
        Guard(1)


def test_a_directory_for_what_it_keeps_is_made_and_left_out_of_version_control(start: Start, ends) -> None:
    Path("kept").mkdir()
    start("", state=[Path("a/state"), Path("kept")])
    assert ends.get(timeout=60).code == 0
    assert Path("a/state/.gitignore").read_text() == "*\n"
    assert list(Path("kept").iterdir()) == []
