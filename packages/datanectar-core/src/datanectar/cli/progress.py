"""Progress at a terminal: a line per finished step or trouble, and a bar below them."""

from __future__ import annotations

import sys
from collections import Counter

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from datanectar.cli.copy_lines import outcome_line
from datanectar.contracts.orchestration import Outcome
from datanectar.layer.copying.copier import Outcome as CopyOutcome
from datanectar.layer.copying.inventory import Inventory
from datanectar.running.planning import Plan, PlannedStep

_MOST_SHOWN = 3
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
        self._running: dict[str, str] = {}

    def planned(self, plan: Plan) -> None:
        to_run = len(plan.with_status("run"))
        self._progress.update(self._task, total=self._done + to_run)
        self._progress.start()

    def started(self, step: PlannedStep) -> None:
        self._running[step.name] = step.task
        self._describe()

    def _describe(self) -> None:
        counts = Counter(self._running.values())
        shown = [task if count == 1 else f"{task} ×{count}" for task, count in counts.items()]
        more = f" and {len(shown) - _MOST_SHOWN} more" if len(shown) > _MOST_SHOWN else ""
        self._progress.update(self._task, description=", ".join(shown[:_MOST_SHOWN]) + more)

    def finished(self, outcome: Outcome) -> None:
        self._running.pop(outcome.name, None)
        self._describe()
        self._done += outcome.status != "damaged"
        self._progress.console.print(f"{_MARKS[outcome.status]} {outcome.name} [dim]{outcome.seconds:.1f} s[/]")
        self._progress.update(self._task, completed=self._done)

    def close(self) -> None:
        self._progress.stop()


class CopyBar:
    """Shows how many artifacts and bytes are copied, how fast, and until when; and what goes wrong."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr, highlight=False),
            transient=True,
            redirect_stdout=sys.stdout.isatty(),
        )
        self._task = self._progress.add_task("", total=None)
        self._planned: dict[str, int] = {}
        self._count = self._bytes = self._done = 0

    def planned(self, inventory: Inventory) -> None:
        self._planned = {name: size for name, size in inventory.sizes.items() if name not in inventory.present}
        self._count, self._bytes = len(inventory.sizes) + len(inventory.missing), sum(self._planned.values())
        self._update()
        self._progress.start()

    def _update(self) -> None:
        self._progress.update(self._task, description=f"{self._done}/{self._count} artifacts", total=self._bytes)

    def moved(self, count: int) -> None:
        self._progress.advance(self._task, count)

    def finished(self, outcome: CopyOutcome) -> None:
        self._done += outcome.status != "logs"
        # The listings told of all attempts' files; those of one are what is copied.
        sent = outcome.size if outcome.status in ("copied", "repaired") else 0
        self._bytes += sent - self._planned.pop(outcome.name, 0)
        if outcome.note:
            self._progress.console.print(Text(outcome_line(outcome)))
        self._update()

    def close(self) -> None:
        self._progress.stop()
