"""Aliases: names that move, as a numbered log of immutable entries. The highest number is in force."""

from __future__ import annotations

import re

from datanectar.contracts.storage import StorageBackend
from datanectar.errors import ArtifactNotFound, IntegrityError, InvalidKey, KeyNotFound
from datanectar.layer import keys
from datanectar.layer.commit import create_once
from datanectar.layer.manifest import open_seal, seal

_ALIAS = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_KEPT = 100
_READ_AT_ONCE = 8


def move_alias(
    backend: StorageBackend, path: str, alias: str, name: str, known: dict[tuple[str, str], int] | None = None
) -> None:
    """Points ``path@alias`` to `name`. Concurrent moves all count; one of them is the last.

    Args:
        backend: Where the log is.
        path: The task's path.
        alias: The alias.
        name: The artifact's name.
        known: The newest entry this process wrote, by path and alias. While it stands, fewer than 100 were written
            since, so the next free number after it is the next of all, and the log need not be listed.

    Raises:
        InvalidKey: The alias has other characters than ``a-z 0-9 . _ -``, or `path` is empty.
    """
    if _ALIAS.fullmatch(alias) is None:
        raise InvalidKey(f"alias {alias!r} is refused: use up to 64 of a-z 0-9 . _ -, starting with a letter or digit")
    if not path:
        raise InvalidKey(f"{name} can have no alias: an alias belongs to a task, and this name has none before a '/'")
    known = {} if known is None else known
    data = seal({"name": name})
    last = known.get((path, alias), 0)
    if last:
        number = _append(backend, path, alias, last + 1, data)
        if backend.stat(keys.alias(path, alias, last)) is not None:  # nobody overtook us by a hundred
            known[path, alias] = number
            if number > _KEPT + 1:
                backend.delete([keys.alias(path, alias, number - _KEPT - 1)])
            return
    entries = _entries(backend, path, alias)
    number = known[path, alias] = _append(backend, path, alias, (entries[-1] if entries else 0) + 1, data)
    backend.delete([keys.alias(path, alias, old) for old in entries if old < number - _KEPT])


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
    newest: dict[tuple[str, str], str] = {}
    for info in backend.list(keys.ALIASES + prefix):
        place = keys.alias_of(info.key)
        newest[place] = max(info.key, newest.get(place, ""))

    def read(place: tuple[str, str]) -> str | IntegrityError | None:
        try:
            return _read_entry(backend, newest[place], *place)
        except KeyNotFound:  # trimmed meanwhile
            return None
        except IntegrityError as error:
            return error

    from concurrent.futures import ThreadPoolExecutor  # which runs do without

    with ThreadPoolExecutor(_READ_AT_ONCE) as pool:
        places = sorted(newest)
        found = zip(places, pool.map(read, places), strict=True)
        return {place: name for place, name in found if name is not None}


def _read_entry(backend: StorageBackend, key: str, path: str, alias: str) -> str:
    return str(open_seal(backend.read(key), key, f"Point {path}@{alias} to an artifact again").get("name"))


def _entries(backend: StorageBackend, path: str, alias: str) -> list[int]:
    found = keys.below(backend, keys.aliases_prefix(path, alias), 1)
    return sorted(keys.number_of(info.key) for info in found)
