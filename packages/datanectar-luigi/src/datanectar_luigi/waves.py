"""Which steps Luigi is given next: inputs first, never more at a time than it deals with quickly."""

from __future__ import annotations

from collections.abc import Sequence

import datanectar as dn


class Waves:
    """The steps of one run that are not settled yet, in the plan's order.

    What Luigi takes to choose the next task grows with the number of those that wait: ten thousand at once would take
    it a quarter of an hour. In waves it is the same for each.
    """

    def __init__(self, steps: Sequence[dn.Step], *, size: int, keep_going: bool) -> None:
        self._left = list(steps)
        self._size, self._keep_going = size, keep_going
        self._unsettled = {step.name for step in steps}
        self._undone: set[str] = set()
        self._tries: dict[str, int] = {}
        self.stopped = False

    def next(self) -> list[dn.Step]:
        """Returns the steps of the next wave, in an order in which they can run; none when the run is over."""
        if self.stopped:
            return []
        wave: list[dn.Step] = []
        ready: set[str] = set()
        left: list[dn.Step] = []
        for step in self._left:
            if not self._undone.isdisjoint(step.needs):
                self._undone.add(step.name)  # it needs what was not made, so it will not be made either
            elif len(wave) < self._size and all(need in ready or need not in self._unsettled for need in step.needs):
                wave.append(step)
                ready.add(step.name)
            else:
                left.append(step)
        self._left = [*wave, *left]
        return wave

    def may_try_again(self, step: dn.Step) -> bool:
        """Whether a failure of a step would not be its last."""
        return self._tries.get(step.name, 0) < step.retries

    def tries(self, step: dn.Step) -> int:
        """How often a step has been tried again."""
        return self._tries.get(step.name, 0)

    def retry(self, step: dn.Step) -> None:
        """Leaves a failed step for the next wave."""
        self._tries[step.name] = self.tries(step) + 1

    def settle(self, step: dn.Step, *, done: bool) -> None:
        """Takes note of a step's end. After a failure nothing else starts, or only what does not depend on it."""
        self._left = [other for other in self._left if other is not step]
        if done:
            self._unsettled.discard(step.name)
            return
        self._undone.add(step.name)
        if not self._keep_going:
            self.stopped = True
