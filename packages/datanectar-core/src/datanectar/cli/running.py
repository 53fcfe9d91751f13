"""`datanectar run`, `plan` and `explain`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from datanectar.cli import completers
from datanectar.cli.options import chosen, json_option, profile_option, storage_layer_option
from datanectar.cli.output import duration, print_json, print_table, print_value
from datanectar.cli.targets import resolve_target
from datanectar.running.explanation import explain, plan
from datanectar.running.progress import Lines, Reporter, Silent
from datanectar.running.session import Session
from datanectar.running.targets import collect

if TYPE_CHECKING:
    from datanectar.running.planning import Plan, PlannedStep
    from datanectar.tasks.code import CodeDigest
    from datanectar.tasks.definition import Definition
    from datanectar.tasks.handle import Artifact

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
    """Say what `run` would do, why, and where it is stored."""
    with chosen(profile, storage_layer):
        made = plan(resolve_target(target, parameters))
        if as_json:
            fields = ("name", "task", "uri", "status", "reason", "seconds")
            print_json(
                [{**{field: getattr(step, field) for field in fields}, "needs": list(step.needs)} for step in made]
            )
            return
        steps = _tree(made) if sys.stdout.isatty() else [(0, step) for step in made]
        rows = [
            (step.status, "  " * depth + step.name, step.reason, duration(step.seconds), step.layer.reference)
            for depth, step in steps
        ]
        print_table(("", "artifact", "why", "last time", "where"), rows)
        click.echo(made.counts(), err=True)


def _tree(plan: Plan) -> Iterator[tuple[int, PlannedStep]]:
    """Yields targets with what each is made from below it, and how deep that is; a step once, where it first stands."""
    seen: set[str] = set()
    pending = [(0, name) for name in reversed(plan.targets)]
    while pending:
        depth, name = pending.pop()
        if name not in seen:
            seen.add(name)
            yield depth, plan.steps[name]
            pending += [(depth + 1, need) for need in reversed(plan.steps[name].needs)]


@click.command("explain", epilog=_TARGET_HELP)
@_where
@click.option("--code", is_flag=True, help="Say what code is part of the name, and what cannot be followed.")
def explain_command(
    target: str, parameters: tuple[str, ...], profile: str | None, storage_layer: str | None, as_json: bool, code: bool
) -> None:
    """Say why TARGET (or a stored artifact's name) would be made, or was."""
    with chosen(profile, storage_layer):
        if ":" not in target and (parameters or code):
            why = "it takes no parameters" if parameters else "its code is not at hand"
            raise click.UsageError(f"{target} is a name, so {why}; write module:task to name a task")
        if code:
            _explain_code(collect(resolve_target(target, parameters)), as_json)
            return
        found = [explain(handle) for handle in collect(resolve_target(target, parameters) if ":" in target else target)]
        if as_json:
            fields = ("name", "stored", "reasons", "nearest", "seconds", "diffs")
            print_json([{field: getattr(one, field) for field in fields} for one in found])
        else:
            click.echo("\n".join(map(str, found)))


def _explain_code(artifacts: list[Artifact[Any]], as_json: bool) -> None:
    """Prints what code is part of the names of artifacts and of all they are made from."""
    tasks: dict[Definition, None] = {}
    calls = {handle.name: handle.call for handle in artifacts}
    pending = list(calls.values())
    while pending:
        call = pending.pop(0)
        if call.definition is not None:
            tasks.setdefault(call.definition)
        for needed in call.inputs():
            if needed.name not in calls:
                calls[needed.name] = needed.call
                pending.append(needed.call)
    found = [(task, task.code()) for task in tasks]
    if as_json:
        print_json([_code_document(task, code) for task, code in found])
        return
    for task, code in found:
        if code is None:
            click.echo(f"{task.path}: version {task.version!r}, said by hand; no code is part of the name")
            continue
        click.echo(f"{task.path}: code {code.digest}")
        for name in code.functions:
            click.echo(f"  {name.replace(':', '.')}")
        for what in code.not_followed:
            click.echo(f"  not followed: {what}")
        for name, version in code.versions().items():
            click.echo(f"  {name} {version}, a library: not part of the name")


def _code_document(task: Definition, code: CodeDigest | None) -> dict[str, Any]:
    if code is None:
        return {"task": task.path, "version": task.version}
    fields = {"digest": code.digest, "functions": code.functions, "not_followed": list(code.not_followed)}
    return {"task": task.path, **fields, "libraries": code.versions()}
