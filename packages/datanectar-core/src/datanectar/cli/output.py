"""What commands print: tables for people at a terminal, plain lines in a pipe, JSON where asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click


def print_json(document: Any) -> None:
    """Prints JSON, for programs."""
    click.echo(json.dumps(document, indent=2, default=str))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints a table at a terminal, and lines with tabs between the fields in a pipe."""
    texts = [[str(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in texts:
            click.echo("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in texts:
        table.add_row(*row)
    Console(highlight=False).print(table)


def size(number: float) -> str:
    """Returns a number of bytes as people say it."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} TiB"


def duration(seconds: float | None) -> str:
    """Returns seconds as people say it."""
    if seconds is None:
        return ""
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def print_value(value: Any) -> None:
    """Prints a result: text as it is, plain values as JSON, anything else as Python shows it."""
    if value is None:
        return
    if isinstance(value, str):
        click.echo(value)
        return
    try:
        click.echo(json.dumps(value, indent=2, allow_nan=True))
    except (TypeError, ValueError):
        click.echo(repr(value))
