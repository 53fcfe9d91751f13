"""`datanectar alias`: points aliases to artifacts, and says what they point to and what they did before."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import click

from datanectar.cli import completers
from datanectar.cli.exits import DONE, FAILED
from datanectar.cli.options import in_layer, json_option
from datanectar.cli.output import age, print_json, print_table
from datanectar.errors import IntegrityError, InvalidKey, UnsupportedError
from datanectar.layer.aliases import (
    AliasEntry,
    Logs,
    check_alias,
    entries_by_alias,
    name_before,
    paths_of,
    read_entries,
    read_entry,
)
from datanectar.layer.lookup import find_aliases, find_among, find_entry, find_name, the_task
from datanectar.layer.storage_layer import StorageLayer

_HELP = (
    "NAME is an artifact: a full name, any piece of one that only one artifact has, a URI, or task@alias. To list "
    "aliases it can also be a task's path, or its end. `datanectar run` moves the alias latest."
)


@click.command(epilog=_HELP)
@in_layer
@click.argument("name", shell_complete=completers.artifacts_and_tasks)
@click.argument("alias", required=False, metavar="[ALIAS]", shell_complete=completers.aliases)
@click.option("--history", is_flag=True, help="Also what they pointed to before, the newest first.")
@json_option
def alias(layer: StorageLayer, name: str, alias: str | None, history: bool, as_json: bool) -> int:
    """Point ALIAS of a task to its artifact NAME; without ALIAS, list the aliases of NAME and what they point to."""
    if "#" in name:
        whole = name.partition("#")[0]
        raise UnsupportedError(f"{name} is a part of an artifact, which has no alias by itself; name {whole}")
    if alias is None:
        return _list(layer, name, history=history, as_json=as_json)
    if history:
        raise click.UsageError(f"--history lists, and ALIAS points; leave out one of them (the alias: TASK@{alias})")
    _point(layer, name, check_alias(alias), as_json=as_json)
    return DONE


# Pointing


def _point(layer: StorageLayer, text: str, alias: str, *, as_json: bool) -> None:
    name, path = _artifact(layer, text)
    place = f"{path}@{alias}"
    newest = next(iter(entries_by_alias(layer.backend, f"{path}/{alias}/").get((path, alias), [])), None)
    standing = None if newest is None else read_entry(layer.backend, newest)
    before: str | IntegrityError | None
    if standing is not None and standing.name == name:  # another entry would only push older ones out of the log
        number, before, moved = standing.number, name, False
    else:
        number, moved = layer.alias(name, alias, path=path), True
        before = name_before(layer.backend, path, alias, number)
    if as_json:
        known = None if isinstance(before, IntegrityError) else before
        print_json({"alias": place, "name": name, "before": known, "number": number, "moved": moved})
    else:
        click.echo(f"{place} points to {name}{_since_before(before, name)}")


def _artifact(layer: StorageLayer, text: str) -> tuple[str, str]:
    """An artifact that is stored and whose manifest is sound, and the path of the task that it belongs to."""
    if "@" in text:
        entry = find_entry(layer, text)
        if isinstance(entry.name, IntegrityError):
            raise entry.name
        layer.manifest(entry.name)
        return entry.name, entry.path
    name = find_name(layer, text)
    paths = _paths(layer, name)
    if not paths:
        raise InvalidKey(f"{name} can have no alias: an alias belongs to a task, and this name has none before a '/'")
    return name, paths[0]


def _paths(layer: StorageLayer, name: str) -> list[str]:
    return paths_of(name, layer.reader.details(layer.manifest(name))["identity"])


def _since_before(before: str | IntegrityError | None, name: str) -> str:
    if before is None:
        return ""
    if before == name:
        return " already"
    return "; its entry before is damaged" if isinstance(before, IntegrityError) else f", no longer to {before}"


# Listing


def _list(layer: StorageLayer, text: str, *, history: bool, as_json: bool) -> int:
    what, logs, name = _meant(layer, text)
    infos = [info for place in sorted(logs) for info in (logs[place] if history else logs[place][:1])]
    entries = [entry for entry in read_entries(layer.backend, infos) if name in (None, entry.name)]
    there = layer.exists_many({entry.name for entry in entries if isinstance(entry.name, str)})
    standing = {infos[0].key for infos in logs.values()}
    documents = [_document(entry, there, in_force=entry.key in standing) for entry in entries]
    if as_json:
        print_json(documents)
    else:
        _print(entries, documents, history=history)
    if not entries:
        click.echo(f"{what} has no alias; `datanectar alias NAME ALIAS` points one to an artifact", err=True)
    damaged = [entry.name for entry in entries if isinstance(entry.name, IntegrityError)]
    for error in damaged:
        click.echo(f"integrity error: {error}", err=True)
    return FAILED if damaged else DONE


def _meant(layer: StorageLayer, text: str) -> tuple[str, Logs, str | None]:
    """What is asked about, the entries of its aliases, and the artifact to which they point if it is about one."""
    path, at, alias = text.partition("@")
    if at:
        return text, find_aliases(layer, path, alias), None
    if _is_full(layer, text):
        name = find_name(layer, text)
    else:
        logs = find_aliases(layer, text.rstrip("/"))
        if logs:
            return text, logs, None
        names = list(layer.list())
        task = the_task(text, (name.rpartition("/")[0] for name in names))
        if task is not None:  # whose artifacts have no alias
            return task, {}, None
        name = find_among(layer, text, names)
    logs = {}
    for path in _paths(layer, name):
        found = entries_by_alias(layer.backend, f"{path}/")
        logs |= {place: infos for place, infos in found.items() if place[0] == path}
    return name, logs, name


def _is_full(layer: StorageLayer, text: str) -> bool:
    try:
        return text.startswith(f"{layer.backend.url}/") or layer.exists(text)
    except InvalidKey:
        return False


def _document(entry: AliasEntry, there: dict[str, bool], *, in_force: bool) -> dict[str, Any]:
    is_sound = isinstance(entry.name, str)
    return {
        "alias": entry.place,
        "number": entry.number,
        "name": entry.name if is_sound else None,
        "since": entry.moved.isoformat(),
        "in_force": in_force,
        "stored": is_sound and there[str(entry.name)],
    }


def _print(entries: Iterable[AliasEntry], documents: list[dict[str, Any]], *, history: bool) -> None:
    people = sys.stdout.isatty()
    now = datetime.now(UTC)
    rows = []
    for entry, document in zip(entries, documents, strict=True):
        since = f"{age(now - entry.moved)} ago" if people else entry.moved.isoformat(timespec="seconds")
        state = ["in force"] if history and document["in_force"] else []
        state += [] if document["stored"] else ["damaged" if document["name"] is None else "missing"]
        rows.append([entry.place, *[entry.number] * history, document["name"] or "", since, ", ".join(state)])
    print_table(["alias", *["number"] * history, "artifact", "since", "state"], rows)
