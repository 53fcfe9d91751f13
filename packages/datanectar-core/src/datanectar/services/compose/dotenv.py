"""The file ``.env`` beside a Compose file: secrets, made once, and who the containers run as.

Its values are never shown.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from datanectar.errors import ConfigurationError
from datanectar.services.compose.document import GID, UID

NAME = ".env"
_PRIVATE = 0o600
_SET = re.compile(r"(?m)^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*(?:[=:]|$)", re.ASCII)
_HEADER = "# Read by docker compose. Secrets: keep this file to yourself, and out of version control.\n"
_SOMEBODY = "1000"  # containers of root's run as somebody who is not


@dataclass(frozen=True)
class Kept:
    """What became of the file.

    Attributes:
        path: Where it is.
        added: The variables that it had not.
        tightened: Whether others could read it, and cannot any more.
        names: All the variables that it sets.
    """

    path: Path
    added: tuple[str, ...]
    tightened: bool
    names: frozenset[str]


def keep(folder: Path, names: Iterable[str]) -> Kept:
    """Makes or completes the file: what it has stays, a secret that it has not is generated.

    Args:
        folder: The directory of the Compose file.
        names: The variables that hold secrets.

    Raises:
        ConfigurationError: It cannot be read or written.
    """
    path = folder / NAME
    try:
        try:
            return _created(path, names)
        except FileExistsError:
            return _completed(path, names)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} has to hold secrets, and cannot be read or written: {error}") from error


def _created(path: Path, names: Iterable[str]) -> Kept:
    lines = _lines(names, set())
    _write(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), _HEADER + "".join(lines.values()))
    return Kept(path, tuple(lines), False, frozenset(lines))


def _completed(path: Path, names: Iterable[str]) -> Kept:
    tightened = os.name == "posix" and bool(path.stat().st_mode & 0o077)
    if tightened:
        path.chmod(_PRIVATE)  # before there is anything new to read
    text = path.read_text(encoding="utf-8")
    there = set(_SET.findall(text))
    lines = _lines(names, there)
    if lines:
        start = "\n" if text and not text.endswith("\n") else ""
        _write(os.open(path, os.O_WRONLY | os.O_APPEND), start + "".join(lines.values()))
    return Kept(path, tuple(lines), tightened, frozenset(there | set(lines)))


def _lines(names: Iterable[str], there: set[str]) -> dict[str, str]:
    """The lines to add, by variable."""
    user, group = _identity()
    found = {UID: user, GID: group} | {name: "" for name in names}
    return {
        name: f"{name}={value or secrets.token_urlsafe(24)}\n" for name, value in found.items() if name not in there
    }


def _identity() -> tuple[str, str]:
    """Who the containers run as: who runs this, save root."""
    if os.name != "posix" or os.getuid() == 0:
        return _SOMEBODY, _SOMEBODY
    return str(os.getuid()), str(os.getgid())


def _write(descriptor: int, text: str) -> None:
    with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
