"""`datanectar logs`, `path` and `rm`: what one does with a stored artifact."""

from __future__ import annotations

import sys
from datetime import timedelta

import click

from datanectar.cli import completers
from datanectar.cli.exits import DONE, INTERRUPTED
from datanectar.cli.options import NAME_HELP, in_layer, name_argument, span
from datanectar.errors import ArtifactNotFound
from datanectar.layer import keys
from datanectar.layer.lookup import find_among, find_name, find_part_of
from datanectar.layer.storage_layer import StorageLayer

_LINK_SECONDS = 15 * 60


@click.command(epilog=NAME_HELP)
@in_layer
@name_argument
@click.option("--attempt", help="Only this attempt's.")
def logs(layer: StorageLayer, name: str, attempt: str | None) -> None:
    """Print what the attempts to make an artifact printed and logged; failed ones, too."""
    try:
        full = find_name(layer, name)
    except ArtifactNotFound:
        failed = {keys.logged_name(info.key) for info in layer.backend.list(keys.LOGS)}
        if not any(name in known for known in failed):
            raise
        full = find_among(layer, name, sorted({*layer.list(), *failed}))  # every attempt failed: no artifact is there
    found = layer.logs(full)
    for one, text in found.items():
        if attempt in (None, one):
            if len(found) > 1 and attempt is None:
                click.echo(f"--- attempt {one}")
            click.echo(text, nl=not text.endswith("\n"))
    if not found:
        click.echo(f"{full} printed nothing", err=True)


@click.command(epilog=NAME_HELP)
@in_layer
@name_argument
@click.option("--uri", is_flag=True, help="Print the artifact's URI instead of a local file.")
@click.option("--link", is_flag=True, help="Print a URL that reads the file without credentials, for a while.")
@click.option("--expires", metavar="SPAN", type=span, help="How long the link works, such as 15m, the default.")
def path(layer: StorageLayer, name: str, uri: bool, link: bool, expires: timedelta | None) -> None:
    """Print the path of a local file with an artifact's verified bytes; of a part of it, as NAME#PART."""
    if uri and link:
        raise click.UsageError("--uri and --link are two addresses; ask for one of them")
    if expires is not None and not link:
        raise click.UsageError("--expires belongs to --link: a path and a URI do not expire")
    full, part = find_part_of(layer, name)
    if uri:
        _, sharp, fragment = name.partition("#")
        click.echo(f"{layer.uri(full)}{sharp}{fragment}")
    elif link:
        seconds = _LINK_SECONDS if expires is None else int(expires.total_seconds())
        click.echo(layer.reader.link(full, seconds, part))
    else:
        click.echo(layer.reader.local_path(full, part))


@click.command(epilog=NAME_HELP)
@in_layer
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=completers.artifacts)
@click.option("--yes", is_flag=True, help="Do not ask.")
def rm(layer: StorageLayer, names: tuple[str, ...], yes: bool) -> int:
    """Remove artifacts with their files and logs."""
    found = list(dict.fromkeys(find_name(layer, name) for name in names))
    for name in found:
        click.echo(name, err=True)
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("nobody is there to ask; add --yes to remove what is listed above")
        if not click.confirm(f"Remove {len(found)} from {layer.backend.url}?", err=True):
            click.echo("nothing was removed", err=True)
            return INTERRUPTED
    for name in found:
        layer.delete(name)
    click.echo(f"removed {len(found)}", err=True)
    return DONE
