"""A wave of steps on disk: how its processes tell each other what is to be done, and what was.

Each report is a file of its own, written whole and renamed, so a process that is killed breaks nothing. The folder
is the user's alone.
"""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import datanectar as dn


class Report(NamedTuple):
    """What is told of a step.

    Attributes:
        number: Its place in the wave.
        kind: That it has ``started``, or ``ended`` with an outcome; that its process was ``lost``, or ended because it
            was ``late``; that Luigi did not let it run, so that it was ``refused``; or that its store did not answer,
            which ends the run: ``trouble``.
        attempt: Which try, from 1 on.
        step: The step as this try executes it.
        outcome: What became of it.
        error: The exception behind that, pickled, if it can be.
        words: What Luigi says of it.
        exit_code: Of the process that was lost.
    """

    number: int
    kind: Literal["started", "ended", "lost", "late", "refused", "trouble"]
    attempt: int = 0
    step: dn.Step | None = None
    outcome: dn.Outcome | None = None
    error: bytes = b""
    words: str = ""
    exit_code: int | None = None


@dataclass
class WaveFolder:
    """The steps of one wave, grouped as Luigi's tasks carry them.

    Attributes:
        path: The folder.
        steps: The steps.
        tries: How often each was tried before.
        batch: How many steps a task of Luigi carries.
        keep_going: Whether independent steps go on after a failure.
        execute: Runs a step.
        directory: The working directory of the run.
        runner: The process whose worker is to stop after a failure.
    """

    path: Path
    steps: Sequence[dn.Step]
    tries: Sequence[int]
    batch: int
    keep_going: bool
    execute: dn.Execute
    directory: str
    runner: int = 0
    #: What the store had when the wave began, until Luigi has asked for all of it.
    stored: set[str] | None = field(default=None, compare=False)
    tell: Callable[[str], None] = field(default=lambda _: None, compare=False)

    def __post_init__(self) -> None:
        self._group_of = {step.name: number // self.batch for number, step in enumerate(self.steps)}

    def write(self) -> None:
        """Writes the wave, for other processes to open."""
        content = (self.steps, self.tries, self.batch, self.keep_going, self.execute, self.directory, self.runner)
        _write_whole(self.path / "wave", pickle.dumps(content))

    @property
    def groups(self) -> int:
        """How many tasks of Luigi the wave is."""
        return -(-len(self.steps) // self.batch)

    def numbers(self, group: int) -> range:
        """The numbers of the steps of a group."""
        return range(group * self.batch, min((group + 1) * self.batch, len(self.steps)))

    def needs(self, group: int) -> list[int]:
        """The groups that must be done before a group."""
        needed = {self._group_of.get(need) for number in self.numbers(group) for need in self.steps[number].needs}
        return sorted(other for other in needed if other not in (None, group))

    def is_done(self, number: int) -> bool:
        """Whether a step's artifact is there. A store that does not answer is an error, never a no."""
        step = self.steps[number]
        if self._done_file(number).exists():
            return True
        if step.repair or not self._is_stored(step):
            return False
        if self.stored is not None:
            return step.name in self.stored
        return dn.storage_layer(step.layer).exists(step.name)

    @staticmethod
    def _is_stored(step: dn.Step) -> bool:
        """Whether a step's result is in a store; else it is where a task of another library keeps it."""
        return step.foreign is None or dn.artifact(step.foreign).call.stores

    def look_up(self) -> None:
        """Asks which artifacts of the wave are there already: one listing a layer."""
        by_layer: dict[dn.StorageLayer, list[str]] = {}
        for step in self.steps:
            by_layer.setdefault(dn.storage_layer(step.layer), []).append(step.name)
        found = [layer.exists_many(names) for layer, names in by_layer.items()]
        self.stored = {name for names in found for name, exists in names.items() if exists}

    def report(self, report: Report) -> None:
        """Tells the process that started the run."""
        if report.outcome is not None and report.outcome.status == "done":
            self._done_file(report.number).touch()
        file = f"{report.number}.{report.attempt}.{report.kind}"
        _write_whole(self.path / file, pickle.dumps(report))
        self.tell(file)

    def silent(self) -> set[int]:
        """Returns the numbers of the steps of which no end was reported."""
        heard = {name.split(".")[0] for name in os.listdir(self.path) if not name.endswith((".started", ".log"))}
        return {number for number in range(len(self.steps)) if str(number) not in heard}

    def _done_file(self, number: int) -> Path:
        return self.path / f"{number}.done"

    def read(self, files: Iterable[str]) -> Iterator[Report]:
        """Yields what was reported in some files."""
        for file in files:
            yield pickle.loads((self.path / file).read_bytes())

    def unread(self, known: set[str]) -> list[str]:
        """Returns the files of reports that are not known yet, in the order in which they were written."""
        with os.scandir(self.path) as entries:
            new = [entry for entry in entries if entry.name.count(".") == 2 and entry.name not in known]
            times = {entry.name: (entry.stat().st_mtime_ns, not entry.name.endswith(".started")) for entry in new}
        return sorted((name for name in times if name[0] != "."), key=lambda name: times[name])


@lru_cache(maxsize=4)
def open_wave(path: str) -> WaveFolder:
    """Opens the wave that another process wrote.

    Raises:
        UnsupportedError: It is on another machine, or another user's.
    """
    file = Path(path, "wave")
    try:
        is_ours = file.stat().st_uid == os.getuid()  # what another user wrote is not unpickled
    except FileNotFoundError:
        is_ours = False
    if not is_ours:
        raise dn.errors.UnsupportedError(
            f"the steps of this run are in {path}, which this process has not, or may not read: a step of a run of "
            "Datanectar is for workers of the same user, on the machine where it was started, and while it runs"
        )
    content: Iterable[Any] = pickle.loads(file.read_bytes())
    return WaveFolder(Path(path), *content)


def pickled(error: BaseException | None) -> bytes:
    """Pickles an exception, if it can be: it is told as text, too."""
    try:
        return pickle.dumps(error) if error is not None else b""
    except Exception:
        return b""


def unpickled(error: bytes) -> BaseException | None:
    """Returns an exception that another process had, if it comes back."""
    try:
        found: Any = pickle.loads(error) if error else None
    except Exception:  # an exception class may refuse to in any way it likes
        return None
    return found if isinstance(found, BaseException) else None


def ending(code: int | None) -> str:
    """Says how a process ended."""
    if code is not None and code < 0:
        with suppress(ValueError):
            name = signal.Signals(-code).name
            return f"was ended by {name}{', as the kernel does when memory runs out' if name == 'SIGKILL' else ''}"
    return f"ended with exit code {code}"


def _write_whole(path: Path, data: bytes) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(data)
    partial.rename(path)
