"""A wave of steps on disk: how its processes tell each other what is to be done, and what was.

Each outcome is a file of its own, written whole and renamed, so a process that is killed breaks nothing. The folder
is the user's alone.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import datanectar as dn


class Report(NamedTuple):
    """What is told of a step: that it has started, its outcome, or that its process was lost, and how."""

    number: int
    kind: str
    outcome: dn.Outcome | None = None
    cause: bytes = b""
    words: str = ""


@dataclass
class WaveFolder:
    """The steps of one wave, grouped as Luigi's tasks carry them.

    Attributes:
        path: The folder.
        steps: The steps.
        last_try: For each, whether a failure would be its last.
        batch: How many steps a task of Luigi carries.
        keep_going: Whether independent steps go on after a failure.
        execute: Runs a step.
        runner: The process whose worker is to stop after a failure.
    """

    path: Path
    steps: Sequence[dn.Step]
    last_try: Sequence[bool]
    batch: int
    keep_going: bool
    execute: dn.Execute
    runner: int = 0
    #: What the store had when the wave began, until Luigi has asked for all of it.
    stored: set[str] | None = field(default=None, compare=False)
    #: Tells the name of a report's file to the process that started the run, where there is a pipe to it.
    tell: Callable[[str], None] = field(default=lambda name: None, compare=False)

    def write(self) -> None:
        """Writes the wave, for other processes to open."""
        content = (self.steps, self.last_try, self.batch, self.keep_going, self.execute, self.runner)
        _write_whole(self.path / "wave", pickle.dumps(content))

    def __post_init__(self) -> None:
        self.group_of = {step.name: number // self.batch for number, step in enumerate(self.steps)}

    @property
    def groups(self) -> int:
        """How many tasks of Luigi the wave is."""
        return -(-len(self.steps) // self.batch)

    def numbers(self, group: int) -> range:
        """The numbers of the steps of a group."""
        return range(group * self.batch, min((group + 1) * self.batch, len(self.steps)))

    def needs(self, group: int) -> list[int]:
        """The groups that must be done before a group."""
        found = {
            self.group_of[need] for n in self.numbers(group) for need in self.steps[n].needs if need in self.group_of
        }
        return sorted(found - {group})

    def is_done(self, number: int) -> bool:
        """Whether a step's artifact is there. A store that does not answer is an error, never a no."""
        step = self.steps[number]
        if (self.path / f"{number}.done").exists():
            return True
        if step.repair or (step.foreign is not None and not dn.artifact(step.foreign).call.stores):
            return False
        if self.stored is not None:
            return step.name in self.stored
        return dn.storage_layer(step.layer).exists(step.name)

    def look_up(self) -> None:
        """Asks which artifacts of the wave are there already: one listing a task."""
        by_layer: dict[dn.StorageLayer, list[str]] = {}
        for step in self.steps:
            by_layer.setdefault(dn.storage_layer(step.layer), []).append(step.name)
        found = [layer.exists_many(names) for layer, names in by_layer.items()]
        self.stored = {name for names in found for name, exists in names.items() if exists}

    def report(self, report: Report) -> None:
        """Tells the process that started the run."""
        name = f"{report.number}.{report.kind}"
        if report.kind == "started":
            (self.path / name).touch()
        else:
            if report.outcome is not None and report.outcome.status == "done":
                (self.path / f"{report.number}.done").touch()
            _write_whole(self.path / name, pickle.dumps(report))
        self.tell(name)

    def has(self, number: int, kind: str) -> bool:
        """Whether something was reported of a step."""
        return (self.path / f"{number}.{kind}").exists()

    def read(self, name: str) -> Report:
        """Reads the report in a file."""
        number, _, kind = name.partition(".")
        if kind == "started":
            return Report(int(number), kind)
        found: Report = pickle.loads((self.path / name).read_bytes())
        return found

    def names(self) -> list[str]:
        """The files of all that was reported, in that order; what assistants do is told by them alone."""
        found = [entry for entry in os.scandir(self.path) if entry.name.endswith((".started", ".ended", ".lost"))]
        found.sort(key=lambda entry: (entry.stat().st_mtime_ns, not entry.name.endswith(".started")))
        return [entry.name for entry in found]


@lru_cache(maxsize=4)
def open_wave(path: str) -> WaveFolder:
    """Opens the wave that another process wrote.

    Raises:
        UnsupportedError: It is on another machine, or another user's.
    """
    file = Path(path, "wave")
    try:
        owner = file.stat().st_uid
        content: Iterable[Any] = pickle.loads(file.read_bytes()) if owner == os.getuid() else ()
    except FileNotFoundError:
        owner = None
    if owner != os.getuid():
        raise dn.errors.UnsupportedError(
            f"the steps of this run are in {path}, which this process has not, or may not read: a step of a run of "
            "Datanectar is for workers of the same user on the machine where it was started"
        )
    return WaveFolder(Path(path), *content)


def _write_whole(path: Path, data: bytes) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(data)
    partial.rename(path)
