"""Values that a kit tries: those of a list, or what a hypothesis strategy comes up with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import hypothesis
from hypothesis.strategies import SearchStrategy

Examples: TypeAlias = Iterable[Any] | SearchStrategy[Any]
_SEARCH = hypothesis.settings(
    deadline=None, database=None, max_examples=25, suppress_health_check=list(hypothesis.HealthCheck)
)
_SAMPLE = hypothesis.settings(_SEARCH, max_examples=10, derandomize=True)


def each(values: Examples, check: Callable[[Any], None]) -> None:
    """Checks every value; of a strategy, as many as it takes to believe it."""
    if isinstance(values, SearchStrategy):
        _SEARCH(hypothesis.given(values)(check))()
        return
    for value in values:
        check(value)


def sample(values: Examples) -> list[Any]:
    """Returns some values, of a strategy always the same ones."""
    if not isinstance(values, SearchStrategy):
        return list(values)
    found: list[Any] = []

    def take(value: Any) -> None:
        found.append(value)

    _SAMPLE(hypothesis.given(values)(take))()
    return found


def shown(value: object) -> str:
    """A value in a message: its type, and not more of it than fits a line."""
    text = " ".join(repr(value).split())
    return f"{type(value).__qualname__} {text if len(text) <= 80 else text[:79] + '…'}"
