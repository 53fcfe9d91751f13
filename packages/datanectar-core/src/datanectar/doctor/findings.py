"""What a check finds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from datanectar.errors import DatanectarError


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `datanectar doctor`.

    Attributes:
        status: ``ok``; ``warning``: runs go on; ``error``: something will fail.
        check: What was looked at.
        found: What it is like.
        remedy: What to do, where `found` does not say so itself.
    """

    status: Literal["ok", "warning", "error"]
    check: str
    found: str
    remedy: str = ""


def guarded(check: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yields findings; what the check raises is one more, so that the other checks go on."""
    try:
        yield from findings
    except DatanectarError as failure:  # its message says what to do
        yield Finding("error", check, str(failure))
    except (Exception, SystemExit) as failure:  # of a plugin, an SDK or the system
        yield Finding("error", check, f"this check failed itself: {type(failure).__name__}: {failure}")
