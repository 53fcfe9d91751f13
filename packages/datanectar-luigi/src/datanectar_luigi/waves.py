"""Which steps Luigi is given next: inputs first, never more at a time than it deals with quickly."""

from __future__ import annotations

from collections.abc import Sequence

import datanectar as dn

_LONGEST_PAUSE = 30.0  # seconds


class Waves:
    """The steps of one run that are not settled yet, in the plan's order.

    What Luigi takes to choose the next task grows with the number of those that wait: ten thousand at once would take
    it a quarter of an hour. In waves it is the same for each.
    """

    def __init__(self, steps: Sequence[dn.Step], *, size: int, keep_going: bool) -> None:
        self._left = {step.name: step for step in steps}
        self._size, self._keep_going = size, keep_going
        self._undone: set[str] = set()
        self._tries: dict[str, int] = {}
        self.stopped = False

    def next(self) -> list[dn.Step]:
        """Returns the steps of the next wave, in an order in which they can run; none when the run is over."""
        if self.stopped:
            return []
        wave: list[dn.Step] = []
        ready: set[str] = set()
        for step in list(self._left.values()):
            if self.is_blocked(step):  # it will not be made either
                self._undone.add(step.name)
                del self._left[step.name]
            elif len(wave) < self._size and all(need in ready or need not in self._left for need in step.needs):
                wave.append(step)
                ready.add(step.name)
        return wave

    def is_settled(self, step: dn.Step) -> bool:
        """Whether a step's end is known."""
        return step.name not in self._left

    def is_ready(self, step: dn.Step) -> bool:
        """Whether all that a step needs was made."""
        return not self.is_blocked(step) and not any(need in self._left for need in step.needs)

    def is_blocked(self, step: dn.Step) -> bool:
        """Whether something that a step needs was not made."""
        return not self._undone.isdisjoint(step.needs)

    def tries(self, step: dn.Step) -> int:
        """How often a step has been tried, and failed."""
        return self._tries.get(step.name, 0)

    def retry(self, step: dn.Step, tries: int) -> bool:
        """Leaves a step that has failed for the next wave, unless it was tried as often as it may be."""
        self._tries[step.name] = tries
        return tries <= step.retries

    def settle(self, step: dn.Step, *, done: bool) -> None:
        """Takes note of a step's end. After a failure nothing else starts, or only what does not depend on it."""
        self._left.pop(step.name, None)
        if not done:
            self._undone.add(step.name)
            self.stopped = self.stopped or not self._keep_going


def pause_before(retry: int) -> float:
    """Returns the seconds to wait before the first, second, … retry."""
    return dn.pause_before(retry, longest=_LONGEST_PAUSE)
