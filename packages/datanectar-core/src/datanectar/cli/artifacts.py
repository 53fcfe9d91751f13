"""`datanectar ls`, `show`, `logs`, `path` and `rm`: what is stored."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from datanectar.cli.exits import DONE, INTERRUPTED
from datanectar.cli.options import chosen, json_option, profile_option, storage_layer_option
from datanectar.cli.output import duration, print_json, print_table, size
from datanectar.errors import ArtifactNotFound
from datanectar.layer import keys
from datanectar.layer.lookup import find_name
from datanectar.layer.manifest import Manifest
from datanectar.layer.opening import storage_layer as open_chosen_layer
from datanectar.layer.storage_layer import StorageLayer
from datanectar.values.typed_json import dumps

_NAME_HELP = "NAME is a full name, any piece of one that only one artifact has, or task@alias."


def _in_layer(command: Callable[..., Any]) -> Callable[..., Any]:
    """Opens the storage layer that the options choose and passes it on."""

    def with_layer(profile: str | None, storage_layer: str | None, **arguments: Any) -> Any:
        with chosen(profile, storage_layer):
            return command(open_chosen_layer(), **arguments)

    with_layer.__doc__ = command.__doc__
    wrapped: Any = with_layer
    # Options that the command's own decorators added below this one move along.
    wrapped.__click_params__ = getattr(command, "__click_params__", [])
    found: Callable[..., Any] = profile_option(storage_layer_option(wrapped))
    return found


@click.command()
@_in_layer
@click.argument("prefix", default="")
@click.option("--type", "task_type", help="Only of this task type.")
@click.option("--family", help="Only of this model family.")
@click.option("--task", help="Only of this task.")
@json_option
def ls(
    layer: StorageLayer,
    prefix: str,
    task_type: str | None,
    family: str | None,
    task: str | None,
    as_json: bool,
) -> None:
    """List artifacts, the oldest first; those whose names start with PREFIX."""
    wanted = (task_type, family, task)
    found = []
    for info in sorted(layer.backend.list(keys.MANIFESTS + prefix), key=lambda info: (info.modified, info.key)):
        name = keys.name_of(info.key)
        if all(want is None or want == got for want, got in zip(wanted, name.split("/"), strict=False)):
            found.append((name, info.modified))
    if as_json:
        print_json([{"name": name, "stored": stored.isoformat()} for name, stored in found])
        return
    print_table(("stored", "artifact"), [(stored.isoformat(timespec="seconds"), name) for name, stored in found])
    if not found:
        asked = prefix or any(wanted)
        what = "has no such artifact" if asked else "has no artifacts yet; `datanectar run` makes them"
        click.echo(f"{layer.backend.url} {what}", err=True)


@click.command(epilog=_NAME_HELP)
@_in_layer
@click.argument("name")
@json_option
def show(layer: StorageLayer, name: str, as_json: bool) -> None:
    """Show what is known of an artifact: parameters, inputs, files, and how it was made."""
    manifest = layer.manifest(find_name(layer, name))
    details = layer.reader.details(manifest)
    if as_json:
        print_json({**manifest.document, **details})
        return
    rows = _facts(layer, manifest, details)
    width = max(len(label) for label, _ in rows)
    for label, text in rows:
        click.echo(f"{label:<{width}}  {text}")


def _facts(layer: StorageLayer, manifest: Manifest, details: dict[str, Any]) -> list[tuple[str, str]]:
    identity = details["identity"] or {}
    document = manifest.document
    rows = [("name", manifest.name), ("uri", layer.uri(manifest.name)), ("attempt", manifest.attempt)]
    rows += [("made", f"{manifest.started} on {document['host']} in {duration(manifest.seconds)}")]
    rows += [("git commit", document["git"])] if document.get("git") else []
    rows += [("code", identity.get("code") or f"version {identity['version']}")] if identity else []
    parameters = {**identity.get("parameters", {}), **identity.get("fields", {})}
    rows += [(f"  {key}", dumps(value)) for key, value in parameters.items() if "$artifact" not in dumps(value)]
    rows += [("input", f"{upstream} in {where}") for upstream, where in details["inputs"]]
    for number, file in enumerate(manifest.files):
        place = "in the manifest" if manifest.inline(number) is not None else f"data/…/{number}.{file['extension']}"
        rows.append(("file", f"{place}  {size(file['size'])}  sha256 {file['sha256'][:16]}…"))
    return rows


@click.command(epilog=_NAME_HELP)
@_in_layer
@click.argument("name")
@click.option("--attempt", help="Only this attempt's.")
def logs(layer: StorageLayer, name: str, attempt: str | None) -> None:
    """Print what the attempts to make an artifact printed and logged; failed ones, too."""
    try:
        full = find_name(layer, name)
    except ArtifactNotFound:
        failed = {keys.logged_name(info.key) for info in layer.backend.list(keys.LOGS)}
        meant = [known for known in failed if name in known]
        if len(meant) != 1:
            raise
        (full,) = meant  # every attempt failed, so there is no artifact
    found = layer.logs(full)
    for one, text in found.items():
        if attempt in (None, one):
            if len(found) > 1 and attempt is None:
                click.echo(f"--- attempt {one}")
            click.echo(text, nl=not text.endswith("\n"))
    if not found:
        click.echo(f"{full} printed nothing", err=True)


@click.command(epilog=_NAME_HELP)
@_in_layer
@click.argument("name")
@click.option("--uri", is_flag=True, help="Print the artifact's URI instead of a local file.")
def path(layer: StorageLayer, name: str, uri: bool) -> None:
    """Print the path of a local file with an artifact's verified bytes."""
    full = find_name(layer, name)
    click.echo(layer.uri(full) if uri else layer.local_path(full))


@click.command(epilog=_NAME_HELP)
@_in_layer
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
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
