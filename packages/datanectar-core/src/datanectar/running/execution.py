"""What every orchestrator calls for each step, in whatever process: so the same artifacts appear on all engines."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from datanectar.configuration.active import current, hold
from datanectar.configuration.settings import Settings, load_settings
from datanectar.contracts.orchestration import LONGEST_PAUSE, Outcome, Step
from datanectar.running.attempt import Attempt
from datanectar.running.process_log import redirected
from datanectar.values.backoff import pause_before


class Executor:
    """Executes steps. Pickled, it takes along what `settings` or the command line chose where it was pickled."""

    def __init__(self, overrides: Mapping[str, Any] | None = None, origin: str = "") -> None:
        self._overrides, self._origin = overrides, origin
        self._travelled: Settings | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        chosen = current().overrides
        overrides = {key: getattr(setting.value, "reference", setting.value) for key, setting in chosen.items()}
        return Executor, (overrides, next((setting.source for setting in chosen.values()), ""))

    def _settings(self) -> AbstractContextManager[object]:
        if self._overrides is None:  # still where it was made
            return nullcontext()
        if self._travelled is None:
            self._travelled = load_settings(Path.cwd(), self._overrides, self._origin)
        return hold(self._travelled)

    def __call__(self, step: Step) -> Outcome:
        """Runs one step, with its retries. Failures of the task are an outcome, not an exception."""
        with self._settings(), redirected(step.log):
            for retry in range(1, step.retries + 1):
                outcome = Attempt(step).run()
                if outcome.status != "failed" or outcome.is_final:
                    return outcome
                time.sleep(pause_before(retry, longest=LONGEST_PAUSE))
            return Attempt(step).run()

    def lost(self, step: Step, error: BaseException, seconds: float = 0.0) -> Outcome:
        """Says what became of a step whose process could not: done, if it had stored its result before its end."""
        with self._settings():
            return Attempt(step).lost(error, seconds)


execute = Executor()
