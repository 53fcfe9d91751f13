"""An orchestrator under test, and what the tasks that it ran have noted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datanectar.configuration.settings import Settings
from datanectar.contracts.orchestration import Outcome
from datanectar.layer.opening import storage_layer
from datanectar.layer.storage_layer import StorageLayer
from datanectar.running.engines import orchestrator_in_force
from datanectar.running.execution import execute
from datanectar.running.planning import Plan, make_plan, steps_to_run
from datanectar.running.session import run
from datanectar.running.targets import collect


class Engine:
    """Runs pipelines on one orchestrator and one store on disk.

    Attributes:
        name: The orchestrator's name.
        notes: The file in which tasks note that they ran.
        events: The file in which a plugin notes what it is told.
    """

    def __init__(self, name: str, active: Settings, folder: Path) -> None:
        self.name, self._active, self._folder = name, active, folder
        self.notes, self.events = str(folder / "notes"), str(folder / "events")

    @property
    def store(self) -> StorageLayer:
        """The store that runs use."""
        return storage_layer()

    def url(self, name: str) -> str:
        """The URL of another store on disk."""
        return (self._folder / name).as_uri()

    def run(self, *targets: Any, **options: Any) -> Any:
        """As `datanectar.run`, on this orchestrator."""
        return run(*targets, orchestrator=self.name, **options)

    def plan(self, *targets: Any) -> Plan:
        """What a run would do."""
        return make_plan(collect(targets))

    def outcomes(self, *targets: Any, workers: int, keep_going: bool = False) -> Iterator[Outcome]:
        """Drives the orchestrator alone: yields what it says of the steps, and extends no plan."""
        steps = steps_to_run(self.plan(*targets))
        made = orchestrator_in_force(self._active, self.name)
        yield from made.run(steps, execute, workers=workers, keep_going=keep_going)

    def files_of(self, name: str) -> list[Path]:
        """The files that an artifact has on disk."""
        return [path for path in (self._folder / "store" / "data" / name).rglob("*") if path.is_file()]

    def ran(self) -> list[str]:
        """Which tasks ran, in the order in which they began."""
        return [words[0] for words in _lines(self.notes)]

    def processes(self) -> dict[str, str]:
        """The process that each task ran in."""
        return {words[0]: words[1] for words in _lines(self.notes)}

    def told(self) -> list[tuple[str, str, str]]:
        """The events that were fired: what, about which artifact, in which process."""
        return [(event, name, process) for event, name, process in _lines(self.events)]

    def told_of(self) -> list[tuple[str, str]]:
        """The events that were fired so far, wherever that was: what, about which artifact."""
        return [(event, name) for event, name, _ in self.told()]


def _lines(path: str) -> list[list[str]]:
    file = Path(path)
    return [line.split() for line in file.read_text().splitlines()] if file.exists() else []
