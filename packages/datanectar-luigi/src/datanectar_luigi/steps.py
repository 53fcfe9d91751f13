"""Steps of a plan as tasks of Luigi."""

from __future__ import annotations

import os
import pickle
import signal
from contextlib import suppress
from typing import Any

import luigi

import datanectar as dn
from datanectar_luigi.wave_folder import Report, WaveFolder, open_wave


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

    def _numbers(self) -> range:
        return self.wave.numbers(self.group)

    def _carried(self) -> list[dn.Step]:
        return [self.wave.steps[number] for number in self._numbers()]

    def requires(self) -> list[luigi.Task]:
        return [step_task(self.wave, group) for group in self.wave.needs(self.group)]

    def complete(self) -> bool:
        return all(map(self.wave.is_done, self._numbers()))

    def run(self) -> None:
        wave = self.wave
        undone: set[str] = set()
        for number in self._numbers():
            step = wave.steps[number]
            if not undone.isdisjoint(step.needs):
                undone.add(step.name)
            elif not wave.is_done(number) and self._execute(number).status != "done":
                undone.add(step.name)
                if not wave.keep_going:
                    break
        if undone:
            raise NotMade(", ".join(sorted(undone)))

    def _execute(self, number: int) -> dn.Outcome:
        wave = self.wave
        step = wave.steps[number]
        wave.report(Report(number, "started"))
        uri = dn.storage_layer(step.layer).uri(step.name)
        if self.set_tracking_url is not None:
            self.set_tracking_url(uri)
            self.set_status_message(f"artifact {uri}\nlog      datanectar logs {step.name}")
        outcome = wave.execute(step)
        self._report(number, outcome)
        return outcome

    def _report(self, number: int, outcome: dn.Outcome) -> None:
        wave = self.wave
        cause = outcome.error.__cause__ if outcome.error is not None else None
        wave.report(Report(number, "ended", outcome, _pickled(cause)))
        ends = outcome.is_final or wave.last_try[number]
        if outcome.status == "failed" and ends and not wave.keep_going and wave.runner:
            os.kill(wave.runner, signal.SIGUSR1)  # Luigi's word for: start nothing more

    def on_failure(self, exception: BaseException) -> Any:
        if not isinstance(exception, NotMade):  # Luigi's own trouble, or that of the store in complete()
            for number in self._numbers():
                if not self.wave.has(number, "ended"):
                    self.wave.report(Report(number, "lost", words=f"{type(exception).__name__}: {exception}"))
        return super().on_failure(exception)

    def _of_foreign(self, name: str, default: Any) -> Any:
        """What a task of Luigi that is carried says of itself."""
        foreign = self._carried()[0].foreign
        return getattr(foreign, name, default) if isinstance(foreign, luigi.Task) else default

    @property
    def priority(self) -> Any:
        return max((getattr(step.foreign, "priority", 0) or 0 for step in self._carried()), default=0)

    @property
    def resources(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for step in self._carried():
            foreign = step.foreign.process_resources() if isinstance(step.foreign, luigi.Task) else {}
            for name, amount in {**foreign, **step.resources}.items():
                found[name] = max(found.get(name, 0), amount)
        return found

    @property
    def worker_timeout(self) -> Any:
        timeouts = [step.timeout for step in self._carried()]
        return sum(filter(None, timeouts)) if all(timeouts) else self._of_foreign("worker_timeout", None)

    @property
    def retry_count(self) -> Any:
        return self._of_foreign("retry_count", None)

    @property
    def owner_email(self) -> Any:
        return self._of_foreign("owner_email", "")


def step_task(wave: WaveFolder, group: int) -> Step:
    """Returns the task of Luigi that carries a group of steps."""
    numbers = wave.numbers(group)
    first = wave.steps[numbers[0]]
    return Step(task=first.task, artifact=first.name, steps=len(numbers), folder=str(wave.path), group=group)


@Step.event_handler(luigi.Event.PROCESS_FAILURE)  # type: ignore[untyped-decorator]
def _process_died(task: Step, message: str) -> None:
    _lose(task, "died", message)


@Step.event_handler(luigi.Event.TIMEOUT)  # type: ignore[untyped-decorator]
def _took_too_long(task: Step, message: str) -> None:
    _lose(task, "timeout", message)


def _lose(task: Step, how: str, message: str) -> None:
    for number in task._numbers():
        if task.wave.has(number, "started") and not task.wave.has(number, "ended"):
            task.wave.report(Report(number, "lost", words=f"{how} {message}"))


def _pickled(error: BaseException | None) -> bytes:
    with suppress(Exception):  # it is told as text, too
        return pickle.dumps(error)
    return b""
