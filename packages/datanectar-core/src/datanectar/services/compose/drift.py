"""Where a Compose file says something else than the services of the project do."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from datanectar.services.compose.spellings import plain

HIDDEN = "a value of its own"
_REFERENCE = re.compile(r"\$(?:\w+|\{\w+(?::?\?)?\})")


@dataclass(frozen=True)
class Difference:
    """One place where a file differs.

    Attributes:
        kind: Whether the file says something else, or nothing, or what the records have no word on: which is no drift.
        path: The dotted path.
        file: What the file says; None of what it does not say, and of what people added, which may be secret.
        records: What the records say; None of what people added.
    """

    kind: Literal["changed", "missing", "added"]
    path: str
    file: Any = None
    records: Any = None


def differences(document: dict[str, Any], found: dict[str, Any], secrets: Container[str]) -> list[Difference]:
    """Returns where a file differs, in the records' order.

    Args:
        document: What would be written.
        found: What the file says.
        secrets: Names of variables that hold secrets: a file with their values is told from, not quoted.
    """
    return list(_compared(plain(document), plain(found), "", secrets))


def _compared(wanted: Any, found: Any, path: str, secrets: Container[str]) -> Iterator[Difference]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in (*wanted, *(key for key in found if key not in wanted)):
            inner = f"{path}.{key}".lstrip(".")
            if key not in found:
                yield Difference("missing", inner, records=wanted[key])
            elif key not in wanted:
                yield Difference("added", inner)
            else:
                yield from _compared(wanted[key], found[key], inner, secrets)
    elif wanted != found:
        yield Difference("changed", path, HIDDEN if _is_secret(path, found, secrets) else found, wanted)


def _is_secret(path: str, found: Any, secrets: Container[str]) -> bool:
    """Whether a value stands where a reference should: of one variable, or in what is no mapping of variables."""
    around, _, name = path.rpartition(".")
    if around.endswith(".environment") and name in secrets:
        return _REFERENCE.fullmatch(str(found)) is None
    return name == "environment"
