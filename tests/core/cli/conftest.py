"""The command line as people use it: a process of its own, in a project's directory."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from datanectar.cli.application import invoke

Completed = subprocess.CompletedProcess[str]
COMMAND = [sys.executable, "-m", "datanectar"]

PIPE = """
import logging
import sys
from datetime import date

import datanectar as dn


@dn.task(task_type="count")
def numbers(n: int = 3) -> list[int]:
    print("counting", n)
    print("to stderr", file=sys.stderr)
    logging.getLogger("pipe").warning("to logging")
    return list(range(n))


@dn.task(task_type="sum_up", model_family="plain")
def total(xs: list[int]) -> int:
    return sum(xs)


@dn.task
def day(on: date, name: str = "x") -> str:
    return f"{name} {on:%d.%m.}"


@dn.task
def bad(x: int) -> int:
    print("half way")
    return x // 0


@dn.task
def pair(left: int, right: int) -> int:
    return left + right


@dn.task
def unstorable() -> object:
    return lambda: 1


@dn.task
def nothing() -> None: ...


class Doubled(dn.NectarTask):
    n: int = 2

    def run(self):
        return 2 * self.n


class Egg(dn.NectarTask):
    def requires(self):
        return Hen()

    def run(self):
        return 1


class Hen(dn.NectarTask):
    def requires(self):
        return Egg()

    def run(self):
        return 1


def pipeline(n: int = 4):
    return total(numbers(n))


def half_broken():
    return [pair(bad(1), total(numbers(2))), total(numbers(5))]


def slip():
    raise ValueError("my own slip")


both = [numbers(2), total(numbers(3))]
"""


@pytest.fixture(autouse=True)
def project() -> Path:
    """A project in the working directory."""
    Path("pipe.py").write_text(PIPE)
    return Path.cwd()


@pytest.fixture
def command() -> Callable[..., Completed]:
    """Runs `datanectar` with pipes around it."""

    def run(*arguments: str, **environment: str) -> Completed:
        return subprocess.run(
            [*COMMAND, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
        )

    return run


@pytest.fixture
def at_terminal() -> Callable[..., tuple[str, int]]:
    """Runs `datanectar` at a terminal, typing `typed`, and returns what the terminal showed and the exit code."""

    def run(*arguments: str, typed: str = "", stdout: int | None = None) -> tuple[str, int]:
        ours, theirs = pty.openpty()
        if typed:
            os.write(ours, typed.encode())
        streams = {"stdin": theirs, "stdout": stdout or theirs, "stderr": theirs}
        process = subprocess.Popen(
            [*COMMAND, *arguments], env={**os.environ, "TERM": "xterm", "COLUMNS": "120"}, **streams
        )
        os.close(theirs)
        shown = b""
        try:
            while chunk := os.read(ours, 4096):
                shown += chunk
        except OSError:  # how Linux says that the other side closed
            pass
        os.close(ours)
        return shown.decode(), process.wait(timeout=60)

    return run


@pytest.fixture
def in_process(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., tuple[int, str, str]]]:
    """Runs `datanectar` in this process, where that shows the same, and returns exit code, stdout and stderr."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = invoke(arguments)
        return code, *capsys.readouterr()

    yield run
    here = str(Path.cwd())
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(here):
            del sys.modules[name]


@pytest.fixture
def listed(in_process: Callable[..., tuple[int, str, str]]) -> Callable[..., list[str]]:
    """Returns the names that `datanectar ls` lists."""

    def run(*arguments: str) -> list[str]:
        return [line.split("\t")[0] for line in in_process("ls", *arguments)[1].splitlines()]

    return run


@pytest.fixture
def stored(in_process: Callable[..., tuple[int, str, str]], listed: Callable[..., list[str]]) -> dict[str, str]:
    """Full names of what is stored, by task and parameter."""
    for arguments in (("pipe:pipeline", "n=4"), ("pipe:numbers", "n=2"), ("pipe:Doubled",)):
        assert in_process("run", *arguments, "--quiet")[0] == 0
    return dict(zip(("numbers 4", "total", "numbers 2", "doubled"), listed(), strict=True))
