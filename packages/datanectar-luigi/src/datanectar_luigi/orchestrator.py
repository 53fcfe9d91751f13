"""Luigi as an orchestrator: it schedules, and each of its tasks has core execute a step."""

from __future__ import annotations

import os
import pickle
import shutil
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import datanectar as dn
from datanectar_luigi.options import LuigiOptions
from datanectar_luigi.runner import Terms
from datanectar_luigi.runner_process import RunnerDied, RunnerProcess
from datanectar_luigi.wave_folder import Report, WaveFolder, unpickled
from datanectar_luigi.waves import Waves, pause_before

#: Between two looks at steps that other runs are at, or have the resources of.
_PAUSE = 0.5  # seconds
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
        return _Run(self._options, execute, workers, keep_going).outcomes([_as_often(step) for step in steps])


def _as_often(step: dn.Step) -> dn.Step:
    """A task of Luigi says itself how often it is run at most, in all."""
    tries = getattr(step.foreign, "retry_count", None)
    return replace(step, retries=max(step.retries, tries - 1)) if tries else step


class _Run:
    def __init__(self, options: LuigiOptions, execute: dn.Execute, workers: int | None, keep_going: bool) -> None:
        self._options, self._execute, self._keep_going = options, execute, keep_going
        self._terms = Terms(options, workers, os.urandom(6).hex(), os.getcwd())
        #: What was told of the steps that are running, and when.
        self._running: dict[str, tuple[Report, float]] = {}
        #: Failures that are not the last word, and which try each was.
        self._failed: dict[str, tuple[dn.Step, dn.Outcome, int]] = {}
        self._silences: dict[str, int] = {}

    def outcomes(self, steps: Sequence[dn.Step]) -> Iterator[dn.Outcome]:
        waves = Waves(steps, size=self._options.wave * self._options.batch, keep_going=self._keep_going)
        folder = Path(tempfile.mkdtemp(prefix="datanectar-luigi-"))  # nobody else's to read
        try:
            with RunnerProcess(self._terms) as runner:
                for number in count():
                    wave = waves.next()
                    if not wave:
                        return
                    path = folder / str(number)
                    path.mkdir()
                    yield from self._run_wave(waves, wave, path, runner)
        finally:
            for started, _ in self._running.values():
                assert started.step is not None
                self._execute.lost(started.step, KeyboardInterrupt())
            shutil.rmtree(folder, ignore_errors=True)

    def _run_wave(self, waves: Waves, wave: list[dn.Step], path: Path, runner: RunnerProcess) -> Iterator[dn.Outcome]:
        for step in wave:
            problem = _why_not_pickled(step)
            if problem is not None:
                waves.settle(step, done=False)
                yield dn.Outcome(step.name, "failed", error=problem, is_final=True)
        wave = [step for step in wave if not waves.is_settled(step) and not waves.is_blocked(step)]
        if not wave or waves.stopped:
            return
        tries = [waves.tries(step) for step in wave]
        settings = (self._options.batch, self._keep_going, self._execute, self._terms.directory, runner.start())
        folder = WaveFolder(path, wave, tries, *settings)
        folder.write()
        heard: set[int] = set()
        died: RunnerDied | None = None
        try:
            for report in runner.run(folder):
                yield from self._take(waves, wave[report.number], report, heard, runner)
        except RunnerDied as error:
            died = error
            for number, step in enumerate(wave):
                if step.name in self._running:
                    report = Report(number, "lost", words=str(error), exit_code=error.exit_code)
                    yield from self._take(waves, step, report, heard, runner)
        silent = [number for number in range(len(wave)) if number not in heard]
        if died is not None and len(silent) == len(wave) and died.is_refusal:
            raise died.error
        is_answer = died is None or not heard  # else some had no chance
        pause = yield from self._look_up(waves, folder, silent, runner, is_answer=is_answer)
        yield from self._after_failures(waves, pause)

    def _take(
        self, waves: Waves, step: dn.Step, report: Report, heard: set[int], runner: RunnerProcess
    ) -> Iterator[dn.Outcome]:
        """Takes what is told of a step, and yields what can be passed on."""
        if report.kind == "trouble":
            raise _trouble(step, report)
        if report.kind == "started":
            self._running[step.name] = (report, time.monotonic())
            self._failed.pop(step.name, None)
            if report.attempt == 1:
                yield dn.Outcome(step.name, "started")
            return
        started, since = self._running.pop(step.name, (None, time.monotonic()))
        if (started is None) != (report.kind == "refused"):
            return  # it is told of all that a task carries: this one was not running
        heard.add(report.number)
        attempt = started.attempt if started is not None else waves.tries(step) + 1
        outcome = report.outcome
        if outcome is None:
            executed = (started.step if started is not None else None) or step
            outcome = self._execute.lost(executed, _loss(step, report), time.monotonic() - since)
        elif outcome.error is not None:
            outcome.error.__cause__ = unpickled(report.error)
        if outcome.status == "failed" and not outcome.is_final and waves.retry(step, attempt):
            self._failed[step.name] = (step, outcome, attempt)
            return
        waves.settle(step, done=outcome.status == "done")
        if waves.stopped:
            runner.start_nothing_more()
        yield outcome

    def _look_up(
        self, waves: Waves, folder: WaveFolder, silent: list[int], runner: RunnerProcess, *, is_answer: bool
    ) -> Generator[dn.Outcome, None, float]:
        """Finds out what became of steps that Luigi ended without a word on; returns the seconds to wait for others."""
        hindrances = runner.hindrances
        pause = 0.0
        for number in silent:
            step = folder.steps[number]
            if waves.stopped or not waves.is_ready(step):
                continue
            reason = hindrances.reasons.get(step.name) if hindrances else None
            if folder.is_done(number):  # another run has made it meanwhile
                waves.settle(step, done=True)
                yield dn.Outcome(step.name, "done")
            elif reason is None and hindrances is not None and hindrances.waits:
                pause = _PAUSE
            elif is_answer:
                self._silences[step.name] = self._silences.get(step.name, 0) + 1
                if reason is not None or self._silences[step.name] >= _MOST_SILENCES:
                    waves.settle(step, done=False)
                    error = dn.errors.UnsupportedError(f"Luigi did not run it: {reason or 'it gives no reason'}")
                    yield self._execute.lost(step, error)
        return pause

    def _after_failures(self, waves: Waves, pause: float) -> Iterator[dn.Outcome]:
        """Waits before steps are tried again in the next wave; if there is none, their failures are the last word."""
        failed, self._failed = self._failed, {}
        if not waves.stopped:
            time.sleep(max([pause, *(pause_before(attempt) for _, _, attempt in failed.values())]))
            return
        for step, outcome, _ in failed.values():
            waves.settle(step, done=False)
            yield outcome


def _loss(step: dn.Step, report: Report) -> BaseException:
    if report.kind == "refused":
        return unpickled(report.error) or dn.errors.UnsupportedError(report.words)
    if report.kind == "late":
        limit = f"its timeout of {step.timeout:g} s" if step.timeout is not None else "its worker_timeout"
        return dn.errors.TaskTimeout(f"it took longer than {limit}; its log shows where it was when it was ended")
    return dn.errors.WorkerDied(report.words, exit_code=report.exit_code)


def _trouble(step: dn.Step, report: Report) -> BaseException:
    error = unpickled(report.error)
    if isinstance(error, dn.errors.DatanectarError):
        return error
    return dn.errors.StorageError(f"it cannot be told whether {step.name} is there: {report.words}")


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
