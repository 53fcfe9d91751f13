"""What an orchestrator does when a step fails, or its process does."""

from __future__ import annotations

import os

import pytest

from datanectar.errors import DatanectarError, RunFailed
from datanectar.testing import pipelines
from datanectar.testing.flags import only_if
from datanectar.testing.orchestrator.engine import Engine
from datanectar.testing.orchestrator.rules import OrchestratorRules, both
from datanectar.testing.pipelines import number, plus, total


class Failures(OrchestratorRules):
    """Errors of tasks."""

    @both
    def test_a_failure_tells_the_task_the_artifact_its_log_and_where(self, engine: Engine, workers: int) -> None:
        target = pipelines.fails(13, engine.notes)
        failed = self.failure(engine, target, workers)
        assert (failed.task, failed.name) == (target.call.definition.path, target.name), (  # type: ignore[union-attr]
            f"the error names task {failed.task!r} and artifact {failed.name!r}, it was {target.name}"
        )
        assert "no luck with 13" in str(failed), f"the error says {str(failed)!r}, without the task's own words"
        assert "fractions.py" in failed.traceback, f"the traceback does not show what raised: {failed.traceback!r}"
        log = engine.store.logs(target.name)
        kept = "".join(log.values())
        assert failed.log in [*log, *(f"logs/{target.name}/{key}.log" for key in log)], (
            f"{failed.log!r} is no log of it"
        )
        for line in ("about to fail", "no luck with 13"):
            assert line in kept, f"the log has {kept!r}, and not {line!r}"
        events = [event for event, name, _ in engine.told() if name == target.name]
        assert events == ["task_started", "task_failed"], f"the failure fired {events}"

    @both
    def test_what_needs_a_failed_step_is_not_run_and_the_rest_is_kept(self, engine: Engine, workers: int) -> None:
        """With ``keep_going``, all that does not depend on it is made."""
        failing = pipelines.fails(1, engine.notes)
        blocked = plus(failing, 1, engine.notes)
        others = [number(1, engine.notes), plus(number(2, engine.notes), 2, engine.notes)]
        with pytest.raises(RunFailed) as caught:
            engine.run([blocked, *others], workers=workers, keep_going=True)
        assert list(caught.value.failures) == [failing.name], f"failed: {list(caught.value.failures)}"
        assert "plus-1" not in engine.ran(), "a step ran though what it needs had failed"
        missing = [other.name for other in others if not other.exists()]
        assert not missing, f"keep_going=True, and {', '.join(missing)} was not made, which needs nothing that failed"
        assert caught.value.blocked == [blocked.name], f"blocked is {caught.value.blocked}, not {blocked.name}"

    @both
    def test_after_a_failure_no_further_step_starts(self, engine: Engine, workers: int) -> None:
        """Without ``keep_going``; what was running may end."""
        targets = [pipelines.fails(1, engine.notes), *(number(n, engine.notes) for n in range(8))]
        after: list[str] | None = None
        for outcome in engine.outcomes(targets, workers=workers):
            if after is not None and outcome.status != "started":
                after.append(outcome.name)
            if outcome.status == "failed":
                after = []
        assert after is not None, "the failure of a task was not told"
        assert len(after) < workers, (
            f"{len(after)} steps ended after one had failed, of {workers} at once: without keep_going, whoever waits "
            "for the error waits for all the rest"
        )

    @both
    def test_a_step_is_tried_as_often_as_it_says(self, engine: Engine, workers: int) -> None:
        assert engine.run(pipelines.fails_at_first(1, engine.notes), workers=workers) == 1
        self.failure(engine, pipelines.fails_again_and_again(1, engine.notes), workers)
        tries = [engine.ran().count(name) for name in ("fails_at_first", "fails_again_and_again")]
        assert tries == [2, 2], (
            f"with retries=1, one that fails at first ran {tries[0]}, one that fails {tries[1]} times"
        )


class Ends(OrchestratorRules):
    """Steps that end otherwise, and runs that may not begin."""

    @only_if("processes")
    def test_a_worker_that_dies_fails_its_own_step_only(self, engine: Engine) -> None:
        dying = pipelines.dies(1, engine.notes, os.getpid())
        others = [total([number(n, engine.notes)], engine.notes) for n in range(4)]
        with pytest.raises(RunFailed) as caught:
            engine.run([*others[:2], dying, *others[2:]], workers=2, keep_going=True)
        failed = caught.value.failures
        assert list(failed) == [dying.name], (
            f"one worker was killed, and {len(failed)} steps failed ({', '.join(failed)}): hours of other work are lost"
        )
        assert "process that started the run" not in str(failed[dying.name]), (
            "two workers are threads, or none at all: one crash in compiled code ends everything. If that is how this "
            "orchestrator works, set processes = False"
        )
        missing = [other.name for other in others if not other.exists()]
        assert not missing, f"{', '.join(missing)} was not made, though only {dying.name} died"

    @only_if("timeouts")
    @both
    def test_a_step_that_takes_too_long_is_ended(self, engine: Engine, workers: int) -> None:
        target = pipelines.takes_too_long(1, engine.notes)
        failed = self.failure(engine, target, workers)
        assert "timeout" in str(failed), f"a step outlived its timeout of 0.3 s and failed with {str(failed)!r}"
        assert not target.exists(), "a step outlived its timeout of 0.3 s, and was stored"

    @only_if("processes")
    def test_a_store_that_workers_cannot_share_is_refused_before_anything_runs(self, engine: Engine) -> None:
        target = plus(number(1, engine.notes), 1, engine.notes)
        try:
            engine.run(target, workers=2, storage_layer="memory://")
        except RunFailed as error:
            raise AssertionError(f"a store in memory was found unfit in the middle of the run: {error}") from error
        except DatanectarError as error:
            said = str(error)
        else:
            raise AssertionError("a store in memory was taken, of which each worker has its own: results are lost")
        assert engine.ran() == [], f"{engine.ran()} ran before the store was refused"
        assert "memory://" in said, f"the error does not name the store: {said}"
