"""The `datanectar` command: its subcommands, found when they are asked for, and what an error looks like."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from datanectar.errors import (
    ArgumentError,
    ArtifactNotFound,
    ConfigurationError,
    DatanectarError,
    InvalidKey,
    PluginLoadError,
    PluginNotFoundError,
    RunFailed,
    TaskDefinitionError,
    UnsupportedError,
)

FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130
_WRONG_USE = (
    *(ArgumentError, ArtifactNotFound, ConfigurationError, InvalidKey, PluginLoadError, PluginNotFoundError),
    *(TaskDefinitionError, UnsupportedError),
)

_COMMANDS = {
    "run": "datanectar.cli.running:run_command",
    "plan": "datanectar.cli.running:plan_command",
    "explain": "datanectar.cli.running:explain_command",
    "ls": "datanectar.cli.artifacts:ls",
    "show": "datanectar.cli.artifacts:show",
    "logs": "datanectar.cli.artifacts:logs",
    "path": "datanectar.cli.artifacts:path",
    "rm": "datanectar.cli.artifacts:rm",
    "plugins": "datanectar.cli.environment:plugins",
    "config": "datanectar.cli.environment:config",
}


class _Application(click.Group):
    """Imports a subcommand's module when it is used, and asks plugins for more only where ours end."""

    def list_commands(self, context: click.Context) -> list[str]:
        return [*_COMMANDS, *sorted(_plugin_commands())]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name in _COMMANDS:
            module, _, attribute = _COMMANDS[name].partition(":")
            found: click.Command = getattr(import_module(module), attribute)
            return found
        return _plugin_commands().get(name)


def _plugin_commands() -> dict[str, click.Command]:
    from datanectar.configuration.active import current
    from datanectar.records import CommandType
    from datanectar.registry import registry

    found = registry(current())
    return {
        name: found.resolve(CommandType, name, component.record.factory)
        for name, component in found.components(CommandType).items()
    }


def _print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib_metadata import version

        click.echo(f"datanectar {version('datanectar-core')}")
        context.exit()


@click.command(cls=_Application, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print it.")
@click.option("--debug", is_flag=True, help="Show Python's traceback of every error.")
def application(debug: bool) -> None:
    """Name, store, run and find the artifacts of machine-learning code."""


def invoke(arguments: Sequence[str]) -> int:
    """Runs a command line and returns its exit code."""
    debug = "--debug" in arguments  # anywhere: people add it at the end of the line that failed
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        result = application.main(list(arguments), prog_name="datanectar", standalone_mode=False)
        return result if isinstance(result, int) else 0
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
        return 0


def _interrupted() -> int:
    click.echo("interrupted; what was finished is stored, and running again goes on from there", err=True)
    return INTERRUPTED


def report(error: DatanectarError) -> int:
    """Prints an error for people and returns the exit code it means."""
    if isinstance(error, RunFailed):
        for failure in error.failures.values():
            click.echo(failure.traceback.rstrip(), err=True)
        click.echo(f"\n{error}", err=True)
        return FAILED
    click.echo(f"{_kind(error)}: {error}", err=True)
    return WRONG_USE if isinstance(error, _WRONG_USE) else FAILED


def _kind(error: Any) -> str:
    """``StorageFull`` as people say it: ``storage full``."""
    import re

    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()
    return words.removesuffix(" error") + " error" if words.endswith(" error") else words
