"""What two stores have of the artifacts to copy, found out by a few listings instead of many questions."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from datanectar.contracts.storage import StorageBackend
from datanectar.layer import keys
from datanectar.records import ObjectInfo


@dataclass(frozen=True, slots=True)
class Inventory:
    """What is to be copied, and what of it is there already.

    Attributes:
        sizes: What each artifact takes at the source, in bytes: its manifest and the files of all attempts. The oldest
            artifact is the first.
        logs: By name, the logs that the target lacks, the oldest first; also of what was never made.
        present: The artifacts that have a manifest at the target, sound or not.
        data: Sizes of their files at the target, by key; also of those that a killed copy left.
        source_data: Sizes of their files at the source, by key.
        missing: The artifacts that were asked for and are not at the source.
    """

    sizes: dict[str, int]
    logs: dict[str, list[ObjectInfo]]
    present: set[str]
    data: dict[str, int]
    source_data: dict[str, int]
    missing: list[str]

    @property
    def names(self) -> list[str]:
        """All that is to be dealt with: artifacts, the oldest first, and at last what has nothing but logs."""
        return [*self.sizes, *self.missing, *(name for name in self.logs if name not in self.sizes)]


def take_inventory(source: StorageBackend, target: StorageBackend, names: Collection[str] | None) -> Inventory:
    """Lists both stores: once where all is wanted, else once a task.

    Args:
        source: Where the artifacts are.
        target: Where they go.
        names: Which artifacts; None for all, and for the logs of what was never made.
    """
    prefixes = [""] if names is None else list(_prefixes(names))
    wanted = None if names is None else frozenset(names)

    def listed(backend: StorageBackend, area: str) -> Iterator[ObjectInfo]:
        return chain.from_iterable(backend.list(area + prefix) for prefix in prefixes)

    sizes = {
        name: info.size
        for info in sorted(listed(source, keys.MANIFESTS), key=_by_age)
        if keys.is_manifest(info.key) and (name := keys.name_of(info.key)) and (wanted is None or name in wanted)
    }
    source_data = {info.key: info.size for info in listed(source, keys.DATA) if keys.data_name(info.key) in sizes}
    for key, size in source_data.items():
        sizes[keys.data_name(key)] += size
    # Manifests first: their files are older, so none is found without them.
    present = {name for info in listed(target, keys.MANIFESTS) if (name := keys.name_of(info.key)) in sizes}
    data = {info.key: info.size for info in listed(target, keys.DATA) if keys.data_name(info.key) in sizes}
    logs: dict[str, list[ObjectInfo]] = {}
    there = {info.key for info in listed(target, keys.LOGS)}
    for info in listed(source, keys.LOGS):
        name = keys.logged_name(info.key)
        if info.key not in there and (wanted is None or name in sizes):
            logs.setdefault(name, []).append(info)
    for kept in logs.values():
        kept.sort(key=_by_age)
    missing = [name for name in dict.fromkeys(names or ()) if name not in sizes]
    return Inventory(sizes, logs, present, data, source_data, missing)


def _by_age(info: ObjectInfo) -> tuple[datetime, str]:
    return info.modified, info.key  # times of some stores are of whole seconds


def _prefixes(names: Collection[str]) -> Iterator[str]:
    """Yields what the names start with, task by task; none that starts with another one."""
    last = None
    for prefix in sorted({name[: name.rfind("/") + 1] or name for name in names}):
        if last is None or not prefix.startswith(last):
            last = prefix
            yield prefix
