"""Luigi as an orchestrator: it schedules, and each of its tasks has core execute a step."""

from __future__ import annotations

import os
import pickle
import random
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import datanectar as dn
from datanectar_luigi.options import LuigiOptions
from datanectar_luigi.runner_process import RunnerProcess
from datanectar_luigi.wave_folder import Report, WaveFolder
from datanectar_luigi.waves import Waves

_LONGEST_PAUSE = 30.0  # seconds
#: Between two looks at steps that another run is at.
_PAUSE = 0.5
#: How often Luigi may end without a word on a step before that is taken for an answer.
_MOST_SILENCES = 3


class LuigiOrchestrator(dn.Orchestrator):
    """Runs plans with Luigi's scheduler and workers, in a process of their own.

    Each step is a task of Luigi, with its resources, priority and timeout; ``workers`` are Luigi's.
    """

    def __init__(self, options: LuigiOptions) -> None:
        self._options = options

    def run(
        self, steps: Sequence[dn.Step], execute: dn.Execute, *, workers: int | None = None, keep_going: bool = False
    ) -> Iterator[dn.Outcome]:
        problem = dn.why_not_portable(steps)
        if problem is not None:
            raise problem
        return _Run(self._options, execute, workers or 1, keep_going).outcomes(steps)


class _Run:
    def __init__(self, options: LuigiOptions, execute: dn.Execute, workers: int, keep_going: bool) -> None:
        self._options, self._execute = options, execute
        self._workers, self._keep_going = workers, keep_going
        self._silences: dict[str, int] = {}
        self._running: dict[str, tuple[dn.Step, float]] = {}

    def outcomes(self, steps: Sequence[dn.Step]) -> Iterator[dn.Outcome]:
        size = self._options.wave * self._options.batch
        waves = Waves(steps, size=size, keep_going=self._keep_going)
        folder = Path(tempfile.mkdtemp(prefix="datanectar-luigi-"))
        try:
            with RunnerProcess(self._options, self._workers) as runner:
                number = 0
                while wave := waves.next():
                    number += 1
                    yield from self._run_wave(waves, wave, folder / str(number), runner)
        finally:
            for step, _ in self._running.values():
                self._execute.lost(step, KeyboardInterrupt())
            shutil.rmtree(folder, ignore_errors=True)

    def _run_wave(self, waves: Waves, wave: list[dn.Step], path: Path, runner: RunnerProcess) -> Iterator[dn.Outcome]:
        path.mkdir(mode=0o700)
        prepared = [self._prepared(step, path) for step in wave]
        sendable = []
        for original, step in zip(wave, prepared, strict=True):
            problem = _why_not_pickled(step)
            if problem is None:
                sendable.append((original, step))
            else:
                waves.settle(original, done=False)
                yield dn.Outcome(step.name, "failed", error=problem, is_final=True)
        if not sendable or (waves.stopped and not self._keep_going):
            return
        originals = [original for original, _ in sendable]
        last_try = [not waves.may_try_again(step) for step in originals]
        folder = WaveFolder(
            path, [step for _, step in sendable], last_try, self._options.batch, self._keep_going, self._execute
        )
        folder.runner = runner.start()
        folder.write()
        told: set[int] = set()
        pauses = [0.0]
        for report in runner.run(folder):
            if report.kind != "started":
                told.add(report.number)
            yield from self._take(waves, originals[report.number], folder, report, pauses)
        yield from self._look_up(waves, originals, folder, told, runner)
        time.sleep(max(pauses))

    def _prepared(self, step: dn.Step, path: Path) -> dn.Step:
        """A step as another process executes it. Retries are this one's: it has them left when that is gone."""
        attempt = os.urandom(12).hex()
        return replace(step, retries=0, attempt=attempt, log=str(path / f"{attempt}.log"))

    def _take(
        self, waves: Waves, step: dn.Step, folder: WaveFolder, report: Report, pauses: list[float]
    ) -> Iterator[dn.Outcome]:
        executed = folder.steps[report.number]
        if report.kind == "started":
            self._running[step.name] = (executed, time.monotonic())
            yield dn.Outcome(step.name, "started")
            return
        _, since = self._running.pop(step.name, (executed, time.monotonic()))
        outcome = report.outcome
        if outcome is None:
            outcome = self._execute.lost(executed, _loss(executed, report.words), time.monotonic() - since)
        elif outcome.error is not None:
            outcome.error.__cause__ = _unpickled(report.cause)
        if outcome.status == "failed" and not outcome.is_final and waves.may_try_again(step) and not waves.stopped:
            waves.retry(step)
            pauses.append(min(_LONGEST_PAUSE, 0.1 * 2 ** waves.tries(step) * random.uniform(0.5, 1.0)))
            return
        waves.settle(step, done=outcome.status == "done")
        yield outcome

    def _look_up(
        self, waves: Waves, steps: list[dn.Step], folder: WaveFolder, told: set[int], runner: RunnerProcess
    ) -> Iterator[dn.Outcome]:
        """Finds out what became of steps that Luigi ended without a word on."""
        silent = [number for number in range(len(steps)) if number not in told]
        if waves.stopped or not silent:
            return
        undone = {steps[number].name for number in range(len(steps)) if number in told} - _done(folder, steps)
        for number in silent:
            step = steps[number]
            if not undone.isdisjoint(step.needs):
                undone.add(step.name)
            elif folder.is_done(number):  # another run has made it meanwhile
                waves.settle(step, done=True)
                yield dn.Outcome(step.name, "done")
            elif step.name not in runner.elsewhere:
                self._silences[step.name] = self._silences.get(step.name, 0) + 1
                if self._silences[step.name] >= _MOST_SILENCES and undone.isdisjoint(step.needs):
                    waves.settle(step, done=False)
                    yield self._execute.lost(folder.steps[number], dn.errors.WorkerDied("Luigi did not run it"))
        if runner.elsewhere:
            time.sleep(_PAUSE)


def _done(folder: WaveFolder, steps: Sequence[dn.Step]) -> set[str]:
    return {step.name for number, step in enumerate(steps) if folder.has(number, "done")}


def _loss(step: dn.Step, words: str) -> BaseException:
    if words.startswith("timeout"):
        return dn.errors.TaskTimeout(f"it took longer than its timeout of {step.timeout or 0:g} s, and was ended")
    return dn.errors.WorkerDied(f"its worker process was lost: {words.removeprefix('died ')}")


def _why_not_pickled(step: dn.Step) -> dn.errors.StepFailed | None:
    try:
        pickle.dumps(step)
    except Exception as error:  # whatever an argument's class says
        msg = f"{step.task} cannot be sent to a worker process: {type(error).__name__}: {error}"
        failure = dn.errors.StepFailed(
            f"{step.task} failed: {msg}", task=step.task, name=step.name, traceback=f"{msg}\n"
        )
        failure.__cause__ = dn.errors.TaskDefinitionError(msg)
        return failure
    return None


def _unpickled(cause: bytes) -> BaseException | None:
    try:
        found: Any = pickle.loads(cause) if cause else None
    except Exception:  # an exception class may refuse to come back in any way it likes
        return None
    return found if isinstance(found, BaseException) else None
