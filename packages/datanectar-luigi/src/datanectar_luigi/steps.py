"""Steps of a plan as tasks of Luigi."""

from __future__ import annotations

import faulthandler
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal

import luigi
from luigi.task import flatten

import datanectar as dn
from datanectar_luigi.identity import CALLBACKS
from datanectar_luigi.wave_folder import Report, WaveFolder, ending, open_wave, pickled
from datanectar_luigi.waves import pause_before

#: What a step that ran out of time may take to say where it is.
_LAST_WORDS = 0.5  # seconds


class NotMade(Exception):
    """A step ended without its artifact; what happened is told in its outcome."""


class Step(luigi.Task):
    """One step of a plan, or several, one after the other.

    Attributes:
        task: The path of its task, for people to read.
        artifact: The artifact that it makes; of several, the first.
        steps: How many it carries.
    """

    task_namespace = "datanectar"
    task = luigi.Parameter()
    artifact = luigi.Parameter()
    steps = luigi.IntParameter()
    folder = luigi.Parameter(significant=False, description="Where the run keeps its steps")
    group = luigi.IntParameter(significant=False)

    @property
    def wave(self) -> WaveFolder:
        return open_wave(self.folder)

    @property
    def numbers(self) -> range:
        """The places in the wave of the steps that it carries."""
        return self.wave.numbers(self.group)

    def _carried(self) -> list[dn.Step]:
        return [self.wave.steps[number] for number in self.numbers]

    def requires(self) -> list[luigi.Task]:
        return [step_task(self.wave, group) for group in self.wave.needs(self.group)]

    def complete(self) -> bool:
        for number in self.numbers:
            try:
                is_done = self.wave.is_done(number)
            except Exception as error:  # Luigi would only leave the task out
                self.wave.report(Report(number, "trouble", error=pickled(error), words=str(error)))
                raise
            if not is_done:
                return False
        return True

    def run(self) -> None:
        wave = self.wave
        undone: set[str] = set()
        for number in self.numbers:
            step = wave.steps[number]
            if not undone.isdisjoint(step.needs):
                undone.add(step.name)
            elif not (self.steps > 1 and wave.is_done(number)) and self._execute(number).status != "done":
                undone.add(step.name)
                if not wave.keep_going:
                    break
        if undone:
            raise NotMade(", ".join(sorted(undone)))

    def _execute(self, number: int) -> dn.Outcome:
        """Runs a step, and again as often as it may be, unless it is timed: the time is that of the process."""
        step = self.wave.steps[number]
        last = step.retries + 1
        attempt = self.wave.tries[number] + 1
        while True:
            outcome = self._try(number, attempt)
            ends = outcome.status != "failed" or outcome.is_final or attempt >= last
            if ends or self.worker_timeout:
                break
            time.sleep(pause_before(attempt))
            attempt += 1
        if outcome.status == "failed" and ends and not self.wave.keep_going and self.wave.runner:
            os.kill(self.wave.runner, signal.SIGUSR1)  # Luigi's word for: start nothing more
        return outcome

    def _try(self, number: int, attempt: int) -> dn.Outcome:
        wave = self.wave
        key = os.urandom(12).hex()
        # Retries are ours: they are left when the process is not.
        step = replace(wave.steps[number], retries=0, attempt=key, log=str(wave.path / f"{key}.log"))
        wave.report(Report(number, "started", attempt, step))
        os.chdir(wave.directory)  # the step before may have changed it
        with self._told(step), _watched(step):
            outcome = wave.execute(step)
        cause = outcome.error.__cause__ if outcome.error is not None else None
        wave.report(Report(number, "ended", attempt, outcome=outcome, error=pickled(cause)))
        return outcome

    @contextmanager
    def _told(self, step: dn.Step) -> Iterator[None]:
        """Shows in Luigi what is made; a task of Luigi that is carried says the rest."""
        uri = dn.storage_layer(step.layer).uri(step.name)
        if self.set_tracking_url is not None:  # a worker runs it
            self.set_tracking_url(uri)
            self.set_status_message(f"artifact {uri}\nlog      datanectar logs {step.name}")
        foreign = step.foreign if isinstance(step.foreign, luigi.Task) else None
        names = CALLBACKS if foreign is not None and self.set_tracking_url is not None else ()
        for name in names:
            setattr(foreign, name, getattr(self, name))
        try:
            yield
        finally:
            for name in names:
                setattr(foreign, name, None)

    def on_failure(self, exception: BaseException) -> Any:
        if not isinstance(exception, NotMade):  # it did not come to run a step
            for number in self.numbers:
                words = f"{type(exception).__name__}: {exception}"
                self.wave.report(Report(number, "refused", error=pickled(exception), words=words))
        return super().on_failure(exception)

    def _foreign(self) -> list[luigi.Task]:
        """The tasks of Luigi that it carries."""
        return [step.foreign for step in self._carried() if isinstance(step.foreign, luigi.Task)]

    @property
    def priority(self) -> Any:
        return max((task.priority for task in self._foreign()), default=0)

    @property
    def resources(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for needed in [
            *(task.process_resources() for task in self._foreign()),
            *(s.resources for s in self._carried()),
        ]:
            for name, amount in needed.items():
                found[name] = max(found.get(name, 0), amount)
        return found

    @property
    def worker_timeout(self) -> Any:
        """The time of all that it carries; None, so that Luigi's own setting holds, where one of them has none."""
        timeouts = [_timeout(step) for step in self._carried()]
        return None if None in timeouts else sum(filter(None, timeouts))

    @property
    def owner_email(self) -> Any:
        return [address for task in self._foreign() for address in flatten(task.owner_email or [])]


def step_task(wave: WaveFolder, group: int) -> Step:
    """Returns the task of Luigi that carries a group of steps."""
    numbers = wave.numbers(group)
    first = wave.steps[numbers[0]]
    return Step(task=first.task, artifact=first.name, steps=len(numbers), folder=str(wave.path), group=group)


def _timeout(step: dn.Step) -> Any:
    if step.timeout is not None:
        return step.timeout + _LAST_WORDS
    return step.foreign.worker_timeout if isinstance(step.foreign, luigi.Task) else None


@contextmanager
def _watched(step: dn.Step) -> Iterator[None]:
    """Has a step's log say where it was when its time was over, by a thread that needs no lock of Python's."""
    if step.timeout is None:
        yield
        return
    faulthandler.dump_traceback_later(step.timeout, file=2)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


@Step.event_handler(luigi.Event.PROCESS_FAILURE)  # type: ignore[untyped-decorator]
def _process_died(task: Step, message: str) -> None:
    _tell(task, "lost", message)


@Step.event_handler(luigi.Event.TIMEOUT)  # type: ignore[untyped-decorator]
def _took_too_long(task: Step, message: str) -> None:
    _tell(task, "late", message)


def _tell(task: Step, kind: Literal["lost", "late"], message: str) -> None:
    last = message.split()[-1]  # of Luigi's "died unexpectedly with exit code -9"
    code = int(last) if kind == "lost" and last.lstrip("-").isdigit() else None
    words = f"its worker process {ending(code)}" if code is not None else message
    for number in task.numbers:  # those that were not running are known not to
        task.wave.report(Report(number, kind, words=words, exit_code=code))
