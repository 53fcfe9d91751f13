"""The `datanectar` command: its subcommands, found when they are asked for, and what an error looks like."""

from __future__ import annotations

import difflib
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from datanectar._version import __version__
from datanectar.cli.exits import DONE, FAILED, INTERRUPTED, WRONG_USE
from datanectar.errors import (
    ArgumentError,
    ArtifactNotFound,
    ConfigurationError,
    CycleError,
    DatanectarError,
    InvalidKey,
    PartNotFound,
    PluginError,
    PluginLoadError,
    PluginNotFoundError,
    RunFailed,
    TaskDefinitionError,
    UnsupportedError,
)

_WRONG_USE = (
    *(ArgumentError, ArtifactNotFound, ConfigurationError, CycleError, InvalidKey, PartNotFound),
    *(PluginError, PluginLoadError, PluginNotFoundError, TaskDefinitionError, UnsupportedError),
)

_COMMANDS = {
    "run": "datanectar.cli.running:run_command",
    "plan": "datanectar.cli.running:plan_command",
    "explain": "datanectar.cli.running:explain_command",
    "ls": "datanectar.cli.listing:ls",
    "show": "datanectar.cli.showing:show",
    "logs": "datanectar.cli.artifacts:logs",
    "path": "datanectar.cli.artifacts:path",
    "alias": "datanectar.cli.aliases:alias",
    "rm": "datanectar.cli.artifacts:rm",
    "copy": "datanectar.cli.copying:copy",
    "features": "datanectar.cli.features:features",
    "serve": "datanectar.cli.serving:serve",
    "compose": "datanectar.cli.composing:compose",
    "plugins": "datanectar.cli.environment:plugins",
    "config": "datanectar.cli.environment:config",
    "doctor": "datanectar.cli.doctor:doctor",
    "completion": "datanectar.cli.completion:completion",
}


class _Application(click.Group):
    """Imports a subcommand's module when it is used, and asks plugins for more only where ours end."""

    def list_commands(self, context: click.Context) -> list[str]:
        try:
            return [*_COMMANDS, *sorted(_plugin_commands())]
        except DatanectarError:  # a wrong configuration must not take the help away
            return list(_COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name in _COMMANDS:
            module, _, attribute = _COMMANDS[name].partition(":")
            found: click.Command = getattr(import_module(module), attribute)
            return found
        return _plugin_commands().get(name)

    def resolve_command(self, context: click.Context, arguments: list[str]) -> Any:
        name = arguments[0]
        if self.get_command(context, name) is None and not name.startswith("-"):
            near = difflib.get_close_matches(name, self.list_commands(context), 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(self.list_commands(context))}"
            raise click.UsageError(f"there is no command {name!r}; {hint}", context)
        return super().resolve_command(context, arguments)


def _plugin_commands() -> dict[str, click.Command]:
    from datanectar.configuration.active import current
    from datanectar.records import CommandType
    from datanectar.registry import registry

    found = registry(current())
    commands = {}
    for name in found.components(CommandType):
        try:
            command = found.resolve(CommandType, name, found.find(CommandType, name).factory)
            if not isinstance(command, click.Command):
                raise PluginError(f"command {name!r} is a {type(command).__name__}; it must be a click.Command")
        except DatanectarError as error:  # its own use fails, the other commands work
            command = _failing(name, error)
        commands[name] = command
    return commands


def _failing(name: str, error: DatanectarError) -> click.Command:
    def fail() -> None:
        raise error

    anything = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(name, callback=fail, help=str(error), context_settings=anything)


def _print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"datanectar {__version__}")
        context.exit()


@click.command(cls=_Application, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print it.")
@click.option("--debug", is_flag=True, help="Show Python's traceback of every error.")
def application(debug: bool) -> None:
    """Name, store, run and find the artifacts of machine-learning code."""


def invoke(arguments: Sequence[str]) -> int:
    """Runs a command line and returns its exit code."""
    if "_DATANECTAR_COMPLETE" in os.environ:  # a shell asks, which click answers
        from datanectar.cli.completion import register

        register()
    debug = "--debug" in arguments  # anywhere: people add it at the end of the line that failed
    arguments = [argument for argument in arguments if argument != "--debug"]
    if debug:
        import logging

        logging.getLogger("datanectar").setLevel(logging.DEBUG)  # what plugins raise is logged with its traceback
    try:
        result = application.main(list(arguments), prog_name="datanectar", standalone_mode=False)
        return result if isinstance(result, int) else DONE
    except click.exceptions.Abort:
        return _interrupted()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except KeyboardInterrupt:
        return _interrupted()
    except DatanectarError as error:
        if debug:
            traceback.print_exc()
        return report(error)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stderr.close()
        return DONE
    except Exception as error:
        if debug:
            traceback.print_exc()
        else:
            said = "".join(traceback.format_exception_only(error)).strip()
            click.echo(f"unexpected error: {said}\nThe same command with --debug shows where it comes from", err=True)
        return FAILED


def _interrupted() -> int:
    click.echo("interrupted; what was finished is stored, and running again goes on from there", err=True)
    return INTERRUPTED


def report(error: DatanectarError) -> int:
    """Prints an error for people and returns the exit code it means."""
    if isinstance(error, RunFailed):
        for failure in error.failures.values():
            if not isinstance(failure.__cause__, DatanectarError):  # whose message says it all
                click.echo(failure.traceback.rstrip(), err=True)
        click.echo(f"\n{error}", err=True)
        return FAILED
    click.echo(f"{_kind(error)}: {error}", err=True)
    return WRONG_USE if isinstance(error, _WRONG_USE) else FAILED


def _kind(error: Any) -> str:
    """``StorageFull`` as people say it: ``storage full``."""
    import re

    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()
    return words.replace("not found error", "not found")
