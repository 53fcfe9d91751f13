"""Tasks for runs on Luigi."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import luigi
from luigi.rpc import RemoteScheduler

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


@dn.task(retries=2, ignore=("notes",))
def fails_twice(n: int, notes: str = "") -> int:
    note(notes, "fails_twice", n)
    if Path(notes).read_text().count("fails_twice") < 3:
        raise ValueError("not yet")
    return n


@dn.task(retries=1, ignore=("notes", "pipe"))
def fails_then_meets(n: int, notes: str = "", pipe: str = "") -> int:
    """Fails once; then lets `waits` go on."""
    note(notes, "fails_then_meets", n)
    if Path(notes).read_text().count("fails_then_meets") < 2:
        raise ValueError("not yet")
    Path(pipe).write_text("go on")
    return n


@dn.task(resources={"seat": 3})
def takes_three_seats(n: int) -> int:
    return n


@dn.task(ignore=("pipe",))
def never_ends(n: int, pipe: str = "") -> int:
    """Says that it runs to a pipe, which is closed when its process is gone."""
    with open(pipe, "w") as opened:
        opened.write("running\n")
        opened.flush()
        signal.pause()
    return n


@dn.task(resources={"seat": 1}, ignore=("url",))
def seated_until_others_come(n: int, url: str = "") -> int:
    """Keeps the seat until the luigid knows of two workers, so until another run has asked for it."""
    while len(RemoteScheduler(url).worker_list()) < 2:
        time.sleep(0.05)
    return n


@dn.task(ignore=("store",))
def breaks_the_store(n: int, store: str = "") -> int:
    """Puts a file where the store was."""
    shutil.rmtree(store, ignore_errors=True)
    Path(store).write_text("not a store any more")
    return n


@dn.task
class Flaky(luigi.Task):
    """Run three times at most, in all."""

    notes = luigi.Parameter(significant=False)
    good = luigi.IntParameter()
    retry_count = 3

    def run(self) -> None:
        note(self.notes, "flaky")
        if Path(self.notes).read_text().count("flaky") < self.good:
            raise ValueError("not yet")
        self.storage_layer.store(dn.get_artifact_name(self), self.good)


@dn.task
class Slow(luigi.Task):
    worker_timeout = 1

    def run(self) -> None:
        signal.pause()


@dn.task
class Seated(luigi.Task):
    resources = {"seat": 3}

    def run(self) -> None:
        self.storage_layer.store(dn.get_artifact_name(self), 1)


@dn.task
class Telling(luigi.Task):
    """Says what it is at, as tasks of Luigi do."""

    def run(self) -> None:
        self.set_status_message("half way")
        self.set_progress_percentage(50)
        self.storage_layer.store(dn.get_artifact_name(self), 1)


@dn.task
class StoresNothing(luigi.Task):
    def run(self) -> None:
        pass
