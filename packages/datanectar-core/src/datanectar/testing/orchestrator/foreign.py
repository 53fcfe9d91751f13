"""Task objects of other libraries: an orchestrator runs them like others, and passes on what they found out."""

from __future__ import annotations

from pathlib import Path

from datanectar.running.targets import artifact
from datanectar.testing.foreign_tasks import Day, Found, Kept, Unkept
from datanectar.testing.orchestrator.engine import Engine
from datanectar.testing.orchestrator.rules import OrchestratorRules, both


class ForeignTasks(OrchestratorRules):
    """What adapters make nameable."""

    @both
    def test_a_task_that_finds_out_what_it_needs_runs_again_after_that(self, engine: Engine, workers: int) -> None:
        found = Found(engine.notes, day=4)
        first = [(outcome.status, outcome.waits_for) for outcome in engine.outcomes(found, workers=workers)][-1]
        assert first[0] == "waiting", (
            f"a step found out that it needs another first, and its outcome is {first[0]!r}: pass on `waiting` as it is"
        )
        needed = [artifact(task).name for task in first[1]]
        day = artifact(Day(day=4)).name
        assert needed == [day], f"it waits for {day}, and its outcome says {needed}: pass on `waits_for` as it is"
        got = engine.run(found, workers=workers)
        assert (got, engine.ran()) == (40, ["found", "found", "day-4", "found"]), (
            f"it gave {got!r} after {engine.ran()}: core plans what a step waits for, so run no more than the steps "
            "that were given, once each"
        )

    @both
    def test_a_task_that_keeps_its_result_itself_is_asked_for_it(
        self, engine: Engine, tmp_path: Path, workers: int
    ) -> None:
        results = [engine.run(Kept(engine.notes, file=str(tmp_path / "kept")), workers=workers) for _ in range(2)]
        assert (results, engine.ran()) == (["kept", "kept"], ["kept"]), (
            f"two runs gave {results} after {engine.ran()}: what is stored nowhere is done when its step ended as done"
        )

    @both
    def test_a_task_that_stored_nothing_has_failed(self, engine: Engine, workers: int) -> None:
        failed = self.failure(engine, artifact(Unkept(engine.notes)), workers)
        assert "stored nothing" in str(failed), (
            f"a task ended without an artifact, and the error says {str(failed)!r}: pass on that of `execute`"
        )
