"""Tasks for runs on Luigi."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import luigi

import datanectar as dn


def note(notes: str, *words: object) -> None:
    """Adds a line; a short one is written at once, whichever processes do so."""
    with Path(notes).open("a") as file:
        file.write(" ".join(map(str, words)) + "\n")


@dn.task(ignore=("notes",))
def number(n: int, notes: str = "") -> int:
    if notes:
        note(notes, n, os.getpid())
    return n


@dn.task(ignore=("notes",))
def total(numbers: list[int], notes: str = "") -> int:
    if notes:
        note(notes, "total", os.getpid())
    return sum(numbers)


@dn.task(resources={"seat": 1}, ignore=("notes",))
def seated(n: int, notes: str = "") -> int:
    """Notes when it comes and goes."""
    note(notes, "in", n)
    time.sleep(0.05)
    note(notes, "out", n)
    return n


@dn.task(ignore=("notes",))
def kills_whoever_runs_it(n: int, notes: str = "") -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return n


@dn.task(retries=1, ignore=("notes",))
def kills_once(n: int, notes: str = "") -> int:
    if not Path(notes).exists():
        note(notes, "killed")
        os.kill(os.getpid(), signal.SIGKILL)
    return n


@dn.task(ignore=("pipe", "notes"))
def waits(n: int, pipe: str = "", notes: str = "") -> int:
    """Says that it runs, and goes on when somebody wrote to the pipe."""
    note(notes, "waits", n)
    with open(pipe) as opened:
        opened.read()
    return n


@dn.task
class Prioritised(luigi.Task):
    x = luigi.IntParameter()
    notes = luigi.Parameter(significant=False)

    @property
    def priority(self) -> int:
        return int(self.x)

    def run(self) -> None:
        note(self.notes, self.x)
        self.storage_layer.store(dn.get_artifact_name(self), self.x)
