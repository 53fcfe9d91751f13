"""`datanectar show`: what is known of one artifact, and how its value begins."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

from datanectar.cli.lineage import lineage
from datanectar.cli.options import NAME_HELP, in_layer, json_option, name_argument
from datanectar.cli.output import age, duration, fit, print_facts, print_json, size
from datanectar.cli.previews import preview
from datanectar.layer import keys
from datanectar.layer.aliases import paths_of, standing_aliases
from datanectar.layer.lookup import find_part_of
from datanectar.layer.manifest import Manifest
from datanectar.layer.parts import files_by_part, part_names, subscripts
from datanectar.layer.storage_layer import StorageLayer
from datanectar.values.literals import label_of, literal

_MOST_FILES = 20
_MOST_PREVIEWS = 4
_WIDTH = 100  # of previews in a pipe
_LONGEST_LINE = 60

Fact = tuple[str, str]


@click.command(epilog=NAME_HELP)
@in_layer
@name_argument
@click.option(
    "--preview/--no-preview",
    "wanted",
    default=None,
    help="Show how the value begins; by default at a terminal, and of files up to 64 MiB.",
)
@json_option
def show(layer: StorageLayer, name: str, wanted: bool | None, as_json: bool) -> None:
    """Show what is known of an artifact: parameters, inputs, files, how it was made, and how its value begins."""
    full, part = find_part_of(layer, name)
    manifest = layer.manifest(full)
    details = layer.reader.details(manifest)
    if as_json:
        print_json({**manifest.document, **details})
        return
    print_facts(list(_facts(layer, manifest, details)))
    if sys.stdout.isatty() if wanted is None else wanted:
        _print_previews(layer, manifest, part, any_size=bool(wanted))


def _facts(layer: StorageLayer, manifest: Manifest, details: dict[str, Any]) -> Iterator[Fact]:
    identity = details["identity"] or {}
    document = manifest.document
    yield "name", manifest.name
    yield "uri", layer.uri(manifest.name)
    for path in sorted(paths_of(manifest.name, identity)):
        found = standing_aliases(layer.backend, f"{path}/")
        yield from [("alias", f"{path}@{alias}") for alias in found.get(manifest.name, [])]
    if identity:
        task_type, family, task = identity["task"]
        yield "task", f"{task}, of type {task_type} and family {family}"
    else:
        yield "task", "none: it was stored by hand"
    yield "attempt", manifest.attempt
    yield "made", f"{_when(manifest)} on {document['host']} in {duration(manifest.seconds)}"
    yield "with", f"Python {document['python']}, datanectar {document['datanectar']}"
    if document.get("git"):
        yield "git commit", document["git"]
    if identity:
        yield "code", identity.get("code") or f"version {identity['version']}"
    label = label_of(name for name, _ in details["inputs"])
    for key, value in {**identity.get("parameters", {}), **identity.get("fields", {})}.items():
        yield "parameter", f"{key} = {literal(value, label)}"
    yield from [("input", line) for line in lineage(details["inputs"], layer.reference)]
    yield from _files(manifest)
    yield from _log(layer, manifest)


def _when(manifest: Manifest) -> str:
    if not sys.stdout.isatty():
        return manifest.started
    started = datetime.fromisoformat(manifest.started)
    return f"{started:%Y-%m-%d %H:%M:%S} UTC, {age(datetime.now(UTC) - started)} ago,"


def _files(manifest: Manifest) -> Iterator[Fact]:
    if "path" in manifest.value:
        kind = "file" if type(manifest.value["content"]) is int else "directory"
        yield "value", f"the {kind} {manifest.value['path']}, {size(manifest.size)}"
    elif "file" not in manifest.value:
        kind = next(kind for kind in ("dict", "tuple", "list") if kind in manifest.value)
        yield "value", f"a {kind} of {len(manifest.value[kind])}, {size(manifest.size)}: {part_names(manifest.value)}"
    files = list(files_by_part(manifest.value))
    for part, number, serializer in files[:_MOST_FILES]:
        file = manifest.files[number]
        place = "in the manifest" if manifest.inline(number) is not None else f"data/…/{number}.{file['extension']}"
        of = f"{subscripts(part)}  " if part else ""
        yield "file", f"{of}{serializer}  {size(file['size'])}  sha256 {file['sha256'][:16]}…  {place}"
    if len(files) > _MOST_FILES:
        yield "file", f"… {len(files) - _MOST_FILES} more"


def _log(layer: StorageLayer, manifest: Manifest) -> Iterator[Fact]:
    """The end of what is at hand of the log, and how to read the rest."""
    command = f"datanectar logs {manifest.name}"
    kept = sum(1 for _ in keys.below(layer.backend, keys.logs_prefix(manifest.name), 1))
    lines = manifest.document.get("log", {}).get("text", "").splitlines()
    if lines:
        yield "log", fit(lines[-1], _LONGEST_LINE)
        yield "log", f"{len(lines)} line{'s' * (len(lines) > 1)}: {command}"
    elif kept:
        yield "log", f"{kept} kept: {command}"


def _print_previews(layer: StorageLayer, manifest: Manifest, part: tuple[Any, ...], *, any_size: bool) -> None:
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDTH
    files = [file for file in files_by_part(manifest.value) if file[0][: len(part)] == part]
    for place, number, serializer in files[:_MOST_PREVIEWS]:
        click.echo(f"\n{subscripts(place)}".rstrip())
        for line in preview(layer, manifest, number, serializer, width, any_size=any_size):
            click.echo(line)
    if len(files) > _MOST_PREVIEWS:
        click.echo(f"\n… {len(files) - _MOST_PREVIEWS} more parts; `datanectar show NAME#PART` shows one")
