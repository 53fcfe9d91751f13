"""Task objects of a library that Datanectar does not know, and the plugin that adapts them, for the kits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from datanectar.contracts.adapters import ForeignTask, TaskAdapter
from datanectar.hookspecs import hookimpl
from datanectar.layer.opening import storage_layer
from datanectar.records import TaskAdapterType
from datanectar.running.targets import artifact
from datanectar.testing.notes import note


class GridTask:
    """The foreign library's base class: objects of parameters, which say what they need, and compute."""

    stores = True

    def __init__(self, notes: str = "", **parameters: Any) -> None:
        self.notes, self.parameters = notes, parameters

    def needs(self) -> Any:
        return None

    def compute(self) -> Any:
        raise NotImplementedError

    def keep(self, value: Any) -> None:
        """Stores the result, as users do by hand."""
        storage_layer().store(artifact(self).name, value)


class Day(GridTask):
    def compute(self) -> None:
        note(self.notes, f"day-{self.parameters['day']}")
        print("day", self.parameters["day"])
        self.keep(self.parameters["day"])


class Days(GridTask):
    """Says what it needs."""

    def needs(self) -> list[Day]:
        return [Day(self.notes, day=day) for day in range(self.parameters["count"])]

    def compute(self) -> None:
        note(self.notes, "days")
        self.keep([artifact(day).load() for day in self.needs()])


class Found(GridTask):
    """Finds out in the middle of its work what it needs."""

    def compute(self) -> Any:
        note(self.notes, "found")
        day = Day(self.notes, day=self.parameters["day"])
        if not artifact(day).exists():
            return {"first": [day]}
        self.keep(10 * artifact(day).load())
        return None


class Unkept(GridTask):
    """Ends as if all were well, and has stored nothing."""

    def compute(self) -> None:
        note(self.notes, "unkept")


class Kept(GridTask):
    """Keeps its result itself, in the file that its parameter names."""

    stores = False

    def compute(self) -> None:
        note(self.notes, "kept")
        Path(self.parameters["file"]).write_text("kept")


class GridAdapter(TaskAdapter):
    """Tells Datanectar of the library's tasks."""

    def describe(self, task: GridTask) -> ForeignTask:
        return ForeignTask(
            task_type="grid",
            name=type(task).__name__,
            parameters=task.parameters,
            requires=task.needs(),
            code=type(task),
            base=GridTask,
            stores=task.stores,
        )

    def decorate(self, kind: type, options: Mapping[str, Any]) -> type:
        return kind

    def run(self, task: GridTask) -> Any:
        return task.compute()

    def is_complete(self, task: GridTask) -> bool:
        return Path(task.parameters["file"]).exists()

    def result(self, task: GridTask) -> str:
        return Path(task.parameters["file"]).read_text()


@hookimpl
def datanectar_task_adapters() -> Iterator[TaskAdapterType]:
    base = f"{GridTask.__module__}.{GridTask.__qualname__}"
    yield TaskAdapterType(name="conformance-grid", bases=(base,), factory=GridAdapter, summary="Tasks of the kits")
