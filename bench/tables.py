"""Markdown tables, and how figures are written in them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bench.results import Spread

NONE = "–"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int] | None = None) -> str:
    """Returns an aligned table; columns of figures, by default all but the first, are set to the right."""
    columns = range(len(head))
    figures = set(columns[1:]) if right is None else set(right)
    widths = [max(3, *(len(row[column]) for row in (head, *rows))) for column in columns]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if column in figures else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rules = ["-" * (width - 1) + ":" if column in figures else "-" * width for column, width in enumerate(widths)]
    return "\n".join([line(head), line(rules), *map(line, rows)])


def amount(spread: Spread | None) -> str:
    """Returns the median to three digits."""
    return NONE if spread is None else three_digits(spread.median)


def times(ratio: Spread | None) -> str:
    """Returns a ratio."""
    return NONE if ratio is None else f"{three_digits(ratio.median)}×"


def rate(seconds: Spread | None, size: float) -> str:
    """Returns GB/s."""
    return NONE if seconds is None else three_digits(size / 1e9 / seconds.median)


def three_digits(value: float) -> str:
    """Returns a number to three digits, or none behind the point."""
    if abs(value) >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}" if abs(value) >= 0.001 else "0"
