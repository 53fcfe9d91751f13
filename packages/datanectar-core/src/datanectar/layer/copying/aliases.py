"""Carries aliases from store to store. What stands under one at the target is moved only where that is asked for."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping
from dataclasses import dataclass

from datanectar.errors import IntegrityError
from datanectar.layer.aliases import move_alias, pointed, read_alias, take_alias
from datanectar.layer.storage_layer import StorageLayer


@dataclass(frozen=True, slots=True)
class AliasOutcome:
    """What became of an alias that does not point at the target to what it does at the source.

    Attributes:
        alias: As ``task_type/family/task@alias``.
        name: The artifact it points to at the source, or None if it is damaged there.
        before: The artifact it pointed to at the target, or None if it was free.
        moved: Whether it points to `name` now.
        note: How it is damaged.
    """

    alias: str
    name: str | None
    before: str | None
    moved: bool
    note: str = ""


Aliases = Mapping[tuple[str, str], str | IntegrityError]


def aliases_of(source: StorageLayer, names: Collection[str] | None) -> Aliases:
    """Returns what aliases point to, or how they are damaged; to be asked before the artifacts are listed.

    Of an alias that moves after the listing, the artifact would not be among those that were copied.

    Args:
        source: Where they are.
        names: To which artifacts they point; None for all. A damaged one counts as an alias of its task's artifacts.
    """
    found = pointed(source.backend)
    if names is None:
        return found
    tasks = {name.rpartition("/")[0] for name in names}
    named = set(names)
    return {place: to for place, to in found.items() if (to in named if isinstance(to, str) else place[0] in tasks)}


def copy_aliases(
    aliases: Aliases, target: StorageLayer, names: Container[str], *, move: bool, dry_run: bool = False
) -> Iterator[AliasOutcome]:
    """Points aliases at the target to what they point to at the source.

    Args:
        aliases: Those of the source.
        target: Where they go.
        names: Which artifacts the target has.
        move: Whether aliases that point to other artifacts at the target are moved, too.
        dry_run: Whether to say only what would be done.
    """
    there = pointed(target.backend) if aliases else {}
    for (path, alias), name in aliases.items():
        standing = there.get((path, alias))
        before = standing if isinstance(standing, str) else None
        if isinstance(name, IntegrityError):
            yield AliasOutcome(f"{path}@{alias}", None, before, moved=False, note=str(name))
        elif name in names and name != before:
            moved = move or before is None
            if moved and not dry_run:
                if move or standing is not None:
                    move_alias(target.backend, path, alias, name)
                elif not take_alias(target.backend, path, alias, name):  # a run at the target was first
                    before = read_alias(target.backend, path, alias)
                    moved = before == name
            yield AliasOutcome(f"{path}@{alias}", name, before, moved)
