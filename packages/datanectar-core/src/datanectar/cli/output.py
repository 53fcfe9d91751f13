"""What commands print: tables for people at a terminal, plain lines in a pipe, JSON where asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import PurePath
from typing import Any

import click


def print_json(document: Any) -> None:
    """Prints JSON, for programs."""
    click.echo(json.dumps(document, indent=2, default=str))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints a table at a terminal, and lines with tabs between the fields in a pipe."""
    texts = [[visible(str(cell)) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in texts:
            click.echo("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in texts:
        table.add_row(*map(Text, row))  # as text: what a store holds may look like markup
    Console(highlight=False).print(table)


def size(number: float) -> str:
    """Returns a number of bytes as people say it."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} TiB"


def print_facts(facts: Sequence[tuple[str, str]]) -> None:
    """Prints facts, a line each, behind their labels; at a terminal a label that repeats is said once."""
    width = max(len(label) for label, _ in facts)
    people = sys.stdout.isatty()
    last = ""
    for label, text in facts:
        shown = f"{'' if people and label == last else label:<{width}}"
        click.echo(f"{click.style(shown, bold=True) if people else shown}  {visible(text)}")
        last = label


def visible(line: str) -> str:
    """Returns a line without what a terminal would obey: whoever writes to a store chooses what stands there."""
    if line.isprintable():
        return line
    return "".join(sign if sign.isprintable() else " " if sign == "\t" else "\ufffd" for sign in line)


def fit(line: str, width: int) -> str:
    """Returns a line that a terminal only shows, no longer than `width`."""
    shown = visible(line[: width + 1])
    return shown if len(shown) <= width else shown[: width - 1] + "…"


def age(passed: timedelta) -> str:
    """Returns how long ago something was, in the one unit in which people would say it."""
    seconds = max(passed.total_seconds(), 0)
    for unit, length in (("w", 7 * 86400), ("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit}"
    return f"{seconds:.0f} s"


def duration(seconds: float | None) -> str:
    """Returns seconds as people say it."""
    if seconds is None:
        return ""
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def print_value(value: Any) -> None:
    """Prints a result: text and paths as they are, plain values as JSON, anything else as Python shows it."""
    if value is None:
        return
    if isinstance(value, (str, PurePath)):
        click.echo(value)
        return
    try:
        click.echo(json.dumps(value, indent=2, allow_nan=True))
    except (TypeError, ValueError):
        click.echo(repr(value))
