"""Progress of a run at a terminal: a line per finished step, and a bar below them."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from datanectar.contracts.orchestration import Outcome
from datanectar.hookspecs import hookimpl
from datanectar.running.planning import Plan

_MARKS = {"done": "[green]✓[/]", "failed": "[red]✗[/]", "damaged": "[yellow]![/]"}


class Bar:
    """Shows which step runs, how many are done, and how long it takes."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stderr, highlight=False)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),  # what tasks print into a pipe belongs into the pipe
        )
        self._task = self._progress.add_task("", total=None)
        self._done = 0

    def planned(self, plan: Plan) -> None:
        to_run = len(plan.with_status("run"))
        self._progress.update(self._task, total=self._done + to_run)
        self._progress.start()

    @hookimpl
    def datanectar_task_started(self, name: str, task: str) -> None:
        self._progress.update(self._task, description=task)

    def finished(self, outcome: Outcome) -> None:
        self._done += outcome.status != "damaged"
        self._progress.console.print(f"{_MARKS[outcome.status]} {outcome.name} [dim]{outcome.seconds:.1f} s[/]")
        self._progress.update(self._task, completed=self._done)

    def close(self) -> None:
        self._progress.stop()
