"""`datanectar ls`: which artifacts there are, from listings alone."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import click

from datanectar.cli import completers
from datanectar.cli.options import in_layer, json_option, span
from datanectar.cli.output import age, print_json, print_table, size
from datanectar.layer import keys
from datanectar.layer.aliases import standing_aliases
from datanectar.layer.lookup import ends_so
from datanectar.layer.storage_layer import StorageLayer

#: What the segments of a name before the last say, by the default naming.
_SEGMENTS = ("type", "family", "task")
_SHOWN = 8


class _Entry(NamedTuple):
    name: str
    stored: datetime
    bytes: int = 0
    aliases: tuple[str, ...] = ()

    def document(self, *, with_size: bool, with_aliases: bool) -> dict[str, Any]:
        document: dict[str, Any] = {"name": self.name, "stored": self.stored.isoformat()}
        document |= {"size": self.bytes} if with_size else {}
        return document | ({"aliases": list(self.aliases)} if with_aliases else {})


_ORDERS: dict[str, Callable[[_Entry], Any]] = {
    "time": lambda entry: (entry.stored, entry.name),
    "name": lambda entry: entry.name,
    "size": lambda entry: (entry.bytes, entry.name),
}


@click.command()
@in_layer
@click.argument("prefix", default="", shell_complete=completers.prefixes)
@click.option("--type", metavar="NAME", help="Only of this task type.", shell_complete=completers.segments(0))
@click.option("--family", metavar="NAME", help="Only of this model family.", shell_complete=completers.segments(1))
@click.option("--task", metavar="NAME", help="Only of this task.", shell_complete=completers.segments(2))
@click.option("--newer-than", metavar="SPAN", type=span, help="Stored within the last 90s, 15m, 2h, 3d or 2w.")
@click.option("--older-than", metavar="SPAN", type=span, help="Stored before that.")
@click.option(
    "--sort", type=click.Choice(["time", "name", "size"]), default="time", help="The newest or largest comes last."
)
@click.option("-l", "--long", is_flag=True, help="Also sizes and aliases: two more listings, and a read an alias.")
@json_option
def ls(
    layer: StorageLayer,
    prefix: str,
    newer_than: timedelta | None,
    older_than: timedelta | None,
    sort: str,
    long: bool,
    as_json: bool,
    **segments: str | None,
) -> None:
    """List artifacts, the oldest first; those whose names start with PREFIX, or of the task whose path it is or ends.

    This is one listing of the store; of a task, another and a read an alias, which stand beside its artifacts.
    """
    now = datetime.now(UTC)
    wanted = {segment: value for segment in _SEGMENTS if (value := segments[segment]) is not None}
    everything = under = list(_entries(layer, prefix))
    if prefix and not under:
        everything = list(_entries(layer))
        prefix, under = _of_the_task(everything, prefix)
    named = [entry for entry in under if wanted.items() <= _segments(entry.name).items()]
    found = [entry for entry in named if _is_within(now - entry.stored, newer_than, older_than)]
    sized = long or sort == "size"
    if sized:
        found = list(_with_sizes(layer, prefix, found))
    with_aliases = long or _is_task(prefix.rstrip("/"), under)
    if with_aliases:
        aliases = standing_aliases(layer.backend, "" if long else prefix)
        found = [entry._replace(aliases=tuple(aliases.get(entry.name, ()))) for entry in found]
    found.sort(key=_ORDERS[sort])
    if as_json:
        print_json([entry.document(with_size=sized, with_aliases=with_aliases) for entry in found])
    else:
        _print(found, now, with_sizes=sized, with_aliases=with_aliases)
    if not found:
        said = _nothing_of_that_age(named, now) if named else _nothing_named_so(everything, prefix, wanted, under)
        click.echo(f"{layer.backend.url} {said}", err=True)


def _entries(layer: StorageLayer, prefix: str = "") -> Iterator[_Entry]:
    for info in layer.backend.list(keys.MANIFESTS + prefix):
        yield _Entry(keys.name_of(info.key), info.modified, info.size)


def _of_the_task(entries: Iterable[_Entry], end: str) -> tuple[str, list[_Entry]]:
    """What the names of the one task's artifacts start with whose path ends so, and these; else `end`, and none."""
    found = [entry for entry in entries if ends_so(entry.name.rpartition("/")[0], end)]
    paths = {entry.name.rpartition("/")[0] for entry in found}
    return (f"{paths.pop()}/", found) if len(paths) == 1 else (end, [])


