"""What `datanectar copy` says of artifacts and aliases, in lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click

from datanectar.cli.output import size, visible
from datanectar.layer.copying.aliases import AliasOutcome
from datanectar.layer.copying.copier import Outcome, Status
from datanectar.layer.copying.inventory import Inventory

#: How outcomes are told, in the order in which they are counted.
_WORDS: dict[Status, str] = {
    "copied": "copied",
    "repaired": "repaired",
    "present": "there already",
    "different": "DIFFERENT",
    "failed": "FAILED",
    "logs": "logs only",
}
_WOULD: dict[Status, str] = {"copied": "would copy", "repaired": "would repair"}


class Lines:
    """A line an artifact.

    Args:
        dry_run: Whether the lines say what would be done.
        is_answer: Whether they are what was asked for, not progress.
    """

    def __init__(self, *, dry_run: bool, is_answer: bool) -> None:
        self._dry_run, self._is_answer = dry_run, is_answer
        self._total = self._done = 0

    def planned(self, inventory: Inventory) -> None:
        self._total = len(inventory.names)

    def moved(self, count: int) -> None:
        pass

    def finished(self, outcome: Outcome) -> None:
        self._done += 1
        line = outcome_line(outcome, dry_run=self._dry_run)
        click.echo(line if self._is_answer else f"[{self._done}/{self._total}] {line}", err=not self._is_answer)

    def close(self) -> None:
        pass


def outcome_line(outcome: Outcome, *, dry_run: bool = False) -> str:
    """What became of an artifact, or would."""
    words = _WORDS | _WOULD if dry_run else _WORDS
    details = outcome.note or (size(outcome.size) if outcome.size else "")
    return visible(f"{words[outcome.status]:<13}  {outcome.name}  {details}".rstrip())


def alias_line(outcome: AliasOutcome, *, dry_run: bool) -> str:
    """What became of an alias."""
    if outcome.note:
        return f"{outcome.alias} FAILED, it is damaged in SRC: {outcome.note}"
    if not outcome.moved:
        return (
            f"{outcome.alias} STAYS at {outcome.before}; in SRC it points to {outcome.name}. "
            "Move it with --aliases move, or leave aliases alone with --aliases none"
        )
    verb = "would point" if dry_run else "points"
    before = "" if outcome.before is None else f", no longer to {outcome.before}"
    return f"{outcome.alias} {verb} to {outcome.name}{before}"


def summary(outcomes: Sequence[Outcome], source: str, target: str, *, dry_run: bool) -> str:
    """How many were copied, and what became of the others."""
    counts = Counter(outcome.status for outcome in outcomes)
    sent = sum(outcome.size for outcome in outcomes if outcome.status in ("copied", "repaired"))
    others = [f"{counts[status]} {word}" for status, word in _WORDS.items() if status != "copied" and counts[status]]
    verb = _WOULD["copied"] if dry_run else _WORDS["copied"]
    return ", ".join([f"{verb} {counts['copied']} ({size(sent)}) from {source} to {target}", *others])
