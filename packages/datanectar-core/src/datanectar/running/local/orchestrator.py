"""The embedded orchestrator: steps in this process, or in worker processes on this machine."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Sequence

from datanectar.contracts.orchestration import Execute, Orchestrator, Outcome, Step
from datanectar.contracts.portability import why_not_portable
from datanectar.errors import DatanectarError, StepFailed, TaskDefinitionError
from datanectar.running.local.scheduling import Schedule


class LocalOrchestrator(Orchestrator):
    """Runs steps in this process, where breakpoints, profilers and notebooks work as usual; or several at once.

    With ``workers`` over 1 steps run in other processes, one after another in each: a step that ends its process ends
    no other step. A step with a timeout needs a process, too: that can be ended.
    """

    def run(
        self, steps: Sequence[Step], execute: Execute, *, workers: int | None = None, keep_going: bool = False
    ) -> Iterator[Outcome]:
        size = workers or 1
        if size == 1 and not any(step.timeout for step in steps):
            return _in_this_process(steps, execute, keep_going)
        problem = why_not_portable(steps)
        if problem is None:
            return _in_processes(steps, execute, min(size, len(steps)), keep_going)
        if size > 1:
            raise problem
        warnings.warn(f"timeouts are not enforced, for lack of a worker process: {problem}", stacklevel=2)
        return _in_this_process(steps, execute, keep_going)


def _in_this_process(steps: Sequence[Step], execute: Execute, keep_going: bool) -> Iterator[Outcome]:
    undone: set[str] = set()
    for step in steps:
        if not undone.isdisjoint(step.needs):
            undone.add(step.name)
            continue
        yield Outcome(step.name, "started")
        outcome = execute(step)
        yield outcome
        if outcome.status != "done":
            undone.add(step.name)
            if not keep_going:
                return


def _in_processes(steps: Sequence[Step], execute: Execute, size: int, keep_going: bool) -> Iterator[Outcome]:
    from datanectar.running.local.pool import Pool

    schedule = Schedule(steps, keep_going=keep_going)
    by_name = {step.name: step for step in steps}
    with Pool(size, execute) as pool:
        while True:
            while pool.has_room and (step := schedule.next(time.monotonic())) is not None:
                yield Outcome(step.name, "started")
                try:
                    pool.start(step)
                except TaskDefinitionError as error:
                    schedule.settle(step, done=False)
                    yield Outcome(step.name, "failed", error=_unsent(step, error), is_final=True)
            due = schedule.waits(time.monotonic())
            if not pool.running and due is None:
                return
            for outcome in pool.wait(float("inf") if due is None else due):
                step = by_name[outcome.name]
                retries = outcome.status == "failed" and not outcome.is_final
                if retries and schedule.retry(step, time.monotonic()):
                    continue
                schedule.settle(step, done=outcome.status == "done")
                yield outcome


def _unsent(step: Step, error: DatanectarError) -> StepFailed:
    failure = StepFailed(f"{step.task} failed: {error}", task=step.task, name=step.name, traceback=f"{error}\n")
    failure.__cause__ = error
    return failure