def _is_task(path: str, entries: Iterable[_Entry]) -> bool:
    return bool(path) and any(entry.name.rpartition("/")[0] == path for entry in entries)


def _segments(name: str) -> dict[str, str]:
    return dict(zip(_SEGMENTS, name.split("/")[:-1], strict=False))


def _is_within(passed: timedelta, newer_than: timedelta | None, older_than: timedelta | None) -> bool:
    return (newer_than is None or passed <= newer_than) and (older_than is None or passed >= older_than)


def _with_sizes(layer: StorageLayer, prefix: str, entries: Iterable[_Entry]) -> Iterator[_Entry]:
    """Adds what an artifact's files take to what its manifest does."""
    files: dict[str, int] = {}
    for info in layer.backend.list(keys.DATA + prefix):
        name = keys.data_name(info.key)
        files[name] = files.get(name, 0) + info.size
    return (entry._replace(bytes=entry.bytes + files.get(entry.name, 0)) for entry in entries)


def _print(entries: Iterable[_Entry], now: datetime, *, with_sizes: bool, with_aliases: bool) -> None:
    people = sys.stdout.isatty()
    columns = ["artifact", "age" if people else "stored", *["size"] * with_sizes, *["aliases"] * with_aliases]
    rows = []
    for entry in entries:
        when = age(now - entry.stored) if people else entry.stored.isoformat(timespec="seconds")
        bytes_ = size(entry.bytes) if people else str(entry.bytes)
        rows.append([entry.name, when, *[bytes_] * with_sizes, *[", ".join(entry.aliases)] * with_aliases])
    print_table(columns, rows)


def _nothing_of_that_age(named: list[_Entry], now: datetime) -> str:
    oldest, newest = min(entry.stored for entry in named), max(entry.stored for entry in named)
    if len(named) == 1:
        return f"has nothing of that age; the one artifact that fits otherwise was stored {age(now - newest)} ago"
    ages = f"between {age(now - oldest)} and {age(now - newest)} ago"
    return f"has nothing of that age; the {len(named)} artifacts that fit otherwise were stored {ages}"


def _nothing_named_so(everything: list[_Entry], prefix: str, wanted: Mapping[str, str], under: list[_Entry]) -> str:
    """Says what there is instead of what was asked for."""
    names = [entry.name for entry in everything]
    if not names:
        return "has no artifacts yet; `datanectar run` makes them"
    paths = sorted({name.rpartition("/")[0] for name in names} - {""})
    if not under:
        of_task = [path for path in paths if ends_so(path, prefix)]
        near = of_task or [path for path in paths if prefix in path]
        near = near or difflib.get_close_matches(prefix.strip("/"), [*paths, *_starts(paths)], 1)
        return f"has no artifact whose name starts with {prefix!r}; {_instead(near, paths or names)}"
    for segment, value in wanted.items():
        known = sorted({found for name in names if (found := _segments(name).get(segment)) is not None})
        if value not in known:
            near = difflib.get_close_matches(value, known, 1, cutoff=0.4)
            return f"has no artifact of {segment} {value!r}; {_instead(near, known)}"
    asked = " and ".join(f"{segment} {value!r}" for segment, value in wanted.items())
    return f"has no artifact of {asked}; {_instead([], paths)}"


def _starts(paths: Iterable[str]) -> set[str]:
    return {start for path in paths for start in (path.split("/")[0], path.rpartition("/")[0])}


def _instead(near: list[str], known: list[str]) -> str:
    if near:
        return f"did you mean {' or '.join(near[:_SHOWN])}?"
    if not known:
        return "no name says any"
    more = f", … {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f"there are: {', '.join(known[:_SHOWN])}{more}"
