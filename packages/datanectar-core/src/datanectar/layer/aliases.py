"""Aliases: names that move, as a numbered log of immutable entries. The highest number is in force."""

from __future__ import annotations

import json
import re

from datanectar.contracts.storage import StorageBackend
from datanectar.errors import AlreadyExists, ArtifactNotFound, InvalidKey, KeyNotFound
from datanectar.layer import keys

_ALIAS = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_KEPT = 100


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
        InvalidKey: The alias has other characters than ``a-z 0-9 . _ -``.
    """
    if _ALIAS.fullmatch(alias) is None:
        raise InvalidKey(f"alias {alias!r} is refused: use up to 64 of a-z 0-9 . _ -, starting with a letter or digit")
    known = {} if known is None else known
    data = json.dumps({"name": name}).encode()
    last = known.get((path, alias), 0)
    if last and backend.stat(keys.alias(path, alias, last)) is not None:
        number = _append(backend, path, alias, last + 1, data)
        if backend.stat(keys.alias(path, alias, last)) is not None:  # still: nobody overtook us by a hundred
            known[path, alias] = number
            if number > _KEPT + 1:
                backend.delete([keys.alias(path, alias, number - _KEPT - 1)])
            return
    entries = _entries(backend, path, alias)
    number = known[path, alias] = _append(backend, path, alias, (entries[-1] if entries else 0) + 1, data)
    backend.delete([keys.alias(path, alias, old) for old in entries if old < number - _KEPT])


def _append(backend: StorageBackend, path: str, alias: str, number: int, data: bytes) -> int:
    """Writes an entry under the first free number from `number` on, and returns it."""
    while True:
        try:
            backend.create(keys.alias(path, alias, number), data)
            return number
        except AlreadyExists:
            number += 1


def read_alias(backend: StorageBackend, path: str, alias: str) -> str:
    """Returns the name that ``path@alias`` points to.

    Raises:
        ArtifactNotFound: There is no such alias.
    """
    for number in reversed(_entries(backend, path, alias)):
        try:
            return str(json.loads(backend.read(keys.alias(path, alias, number)))["name"])
        except KeyNotFound:
            continue  # trimmed since it was listed: a newer one is there
    raise ArtifactNotFound(f"{backend.url} has no alias {path}@{alias}; `datanectar ls {path}` lists what there is")


def _entries(backend: StorageBackend, path: str, alias: str) -> list[int]:
    return sorted(keys.number_of(info.key) for info in backend.list(keys.aliases_prefix(path, alias)))
