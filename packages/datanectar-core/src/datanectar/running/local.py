"""The embedded orchestrator: one step after another, in this process."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence

from datanectar.contracts.orchestration import Execute, Orchestrator, Outcome, Step
from datanectar.errors import UnsupportedError


class LocalOrchestrator(Orchestrator):
    """Runs steps in this process, where breakpoints, profilers and notebooks work as usual."""

    def run(
        self, steps: Sequence[Step], execute: Execute, *, workers: int | None = None, keep_going: bool = False
    ) -> Iterator[Outcome]:
        if workers is not None and workers != 1:
            msg = (
                f"workers={workers!r}: this release of the local orchestrator runs one step at a time. Leave workers "
                "out, or choose another orchestrator"
            )
            raise UnsupportedError(msg)
        if any(step.timeout for step in steps):
            msg = "timeouts are not enforced: this release of the local orchestrator runs steps in its own process"
            warnings.warn(msg, stacklevel=2)
        undone: set[str] = set()
        for step in steps:
            if not undone.isdisjoint(step.needs):
                undone.add(step.name)
                continue
            outcome = execute(step)
            yield outcome
            if outcome.status != "done":
                undone.add(step.name)
                if not keep_going:
                    return
