"""Aliases: names that move, as a numbered log of immutable entries. The highest number is in force."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias

from datanectar.contracts.storage import StorageBackend
from datanectar.errors import ArtifactNotFound, IntegrityError, InvalidKey, KeyNotFound
from datanectar.layer import keys
from datanectar.layer.commit import create_once
from datanectar.layer.manifest import open_seal, seal
from datanectar.records import ObjectInfo

_ALIAS = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_KEPT = 100
_READ_AT_ONCE = 8

#: Where the entries of aliases are, the newest first, by path and alias.
Logs: TypeAlias = dict[tuple[str, str], list[ObjectInfo]]


@dataclass(frozen=True, slots=True)
class AliasEntry:
    """One entry of an alias's log: the newest one is in force, those before it say what was.

    Attributes:
        path: The task's path.
        alias: The alias.
        number: The entry's number.
        moved: When it was written, by the store's clock.
        name: The artifact that it points to, or how it is damaged.
    """

    path: str
    alias: str
    number: int
    moved: datetime
    name: str | IntegrityError

    @property
    def key(self) -> str:
        """Where it stands in its store."""
        return keys.alias(self.path, self.alias, self.number)

    @property
    def place(self) -> str:
        """What people call the alias: ``path@alias``."""
        return f"{self.path}@{self.alias}"


def check_alias(alias: str) -> str:
    """Returns `alias` if something can be called so.

    Raises:
        InvalidKey: It has other characters than ``a-z 0-9 . _ -``, or more than 64.
    """
    if _ALIAS.fullmatch(alias) is None:
        raise InvalidKey(f"alias {alias!r} is refused: use up to 64 of a-z 0-9 . _ -, starting with a letter or digit")
    return alias


def move_alias(
    backend: StorageBackend, path: str, alias: str, name: str, known: dict[tuple[str, str], int] | None = None
) -> int:
    """Points ``path@alias`` to `name`. Concurrent moves all count; one of them is the last.

    Args:
        backend: Where the log is.
        path: The task's path.
        alias: The alias.
        name: The artifact's name.
        known: The newest entry this process wrote, by path and alias. While it stands, fewer than 100 were written
            since, so the next free number after it is the next of all, and the log need not be listed.

    Returns:
        The number of the new entry; that before it has the number before it.

    Raises:
        InvalidKey: The alias has other characters than ``a-z 0-9 . _ -``, or `path` is empty.
    """
    check_alias(alias)
    if not path:
        raise InvalidKey(f"{name} can have no alias: an alias belongs to a task, and this name has none before a '/'")
    known = {} if known is None else known
    # With an id of the move: else that of another process to the same artifact, long ago, would pass for this one.
    data = seal({"name": name, "move": os.urandom(12).hex()})
    last = known.get((path, alias), 0)
    if last:
        number = _append(backend, path, alias, last + 1, data)
        if backend.stat(keys.alias(path, alias, last)) is not None:  # nobody overtook us by a hundred
            known[path, alias] = number
            if number > _KEPT + 1:
                backend.delete([keys.alias(path, alias, number - _KEPT - 1)])
            return number
    entries = _entries(backend, path, alias)
    number = known[path, alias] = _append(backend, path, alias, (entries[-1] if entries else 0) + 1, data)
    backend.delete([keys.alias(path, alias, old) for old in entries if old < number - _KEPT])
    return number


def take_alias(backend: StorageBackend, path: str, alias: str, name: str) -> bool:
    """Points ``path@alias`` to `name` if it never pointed to anything, and returns whether that is so."""
    data = seal({"name": name})
    return create_once(backend, keys.alias(path, alias, 1), data) == data


def _append(backend: StorageBackend, path: str, alias: str, number: int, data: bytes) -> int:
    """Writes an entry under the first free number from `number` on, and returns it."""
    while create_once(backend, keys.alias(path, alias, number), data) != data:
        number += 1
    return number


def read_alias(backend: StorageBackend, path: str, alias: str) -> str:
    """Returns the name that ``path@alias`` points to.

    Raises:
        ArtifactNotFound: There is no such alias.
        IntegrityError: Its newest entry is damaged.
    """
    for number in reversed(_entries(backend, path, alias)):
        try:
            return _read_entry(backend, keys.alias(path, alias, number), path, alias)
        except KeyNotFound:
            continue  # trimmed since it was listed: a newer one is there
    raise ArtifactNotFound(f"{backend.url} has no alias {path}@{alias}; `datanectar ls {path}` lists what there is")


def standing_aliases(backend: StorageBackend, prefix: str = "") -> dict[str, list[str]]:
    """Returns the aliases that point to each artifact: one listing, and one read an alias.

    Args:
        backend: Where the logs are.
        prefix: What the paths of the tasks start with.
    """
    found: dict[str, list[str]] = {}
    for (_, alias), name in pointed(backend, prefix).items():
        if isinstance(name, str):  # whoever uses a damaged one is told
            found.setdefault(name, []).append(alias)
    return found


def pointed(backend: StorageBackend, prefix: str = "") -> dict[tuple[str, str], str | IntegrityError]:
    """Returns the name that each alias points to, or how it is damaged, by path and alias, in order.

    Arguments as for `standing_aliases`.
    """
    logs = entries_by_alias(backend, prefix)
    found = read_entries(backend, [logs[place][0] for place in sorted(logs)])
    return {(entry.path, entry.alias): entry.name for entry in found}


def entries_by_alias(backend: StorageBackend, prefix: str = "") -> Logs:
    """Returns where the entries of each alias are, the newest first, by path and alias: one listing.

    Arguments as for `standing_aliases`.
    """
    logs: Logs = {}
    for info in backend.list(keys.ALIASES + prefix):
        if keys.is_alias_entry(info.key):
            logs.setdefault(keys.alias_of(info.key), []).append(info)
    for infos in logs.values():
        infos.sort(key=lambda info: info.key, reverse=True)
    return logs


def history(backend: StorageBackend, path: str, alias: str) -> list[AliasEntry]:
    """Returns the entries of an alias that are kept, the newest first: one listing, and a read each."""
    return read_entries(backend, entries_by_alias(backend, f"{path}/{alias}/").get((path, alias), []))


def read_entries(backend: StorageBackend, infos: Iterable[ObjectInfo]) -> list[AliasEntry]:
    """Reads entries, several at once; those that were trimmed since they were listed are left out."""
    from concurrent.futures import ThreadPoolExecutor  # which runs do without

    with ThreadPoolExecutor(_READ_AT_ONCE) as pool:
        return [entry for entry in pool.map(partial(read_entry, backend), infos) if entry is not None]


def read_entry(backend: StorageBackend, info: ObjectInfo) -> AliasEntry | None:
    """Reads one entry; None if it was trimmed since it was listed."""
    path, alias = keys.alias_of(info.key)
    name = _name_or_damage(backend, info.key, path, alias)
    return None if name is None else AliasEntry(path, alias, keys.number_of(info.key), info.modified, name)


def name_before(backend: StorageBackend, path: str, alias: str, number: int) -> str | IntegrityError | None:
    """Returns what an alias pointed to before its entry `number`; None if to nothing, or if that was trimmed."""
    return _name_or_damage(backend, keys.alias(path, alias, number - 1), path, alias) if number > 1 else None


def paths_of(name: str, identity: Mapping[str, Any] | None) -> list[str]:
    """Returns under which tasks' paths an artifact has its aliases.

    A run points `latest` by the task, which comes first here, and `StorageLayer.alias` by the name, which a naming
    plugin may make otherwise.

    Args:
        name: The artifact's name.
        identity: What its manifest says of how it was made.
    """
    recorded = "/".join((identity or {}).get("task", ()))
    return [path for path in dict.fromkeys((recorded, name.rpartition("/")[0])) if path]


def _name_or_damage(backend: StorageBackend, key: str, path: str, alias: str) -> str | IntegrityError | None:
    try:
        return _read_entry(backend, key, path, alias)
    except KeyNotFound:
        return None
    except IntegrityError as error:
        return error


def _read_entry(backend: StorageBackend, key: str, path: str, alias: str) -> str:
    return str(open_seal(backend.read(key), key, f"Point {path}@{alias} to an artifact again").get("name"))


def _entries(backend: StorageBackend, path: str, alias: str) -> list[int]:
    found = keys.below(backend, keys.aliases_prefix(path, alias), 1)
    return sorted(keys.number_of(info.key) for info in found if keys.is_alias_entry(info.key))
