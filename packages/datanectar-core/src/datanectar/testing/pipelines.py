"""Tasks that the kits run, in a module that every worker process can import.

Each notes in the file `notes` that it ran, and in which process. Neither that file nor a pipe is part of a name.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datanectar.tasks.nectar import NectarTask
from datanectar.testing.foreign_tasks import Day, Days, Found
from datanectar.testing.notes import note

if TYPE_CHECKING:
    from datanectar._typing import task
    from datanectar.tasks.handle import Artifact
else:
    from datanectar.tasks.function import Task as task

#: More than what is kept in a manifest, so it is a file of its own.
_LARGE = 100_000
_PATIENCE = 5.0  # seconds; only what is wrong takes this long


@task(ignore=("notes",))
def number(n: int, notes: str = "") -> int:
    note(notes, f"number-{n}")
    print("the number is", n)
    return n


@task(ignore=("notes",))
def plus(x: int, n: int, notes: str = "") -> int:
    note(notes, f"plus-{n}")
    return x + n


@task(ignore=("notes",))
def total(numbers: list[int], notes: str = "") -> int:
    note(notes, "total")
    return sum(numbers)


@task(ignore=("notes",))
def halves(n: int, notes: str = "") -> dict[str, list[int]]:
    note(notes, "halves")
    return {"low": list(range(n)), "high": list(range(n, 2 * n))}


@task(ignore=("notes",))
def large(n: int, notes: str = "") -> bytes:
    note(notes, "large")
    return bytes([n]) * _LARGE


@task(ignore=("notes",))
def size(data: bytes, notes: str = "") -> int:
    note(notes, "size")
    return len(data)


class Doubled(NectarTask):
    """A task class, whose field is set after it was made."""

    x: Artifact[int]
    factor: int = 1

    def __init__(self, x: Artifact[int]) -> None:
        self.x = x

    def run(self) -> int:
        doubled: int = self.factor * self.inputs["x"]
        return doubled


@task(ignore=("notes",))
def fails(n: int, notes: str = "") -> int:
    note(notes, "fails")
    print("about to fail")
    Fraction(f"no luck with {n}")  # a traceback has the frames that are not Datanectar's, as this module is
    return n


@task(retries=1, ignore=("notes",))
def fails_at_first(n: int, notes: str = "") -> int:
    note(notes, "fails_at_first")
    if Path(notes).read_text().count("fails_at_first") == 1:
        raise ValueError("not yet")
    return n


@task(retries=1, ignore=("notes",))
def fails_again_and_again(n: int, notes: str = "") -> int:
    note(notes, "fails_again_and_again")
    raise ValueError(f"no luck with {n}")


@task(ignore=("notes", "spared"))
def dies(n: int, notes: str = "", spared: int = 0) -> int:
    """Is ended by the system, as when memory runs out; not if that would end the tests."""
    note(notes, "dies")
    if os.getpid() == spared:
        raise RuntimeError("the step runs in the process that started the run")
    os.kill(os.getpid(), signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    threading.Event().wait()
    return n


@task(timeout=0.3, ignore=("notes",))
def takes_too_long(n: int, notes: str = "") -> int:
    note(notes, "takes_too_long")
    threading.Event().wait(_PATIENCE)
    return n


@task(ignore=("pipe",))
def waits_for_word(after: int, pipe: str = "") -> int:
    """Goes on when somebody wrote to the pipe."""
    descriptor = os.open(pipe, os.O_RDWR)
    try:
        if not select.select([descriptor], [], [], _PATIENCE)[0]:
            raise TimeoutError("nobody was told that the step before has ended")
    finally:
        os.close(descriptor)
    return after


@task(ignore=("pipe",))
def never_ends(n: int, pipe: str = "") -> int:
    """Says that it runs; whoever reads the pipe to its end knows that it is gone."""
    os.write(os.open(pipe, os.O_WRONLY), b"running\n")
    threading.Event().wait()
    return n


def _doubled(x: Artifact[int]) -> Doubled:
    made = Doubled(x)
    made.factor = 2
    return made


#: Shapes of pipelines, by name; each is made of the file for notes.
SHAPES: dict[str, Callable[[str], Any]] = {
    "single": lambda notes: number(1, notes),
    "chain": lambda notes: plus(plus(plus(number(1, notes), 1, notes), 2, notes), 3, notes),
    "diamond": lambda notes: total([plus(number(1, notes), n, notes) for n in (1, 2)], notes),
    "wide": lambda notes: total([number(n, notes) for n in range(12)], notes),
    "parts": lambda notes: [total(halves(3, notes)["low"], notes), plus(halves(3, notes)["high"][0], 1, notes)],
    "class": lambda notes: _doubled(number(2, notes)),
    "foreign": lambda notes: [plus(Day(notes, day=3), 1, notes), Days(notes, count=2)],
    "found": lambda notes: plus(Found(notes, day=2), 1, notes),
}
