"""`datanectar copy`: artifacts from one storage to another, as they are."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click

from datanectar.cli import completers
from datanectar.cli.copy_lines import Lines, alias_line, summary
from datanectar.cli.exits import DONE, FAILED
from datanectar.cli.options import NAME_HELP, chosen, json_option, profile_option
from datanectar.cli.output import print_json
from datanectar.layer.copying.aliases import aliases_of, copy_aliases
from datanectar.layer.copying.artifacts import Reporter, copy_artifacts
from datanectar.layer.copying.selection import find_names, with_inputs
from datanectar.layer.opening import storage_layer
from datanectar.layer.storage_layer import StorageLayer

_HELP = (
    "SRC and DST are storages of the configuration or URLs, such as file:///data/artifacts. Without a NAME everything "
    f"is copied. {NAME_HELP[:-1]}, or the beginning of names up to a slash, for all of them."
)
#: Of these the target has the artifact, so that an alias can point to it.
_THERE = ("copied", "repaired", "present")
_TROUBLE = ("different", "failed")


@click.command(epilog=_HELP)
@click.argument("source", metavar="SRC", shell_complete=completers.storages)
@click.argument("target", metavar="DST", shell_complete=completers.storages)
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=completers.artifacts)
@click.option("--inputs", is_flag=True, help="Also what the named were made from, as far as SRC has it.")
@click.option(
    "--aliases",
    type=click.Choice(["keep", "move", "none"]),
    default="keep",
    help="What becomes of aliases that point to another artifact in DST: they stay there, which is told, or move. "
    "'none' copies no aliases.",
)
@click.option("--no-source", is_flag=True, help="Leave out source texts of tasks, which record_source keeps.")
@click.option("--jobs", type=click.IntRange(min=1), default=8, metavar="N", help="How many are copied at once: 8.")
@click.option("--dry-run", is_flag=True, help="Say what would be copied, and write nothing.")
@profile_option
@json_option
def copy(
    source: str,
    target: str,
    names: tuple[str, ...],
    inputs: bool,
    aliases: str,
    no_source: bool,
    jobs: int,
    dry_run: bool,
    profile: str | None,
    as_json: bool,
) -> int:
    """Copy artifacts with their logs, code and aliases from SRC to DST, without computing anything.

    What DST has is skipped, so running it again finishes what was interrupted.
    """
    with chosen(profile):
        from_layer, to_layer = _open(source, target)
        wanted = _select(from_layer, names, inputs, jobs)
        standing = {} if aliases == "none" else aliases_of(from_layer, wanted)
        with closing(_reporter(as_json, dry_run)) as reporter:
            outcomes = copy_artifacts(
                *(from_layer, to_layer, wanted, reporter), jobs=jobs, dry_run=dry_run, source_texts=not no_source
            )
        there = {outcome.name for outcome in outcomes if outcome.status in _THERE}
        pointed = list(copy_aliases(standing, to_layer, there, move=aliases == "move", dry_run=dry_run))
        if as_json:
            print_json({"artifacts": list(map(asdict, outcomes)), "aliases": list(map(asdict, pointed))})
        else:
            for alias in pointed:
                click.echo(alias_line(alias, dry_run=dry_run), err=True)
            click.echo(summary(outcomes, from_layer.backend.url, to_layer.backend.url, dry_run=dry_run), err=True)
    wrong = any(outcome.note or outcome.status in _TROUBLE for outcome in outcomes)
    return FAILED if wrong or not all(alias.moved for alias in pointed) else DONE


def _open(source: str, target: str) -> tuple[StorageLayer, StorageLayer]:
    from_layer, to_layer = storage_layer(source), storage_layer(target)
    for layer in (from_layer, to_layer):
        if layer.backend.reach == "process":
            raise click.UsageError(f"{layer.backend.url} is in this process only: empty before it, and gone after it")
    # An address that other machines share, such as a bucket's, may mean one at each of two endpoints.
    same_place = from_layer.backend.url == to_layer.backend.url and from_layer.backend.reach == "machine"
    if from_layer is to_layer or same_place:
        raise click.UsageError(f"SRC and DST are the same storage, {to_layer.backend.url}")
    _check_apart(from_layer, to_layer)
    return from_layer, to_layer


def _check_apart(*layers: StorageLayer) -> None:
    """Refuses directories that are one, or one in the other: what is wrong in DST is deleted, which would be SRC's."""
    urls = [layer.backend.url for layer in layers]
    roots = [Path(unquote(urlsplit(url).path)).resolve() for url in urls if url.startswith("file://")]
    if len(roots) == 2 and (roots[0] == roots[1] or roots[0] in roots[1].parents or roots[1] in roots[0].parents):
        how = "are the same storage" if roots[0] == roots[1] else "are one inside the other"
        raise click.UsageError(f"SRC and DST {how}: {urls[0]} is {roots[0]}, and {urls[1]} is {roots[1]}")


def _select(layer: StorageLayer, names: tuple[str, ...], inputs: bool, jobs: int) -> list[str] | None:
    if not names:
        if inputs:
            raise click.UsageError("--inputs belongs to a NAME: without one everything is copied")
        return None
    found = list(dict.fromkeys(found for name in names for found in find_names(layer, name)))
    return with_inputs(layer, found, jobs=jobs) if inputs else found


def _reporter(as_json: bool, dry_run: bool) -> Reporter:
    if sys.stderr.isatty() and not dry_run:
        from datanectar.cli.progress import CopyBar

        return CopyBar()
    return Lines(dry_run=dry_run, is_answer=dry_run and not as_json)
