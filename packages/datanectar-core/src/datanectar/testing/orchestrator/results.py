"""What an orchestrator makes and tells: the artifacts, outcomes and events of the embedded one."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from datanectar.errors import DatanectarError
from datanectar.layer.opening import storage_layer
from datanectar.testing import pipelines
from datanectar.testing.orchestrator.engine import Engine
from datanectar.testing.orchestrator.rules import OrchestratorRules, both
from datanectar.testing.pipelines import number, plus


class Results(OrchestratorRules):
    """What appears, and what is told of it."""

    @both
    @pytest.mark.parametrize("shape", ["diamond", "wide"])
    def test_every_step_ends_once_and_after_what_it_needs(self, engine: Engine, shape: str, workers: int) -> None:
        target = pipelines.SHAPES[shape](engine.notes)
        plan = {step.name: step for step in engine.plan(target)}
        ended: list[str] = []
        for outcome in engine.outcomes(target, workers=workers):
            assert outcome.name in plan, f"it told of {outcome.name}, which is no step it was given"
            assert outcome.name not in ended, f"{outcome.name} had an outcome {outcome.status!r} after it had ended"
            if outcome.status == "started":
                continue
            assert outcome.status == "done", (
                f"{outcome.name} ended as {outcome.status} {outcome.error or outcome.damaged}: did it start before the "
                "steps that it needs had ended?"
            )
            early = set(plan[outcome.name].needs) - set(ended)
            assert not early, f"{outcome.name} ended before {', '.join(sorted(early))}, which it needs"
            ended.append(outcome.name)
        assert set(ended) == set(plan), (
            f"no outcome for {sorted(set(plan) - set(ended))}: a run would not know of its end"
        )
        ran = engine.ran()
        twice = {what for what in ran if ran.count(what) > 1}
        assert not twice, f"{', '.join(sorted(twice))} ran more than once: hours of work, done again"

    @both
    def test_what_is_stored_does_not_run_again(self, engine: Engine, workers: int) -> None:
        engine.run(plus(number(1, engine.notes), 1, engine.notes), workers=workers)
        engine.run(plus(number(1, engine.notes), 1, engine.notes), workers=workers)
        engine.run(plus(number(1, engine.notes), 2, engine.notes), workers=workers)
        ran = engine.ran()
        assert ran == ["number-1", "plus-1", "plus-2"], f"tasks ran as {ran}: stored results were made again"

    @both
    def test_a_damaged_input_is_made_anew_on_the_way(self, engine: Engine, workers: int) -> None:
        made = pipelines.large(1, engine.notes)
        engine.run(made, workers=workers, load=False)
        (file,) = engine.files_of(made.name)
        file.write_bytes(b"\xff" * file.stat().st_size)
        got = engine.run(pipelines.size(made, engine.notes), workers=workers)
        assert (got, engine.ran()) == (100_000, ["large", "large", "size"]), (
            f"an input was damaged, and the run gave {got!r} after {engine.ran()}: pass on the outcome `damaged` as it "
            "is, and core plans what must be made anew"
        )

    @both
    def test_the_store_of_the_run_is_that_of_its_workers(self, engine: Engine, workers: int) -> None:
        other = engine.url("other")
        with suppress(DatanectarError):  # where it stored is what counts
            engine.run(number(1), workers=workers, storage_layer=other, load=False)
        there, here = list(storage_layer(other).list()), list(engine.store.list())
        assert (there, here) == ([number(1).name], []), (
            f"run(storage_layer=…) left {there} in that store and {here} in the default one: send steps as they are"
        )

    @both
    def test_what_a_task_prints_is_kept(self, engine: Engine, workers: int) -> None:
        engine.run(number(1), workers=workers)
        log = number(1).logs()
        assert log == "the number is 1\n", f"the log is {log!r}: call `execute` once for each step"

    @both
    def test_an_outcome_is_told_when_it_is_known(self, engine: Engine, tmp_path: Path, workers: int) -> None:
        pipe = str(tmp_path / "word")
        os.mkfifo(pipe)
        before = number(1)
        writer = os.open(pipe, os.O_RDWR)
        try:
            for outcome in engine.outcomes(pipelines.waits_for_word(before, pipe), workers=workers):
                if outcome.name == before.name and outcome.status == "done":
                    os.write(writer, b"go on")
                assert outcome.status != "failed", (
                    "the second step waited in vain for the outcome of the first: outcomes are collected, so nobody "
                    "sees progress, and a run that is interrupted does not know what it has"
                )
        finally:
            os.close(writer)

    @both
    def test_events_are_fired_in_the_process_that_runs_the_step(self, engine: Engine, workers: int) -> None:
        target = plus(number(1, engine.notes), 1, engine.notes)
        engine.run(target, workers=workers)
        wanted = ["task_started", "artifact_stored", "task_finished"]
        for artifact, label in ((number(1), "number-1"), (target, "plus-1")):
            process = engine.processes()[label]
            fired = [event for event, name, where in engine.told() if (name, where) == (artifact.name, process)]
            assert [event for event in fired if event in wanted] == wanted, (
                f"process {process} ran {artifact.name} and fired {fired}; wanted are {wanted}: who watches tasks, for "
                "metrics or memory, sees nothing. Are plugins found where workers run?"
            )
