"""Progress of a run, as plain lines. The command line has a livelier form for terminals."""

from __future__ import annotations

from typing import Protocol, TextIO

from datanectar.contracts.orchestration import Outcome
from datanectar.running.planning import Plan, PlannedStep


class Reporter(Protocol):
    """Is told how a run goes."""

    def planned(self, plan: Plan) -> None:
        """A plan was made; it can grow when a damaged input is found."""

    def started(self, step: PlannedStep) -> None:
        """A step started, on an orchestrator that can tell."""

    def finished(self, outcome: Outcome) -> None:
        """A step ended."""

    def close(self) -> None:
        """The run ended."""


class Silent:
    """Says nothing."""

    def planned(self, plan: Plan) -> None:
        pass

    def started(self, step: PlannedStep) -> None:
        pass

    def finished(self, outcome: Outcome) -> None:
        pass

    def close(self) -> None:
        pass


class Lines:
    """One line when a step starts and one when it ends."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._total = self._done = self._begun = 0

    def planned(self, plan: Plan) -> None:
        to_run, cached = len(plan.with_status("run")), len(plan.with_status("cached"))
        self._begun = self._done
        self._total = self._done + to_run
        if to_run:
            self._say(f"{to_run} {'step' if to_run == 1 else 'steps'} to run, {cached} stored already")

    def started(self, step: PlannedStep) -> None:
        self._begun += 1
        self._say(f"[{self._begun}/{self._total}] start   {step.name}")

    def finished(self, outcome: Outcome) -> None:
        self._done += outcome.status != "damaged"
        word = {"done": "done", "failed": "FAILED", "damaged": "waits"}[outcome.status]
        note = "an input is damaged and is made anew first" if outcome.damaged else f"{outcome.seconds:.1f} s"
        self._say(f"[{self._done}/{self._total}] {word:<7} {outcome.name}  {note}")

    def close(self) -> None:
        pass

    def _say(self, text: str) -> None:
        print(text, file=self._stream, flush=True)
