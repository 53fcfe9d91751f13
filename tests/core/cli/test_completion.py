"""Completion in a real shell: what people type, with the Tab key in it."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def typed():
    """Types into an interactive bash that has the completion, and returns what its terminal showed."""
    scripts = Path("scripts").absolute()
    scripts.mkdir()
    script = scripts / "datanectar"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m datanectar "$@"\n')
    script.chmod(0o755)
    environment = {**os.environ, "PATH": f"{scripts}:{os.environ['PATH']}", "PS1": "", "TERM": "dumb"}

    def run(*lines: str) -> list[str]:
        ours, theirs = pty.openpty()
        command = ["bash", "--norc", "--noprofile", "-i"]
        process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
        os.close(theirs)
        os.write(ours, "\n".join(['eval "$(datanectar completion bash)"', *lines, "exit\n"]).encode())
        shown = b""
        try:
            while chunk := os.read(ours, 4096):
                shown += chunk
        except OSError:  # how Linux says that the other side closed
            pass
        os.close(ours)
        process.wait(timeout=60)
        return shown.decode().replace("\r", "").split("\n")

    return run


def test_bash_completes_targets_parameters_and_aliases(typed, stored) -> None:
    shown = typed(
        "datanectar exp\tpipe:pip\tn\t7 --js\t",
        "datanectar path total@\t --ur\t",
        "datanectar path sum_up/\t --uri",
        "datanectar explain total\t",
    )
    assert any(line.startswith('      "upstream xs: n ') for line in shown)
    uri = f"file://{Path.cwd()}/.datanectar/manifests/{stored['total']}.json"
    assert shown.count(uri) == 2
    assert f"{stored['total']} is stored" in shown


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_ends_with_the_line_to_put_into_the_shells_file(in_process, shell: str) -> None:
    code, out, err = in_process("completion", shell)
    assert (code, err) == (0, "")
    assert "_DATANECTAR_COMPLETE" in out
    *_, where, line = out.splitlines()
    assert where.startswith("# To have it in every shell, put this line into ~/.")
    assert f"datanectar completion {shell}" in line


def test_another_shell_is_wrong_use(in_process) -> None:
    code, out, err = in_process("completion", "tcsh")
    assert (code, out) == (2, "")
    assert "'tcsh' is not one of 'bash', 'fish', 'zsh'" in err


@pytest.mark.parametrize(
    ("breaks", "line", "offered"),
    [
        ("\"'@><=;|&(:", "datanectar run pipe:num", "plain,numbers"),
        ("", "datanectar run pipe:num", "plain,pipe:numbers"),
        ("\"'@><=;|&(:", "datanectar run pipe:numbers n", "plain,n="),
        ("\"'@><=;|&(:", "datanectar show total@la", "plain,@latest"),
        ("", "datanectar show total@la", "plain,total@latest"),
        ("\"'@><=;|&(:", "datanectar run 'pipe:num", "plain,numbers"),
    ],
)
def test_bash_is_given_what_it_puts_in_place_of_the_word(command, stored, breaks, line, offered) -> None:
    asked = {"_DATANECTAR_COMPLETE": "bash_complete", "_DATANECTAR_LINE": line, "_DATANECTAR_BREAKS": breaks}
    assert command(**asked).stdout.splitlines() == [offered]


def test_zsh_and_fish_are_given_whole_words(command, stored) -> None:
    asked = {"COMP_WORDS": "datanectar run pipe:num", "COMP_CWORD": "2"}
    zsh = command(_DATANECTAR_COMPLETE="zsh_complete", **asked).stdout
    assert zsh.splitlines() == ["plain", "pipe:numbers", "_"]
    fish = command(_DATANECTAR_COMPLETE="fish_complete", **{**asked, "COMP_CWORD": "pipe:num"}).stdout
    assert "pipe:numbers" in fish
