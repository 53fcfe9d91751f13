"""Carries aliases from store to store. What stands under one at the target is moved only where that is asked for."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

from datanectar.layer.aliases import move_alias, pointed
from datanectar.layer.storage_layer import StorageLayer


@dataclass(frozen=True, slots=True)
class AliasOutcome:
    """What became of an alias that does not point at the target to what it does at the source.

    Attributes:
        alias: As ``task_type/family/task@alias``.
        name: The artifact it points to at the source.
        before: The artifact it pointed to at the target, or None if it was free.
        moved: Whether it points to `name` now.
    """

    alias: str
    name: str
    before: str | None
    moved: bool


def copy_aliases(
    source: StorageLayer, target: StorageLayer, names: Container[str], *, move: bool, dry_run: bool = False
) -> Iterator[AliasOutcome]:
    """Points the aliases of artifacts at the target to what they point to at the source.

    Args:
        source: Where they are.
        target: Where they go.
        names: Which artifacts; the target has them.
        move: Whether aliases that point to other artifacts at the target are moved, too.
        dry_run: Whether to say only what would be done.
    """
    there = pointed(target.backend)
    for (path, alias), name in pointed(source.backend).items():
        before = there.get((path, alias))
        if name in names and name != before:
            moved = move or before is None
            if moved and not dry_run:
                move_alias(target.backend, path, alias, name)
            yield AliasOutcome(f"{path}@{alias}", name, before, moved)
