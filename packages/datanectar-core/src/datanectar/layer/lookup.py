"""Finds the artifact, or the aliases, that a short form of a name means."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Any

from datanectar.errors import ArtifactNotFound, IntegrityError, InvalidKey
from datanectar.layer.aliases import AliasEntry, Logs, entries_by_alias, read_entry
from datanectar.layer.parts import find_part
from datanectar.layer.storage_layer import StorageLayer

_SHOWN = 5
#: Of a task's path, ``task_type/family/task``.
_SLASHES = 2


def find_name(layer: StorageLayer, text: str) -> str:
    """Returns the one artifact that `text` names. A short form takes one listing; a full name takes none.

    Args:
        layer: Where to look.
        text: A full name, or the URI of this store for it; a task's path, or its end, with ``@alias``; such a path
            alone, of a task that made one artifact; or any piece of a name that only one artifact has, such as the
            first letters of its fingerprint.

    Raises:
        ArtifactNotFound: No artifact, or more than one, is meant; they are listed.
    """
    if text.startswith(f"{layer.backend.url}/"):
        text = layer.name_of(text)
    if "@" in text:
        name = find_entry(layer, text).name
        if isinstance(name, IntegrityError):
            raise name
        return name
    with suppress(InvalidKey):
        if layer.exists(text):
            return text
    return find_among(layer, text, list(layer.list()))


def find_among(layer: StorageLayer, text: str, names: Collection[str]) -> str:
    """Returns the one of `names`, which the store has, that `text` means; see `find_name`."""
    of_task = [name for name in names if ends_so(name.rpartition("/")[0], text)]
    found = of_task or [name for name in names if text in name]
    if len(found) == 1:
        return found[0]
    if not found:
        raise ArtifactNotFound(f"{layer.backend.url} has no artifact {text!r}; `datanectar ls` lists what there is")
    if len({name.rpartition("/")[0] for name in of_task}) == 1:
        raise several(text, found, f"or an alias, if it has any: `datanectar alias {text}` lists them")
    raise several(text, found)


def several(text: str, found: Collection[str], *advice: str) -> ArtifactNotFound:
    """What to say where `text` could be any of several artifacts."""
    more = [f"… and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    lines = "\n  ".join([*list(found)[:_SHOWN], *more, *advice])
    return ArtifactNotFound(f"{text!r} could be {len(found)} artifacts; write more of the name:\n  {lines}")


def ends_so(path: str, end: str) -> bool:
    """Whether a task's path is `end`, or ends with it, segment by segment."""
    end = end.rstrip("/")
    return bool(end) and f"/{path}".endswith(f"/{end}")


def the_task(text: str, paths: Iterable[str]) -> str | None:
    """Returns the one task that `text` is the path of, or its end; None if there is none.

    Raises:
        ArtifactNotFound: There are several.
    """
    found = sorted(path for path in set(paths) if ends_so(path, text))
    if text.rstrip("/") in found:
        return text.rstrip("/")
    if len(found) > 1:
        raise ArtifactNotFound(f"{text!r} could be {len(found)} tasks; write more of: {', '.join(found)}")
    return found[0] if found else None


def find_aliases(layer: StorageLayer, path: str, alias: str | None = None) -> Logs:
    """Returns where the entries of a task's aliases are, the newest first: one listing.

    Args:
        layer: Where to look.
        path: The task's path, or its end.
        alias: Which alias; by default all of them, if there are any.

    Raises:
        ArtifactNotFound: Several tasks are meant, or there is no such alias; what there is is listed.
    """
    if path.count("/") >= _SLASHES:  # whole, most likely: then the entries of all other tasks need not be listed
        with suppress(InvalidKey):
            logs = entries_by_alias(layer.backend, f"{path}/" if alias is None else f"{path}/{alias}/")
            if found := _of_task(logs, path, alias):
                return found
    logs = entries_by_alias(layer.backend)
    paths = {of for of, _ in logs}
    task = the_task(path, paths)
    found = {} if task is None else _of_task(logs, task, alias)
    if found or alias is None:
        return found
    if task is None:
        raise ArtifactNotFound(
            f"{layer.backend.url} has no alias of a task {path!r}; known: {', '.join(sorted(paths)) or 'none'}. What "
            f"was made on the way to another target has none: {path} alone names it, if there is one only"
        )
    known = ", ".join(sorted(other for _, other in _of_task(logs, task, None)))
    raise ArtifactNotFound(f"{layer.backend.url} has no alias {task}@{alias}; of this task there are: {known}")


def _of_task(logs: Logs, path: str, alias: str | None) -> Logs:
    return {place: infos for place, infos in logs.items() if place[0] == path and alias in (None, place[1])}


def find_entry(layer: StorageLayer, text: str) -> AliasEntry:
    """Returns the entry in force of the alias that ``task@alias`` names; the task's path may be its end.

    Raises:
        ArtifactNotFound: There is no such task or alias, or several tasks are meant; what there is is listed.
    """
    path, _, alias = text.partition("@")
    while True:
        (infos,) = find_aliases(layer, path, alias).values()
        entry = read_entry(layer.backend, infos[0])
        if entry is not None:  # else it was trimmed since it was listed: newer ones are there
            return entry


def find_part_of(layer: StorageLayer, text: str) -> tuple[str, tuple[Any, ...]]:
    """Returns the artifact that `text` names, and the part of it that the words behind a ``#`` do.

    Raises:
        ArtifactNotFound: No artifact, or more than one, is meant; they are listed.
        PartNotFound: The artifact has no such part.
    """
    whole, sharp, fragment = text.partition("#")
    name = find_name(layer, whole)
    return name, find_part(layer.manifest(name), fragment) if sharp else ()
