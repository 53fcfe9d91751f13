"""Which step may start next: inputs first, in the plan's order, and failed steps again after a pause."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from datanectar.contracts.orchestration import LONGEST_PAUSE, Step
from datanectar.values.backoff import pause_before


class Schedule:
    """The steps of one run that are not settled yet. It knows nothing of processes, and is told the time."""

    def __init__(self, steps: Sequence[Step], *, keep_going: bool) -> None:
        self._keep_going = keep_going
        self._steps = list(steps)
        self._place = {step.name: place for place, step in enumerate(steps)}
        self._missing = {step.name: len(step.needs) for step in steps}
        self._dependents: dict[str, list[str]] = {}
        for step in steps:
            for need in step.needs:
                self._dependents.setdefault(need, []).append(step.name)
        self._ready = [place for place, step in enumerate(steps) if not step.needs]  # sorted, so a heap
        self._later: list[tuple[float, int]] = []
        self._tries: dict[str, int] = {}
        self._stopped = False

    def next(self, now: float) -> Step | None:
        """Returns a step that may start, or None where none may, yet."""
        while self._later and self._later[0][0] <= now:
            heapq.heappush(self._ready, heapq.heappop(self._later)[1])
        return self._steps[heapq.heappop(self._ready)] if self._ready else None

    def waits(self, now: float) -> float | None:
        """Returns the seconds until a retry is due, or None where none is."""
        return max(0.0, self._later[0][0] - now) if self._later else None

    def retry(self, step: Step, now: float) -> bool:
        """Puts a failed step back for another try, if it has one left."""
        tries = self._tries[step.name] = self._tries.get(step.name, 0) + 1
        if self._stopped or tries > step.retries:
            return False
        heapq.heappush(self._later, (now + pause_before(tries, longest=LONGEST_PAUSE), self._place[step.name]))
        return True

    def settle(self, step: Step, *, done: bool) -> None:
        """Takes note of a step's end. After a failure nothing else starts, or only what does not depend on it."""
        if not done:
            if not self._keep_going:
                self._stopped = True
                self._ready, self._later = [], []
            return
        for name in self._dependents.get(step.name, ()):
            self._missing[name] -= 1
            if not self._missing[name] and not self._stopped:
                heapq.heappush(self._ready, self._place[name])
