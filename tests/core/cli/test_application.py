import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = [
    "run",
    "plan",
    "explain",
    "ls",
    "show",
    "logs",
    "path",
    "alias",
    "rm",
    "copy",
    "features",
    "serve",
    "compose",
    "plugins",
    "config",
    "doctor",
    "completion",
]


def test_the_version_is_told_without_looking_for_plugins(in_process, monkeypatch) -> None:
    monkeypatch.setattr("datanectar.plugins.discovery.load_plugins", None)
    code, out, _ = in_process("--version")
    assert (code, out.split()[0]) == (0, "datanectar")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(in_process, command: str) -> None:
    code, out, _ = in_process(command, "--help")
    assert code == 0
    assert out.startswith(f"Usage: datanectar {command} ")
    assert "--help" in out


def test_help_lists_all_commands(in_process) -> None:
    code, out, _ = in_process("--help")
    assert code == 0
    assert [line.split()[0] for line in out.partition("Commands:\n")[2].splitlines()] == COMMANDS


def test_help_is_there_with_a_wrong_configuration(in_process) -> None:
    Path("datanectar.toml").write_text("not toml")
    code, out, _ = in_process("--help")
    assert (code, "Commands:" in out) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plna"], "there is no command 'plna'; did you mean 'plan'?"),
        (["zzz"], "there is no command 'zzz'; there are: run, plan, explain, "),
        (["--zzz"], "No such option '--zzz'"),
        (["run"], "Missing argument 'TARGET'"),
    ],
)
def test_wrong_use_is_exit_2(in_process, arguments: list[str], message: str) -> None:
    code, _, err = in_process(*arguments)
    assert code == 2
    assert message in err


def test_a_wrong_configuration_is_exit_2_with_its_file_and_line(in_process) -> None:
    Path("datanectar.toml").write_text('\n\nprofil = "x"')
    code, _, err = in_process("ls")
    said = "configuration error: unknown key 'profil' (datanectar.toml:3); did you mean 'profile'?\n"
    assert (code, err) == (2, said)


@pytest.mark.parametrize("place", [0, 1, 3])
def test_debug_shows_a_traceback_wherever_it_stands(in_process, place: int) -> None:
    arguments = ["show", "nothing", "--json"]
    arguments.insert(place, "--debug")
    code, _, err = in_process(*arguments)
    assert code == 2
    assert err.startswith("Traceback")
    assert "artifact not found: " in err


COMMAND_PLUGIN = """
import click

@click.command()
def greet():
    \"\"\"Say hello.\"\"\"
    click.echo("hello")

@click.command()
def crash():
    raise RuntimeError("no luck")

@dn.hookimpl
def datanectar_commands():
    yield dn.CommandType(name="greet", factory=greet, summary="Say hello")
    yield dn.CommandType(name="crash", factory=crash, summary="Fail")
    yield dn.CommandType(name="absent", factory="no_such_module:command", summary="Not there")
    yield dn.CommandType(name="odd", factory=len, summary="No command at all")
"""


def test_a_plugin_brings_a_command(in_process, install) -> None:
    install("datanectar-acme", COMMAND_PLUGIN)
    assert in_process("greet") == (0, "hello\n", "")
    assert "greet Say hello." in " ".join(in_process("--help")[1].split())


def test_a_broken_command_fails_alone_and_says_why(in_process, install) -> None:
    install("datanectar-acme", COMMAND_PLUGIN)
    code, _, err = in_process("absent", "--any", "thing")
    assert (code, err) == (
        2,
        "plugin load error: command 'absent' is installed (datanectar-acme 1.0) but failed to load: "
        "No module named 'no_such_module'\n",
    )
    assert "it must be a click.Command" in in_process("odd")[2]


def test_an_unexpected_error_has_no_traceback_until_asked(in_process, install) -> None:
    install("datanectar-acme", COMMAND_PLUGIN)
    code, _, err = in_process("crash")
    assert (code, err.splitlines()) == (
        1,
        ["unexpected error: RuntimeError: no luck", "The same command with --debug shows where it comes from"],
    )
    assert "in crash" in in_process("crash", "--debug")[2]


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    Path("many.py").write_text("import datanectar as dn\n@dn.task\ndef lines() -> str:\n    return 'x\\n' * 999_999")
    command = [sys.executable, "-m", "datanectar", "run", "many:lines", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"x\n"
        process.stdout.close()
        assert process.stderr.read() == b""
