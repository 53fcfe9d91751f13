"""`datanectar run`, `plan` and `explain`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from datanectar.cli import completers
from datanectar.cli.options import chosen, json_option, profile_option, storage_layer_option
from datanectar.cli.output import duration, print_json, print_table, print_value
from datanectar.cli.targets import resolve_target
from datanectar.running.explanation import explain, plan
from datanectar.running.progress import Lines, Reporter, Silent
from datanectar.running.session import Session
from datanectar.running.targets import collect

_TARGET_HELP = "TARGET is module:task_or_function; its parameters follow as param=value."


def _where(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say where and with what."""
    for option in (
        json_option,
        storage_layer_option,
        profile_option,
        click.argument("parameters", nargs=-1, metavar="[param=value]...", shell_complete=completers.parameters),
        click.argument("target", shell_complete=completers.targets_and_artifacts),
    ):
        command = option(command)
    return command


def _reporter(quiet: bool) -> Reporter:
    if quiet:
        return Silent()
    if sys.stderr.isatty():
        from datanectar.cli.progress import Bar

        return Bar()
    return Lines(sys.stderr)


@click.command("run", epilog=_TARGET_HELP)
@_where
@click.option("--orchestrator", metavar="NAME", help="What runs the steps.")
@click.option("--workers", type=click.IntRange(min=1), help="How many steps run at once.")
@click.option("--keep-going", is_flag=True, help="After a failure, go on with what does not depend on it.")
@click.option("--quiet", is_flag=True, help="Print the result and errors only.")
def run_command(
    target: str,
    parameters: tuple[str, ...],
    profile: str | None,
    storage_layer: str | None,
    as_json: bool,
    orchestrator: str | None,
    workers: int | None,
    keep_going: bool,
    quiet: bool,
) -> None:
    """Make TARGET and whatever it needs, as far as it is not stored yet."""
    with chosen(profile, storage_layer):
        targets = resolve_target(target, parameters)
        artifacts = collect(targets)
        session = Session(lambda: _reporter(quiet), workers, orchestrator, None, keep_going)
        value = session.run([targets])[0]
        made = session.made
        if as_json:
            print_json(
                [{"name": handle.name, "uri": handle.uri, "computed": handle.name in made} for handle in artifacts]
            )
            return
        print_value(value)
        if not quiet:
            for handle in artifacts:
                state = "made" if handle.name in made else "stored already"
                click.echo(f"{state}: {handle.name}\n  at {handle.uri}", err=True)


@click.command("plan", epilog=_TARGET_HELP)
@_where
def plan_command(
    target: str, parameters: tuple[str, ...], profile: str | None, storage_layer: str | None, as_json: bool
) -> None:
    """Say what `run` would do, and why."""
    with chosen(profile, storage_layer):
        made = plan(resolve_target(target, parameters))
        if as_json:
            fields = ("name", "task", "uri", "status", "reason", "seconds")
            print_json(
                [{**{field: getattr(step, field) for field in fields}, "needs": list(step.needs)} for step in made]
            )
            return
        rows = [(step.status, step.name, step.reason, duration(step.seconds)) for step in made]
        print_table(("", "artifact", "why", "last time"), rows)
        click.echo(made.counts(), err=True)


@click.command("explain", epilog=_TARGET_HELP)
@_where
def explain_command(
    target: str, parameters: tuple[str, ...], profile: str | None, storage_layer: str | None, as_json: bool
) -> None:
    """Say why TARGET (or a stored artifact's name) would be made, or was."""
    with chosen(profile, storage_layer):
        if parameters and ":" not in target:
            raise click.UsageError(f"{target} is a name, so it takes no parameters; write module:task to name a task")
        found = [explain(handle) for handle in collect(resolve_target(target, parameters) if ":" in target else target)]
        if as_json:
            fields = ("name", "stored", "reasons", "nearest", "seconds")
            print_json([{field: getattr(one, field) for field in fields} for one in found])
        else:
            click.echo("\n".join(map(str, found)))
