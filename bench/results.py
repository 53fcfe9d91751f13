"""Figures by case, contender and name: one value for each round."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from bench.plan import FLOOR

#: The phases in which a large value is loaded, and what the report adds to a contender's name.
LOADS = {"load": "", "mapped": ", mapped", "elsewhere": ", not verified before"}


class Spread(NamedTuple):
    """The median over the rounds, and the range."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        return cls(statistics.median(values), min(values), max(values))


def _table() -> dict[str, dict[str, Any]]:
    return defaultdict(dict)


@dataclass
class Results:
    """What a run of the benchmarks found."""

    #: Of the run: when, how long, how large the work was, on what machine, with which versions.
    about: dict[str, Any] = field(default_factory=dict)
    #: figures[case][contender]["warm.next_us"] has a value for each round.
    figures: dict[str, dict[str, dict[str, list[float]]]] = field(default_factory=lambda: defaultdict(_table))
    #: What is said in words: why a contender has no figures, which serializer it used.
    notes: dict[str, dict[str, dict[str, str]]] = field(default_factory=lambda: defaultdict(_table))

    def add(self, case: str, contender: str, figures: dict[str, float]) -> None:
        """Appends the figures of one round."""
        known = self.figures[case][contender]
        for name, value in figures.items():
            known.setdefault(name, []).append(value)

    def note(self, case: str, contender: str, key: str, text: str) -> None:
        self.notes[case].setdefault(contender, {})[key] = text

    def values(self, case: str, contender: str, figure: str) -> list[float]:
        """Returns one value for each round; none if it was not measured."""
        return self.figures.get(case, {}).get(contender, {}).get(figure, [])

    def spread(self, case: str, contender: str, figure: str) -> Spread | None:
        values = self.values(case, contender, figure)
        return Spread.of(values) if values else None

    def combine(self, function: Callable[..., float], *where: tuple[str, str, str]) -> Spread | None:
        """Returns the spread of `function` of several figures, applied to those of the same round."""
        columns = [self.values(*place) for place in where]
        if not all(columns):
            return None
        return Spread.of([function(*values) for values in zip(*columns, strict=False)])

    def ratio(self, case: str, figure: str, contender: str, other: str) -> Spread | None:
        """Returns how many times as much a contender needs as another, in the same round."""
        return self.combine(lambda a, b: a / b, (case, contender, figure), (case, other, figure))

    def bytes_of(self, case: str) -> float:
        """Returns the size of the large value in memory, which the floor writes."""
        return 1e6 * statistics.median(self.values(case, FLOOR, "store.file_mb") or [0.0])

    def of(self, cases: Iterable[str]) -> Results:
        """Returns the results of some cases."""
        figures = {case: self.figures[case] for case in cases if case in self.figures}
        return Results(self.about, figures, self.notes)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps({"about": self.about, "figures": self.figures, "notes": self.notes}, indent=1))

    @classmethod
    def read(cls, path: Path) -> Results:
        return cls(**json.loads(path.read_text()))
