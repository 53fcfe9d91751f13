"""The kit for orchestrators, on one that keeps the rules and on some that break one each."""

import pytest

COMPONENTS = """
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import datanectar as dn
from datanectar.errors import StepFailed, UnsupportedError
from datanectar.running.local.orchestrator import LocalOrchestrator

local = LocalOrchestrator().run


class Acme(dn.Orchestrator):
    def run(self, steps, execute, *, workers=None, keep_going=False):
        RUN


RECORD = dn.OrchestratorType(name="acme", factory=f"{__name__}:Acme", summary="Acme's grid")
"""
BODY = """
@pytest.fixture
def orchestrator(self):
    return MODULE.RECORD
"""
GOOD = "yield from local(steps, execute, workers=workers, keep_going=keep_going)"
POOL = """
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            futures = [(step, pool.submit(execute, step)) for step in steps if not step.needs]
            for step, future in futures:
                try:
                    yield future.result()
                except Exception as error:
                    yield execute.lost(step, error)
            for step in steps:
                if step.needs:
                    yield execute(step)
"""
NO_PLUGINS = f"""
        os.environ["DATANECTAR_DISABLE_PLUGINS"] = "*"
        try:
            {GOOD}
        finally:
            del os.environ["DATANECTAR_DISABLE_PLUGINS"]
"""
OWN_ERRORS = """
        for outcome in local(steps, execute, workers=workers, keep_going=keep_going):
            yield replace(outcome, error=StepFailed("job 17 failed")) if outcome.error else outcome
"""
FALLS_BACK = f"""
        try:
            {GOOD}
        except UnsupportedError:
            yield from local(steps, execute, keep_going=keep_going)
"""
NO_TRACEBACK = """
        for outcome in local(steps, execute, workers=workers, keep_going=keep_going):
            if outcome.error:
                named = {field: getattr(outcome.error, field) for field in ("task", "name", "attempt", "log")}
                outcome = replace(outcome, error=StepFailed(str(outcome.error), **named))
            yield outcome
"""
STORES_ITSELF = """
        for outcome in local(steps, execute, workers=workers, keep_going=keep_going):
            layer = dn.storage_layer()
            if outcome.status == "done" and layer.exists(outcome.name):
                value = layer.load(outcome.name)
                layer.delete(outcome.name)
                layer.store(outcome.name, value)
            yield outcome
"""
ENDS_WELL = """
        for outcome in local(steps, execute, workers=workers, keep_going=keep_going):
            if outcome.error:
                os._exit(0)
            yield outcome
"""
TALKS = f"""
        print("3 tasks are pending")
        {GOOD}
"""
TAKES_CTRL_C = f"""
        try:
            {GOOD}
        except KeyboardInterrupt:
            raise SystemExit(1) from None
"""
WAITS_FOR_NOTHING = """
        for outcome in local(steps, execute, workers=workers, keep_going=keep_going):
            yield replace(outcome, waits_for=())
"""
RUNS_AGAIN_AT_ONCE = """
        for outcome in local(steps, execute, workers=workers, keep_going=keep_going):
            if outcome.status == "waiting":
                for task in outcome.waits_for:
                    dn.run(task)
                (step,) = (step for step in steps if step.name == outcome.name)
                outcome = execute(step)
            yield outcome
"""
LOOKS_IN_THE_STORE = """
        for outcome in local(steps, execute, workers=workers, keep_going=keep_going):
            if outcome.status != "done" or dn.storage_layer().exists(outcome.name):
                yield outcome
"""
TAKES_ALL_FOR_DONE = """
        for outcome in local(steps, execute, workers=workers, keep_going=keep_going):
            yield replace(outcome, status="done", error=None) if outcome.error else outcome
"""


@pytest.mark.parametrize(
    "only",
    [
        "test_every_step_ends_once_and_after_what_it_needs",
        "test_a_worker_that_dies_fails_its_own_step_only",
        "test_a_store_that_workers_cannot_share_is_refused_before_anything_runs",
        "test_the_command_ends_with_1_after_a_failure",
    ],
)
def test_one_that_keeps_the_rules_passes(run_kit, only) -> None:
    assert run_kit("OrchestratorConformance", COMPONENTS.replace("RUN", GOOD), BODY, only) == {}


BROKEN = [
    pytest.param(
        GOOD.replace("(steps,", "(steps[:-1],"),
        "test_every_step_ends_once_and_after_what_it_needs",
        "a run would not know of its end",
        id="it drops a step",
    ),
    pytest.param(
        "yield from (execute(step) for step in reversed(steps))",
        "test_every_step_ends_once_and_after_what_it_needs",
        "did it start before the steps that it needs had ended?",
        id="it runs from the end",
    ),
    pytest.param(
        f"[execute(step) for step in steps]; {GOOD}",
        "test_every_step_ends_once_and_after_what_it_needs",
        "ran more than once: hours of work, done again",
        id="it runs all of it twice",
    ),
    pytest.param(
        GOOD.replace("yield from local(", "yield from list(local(") + ")",
        "test_an_outcome_is_told_when_it_is_known",
        "outcomes are collected",
        id="it tells at the end",
    ),
    pytest.param(
        GOOD.replace("keep_going=keep_going", "keep_going=True"),
        "test_after_a_failure_no_further_step_starts",
        "for the error waits for all the rest",
        id="it never stops",
    ),
    pytest.param(
        GOOD.replace("keep_going=keep_going", "keep_going=False"),
        "test_what_needs_a_failed_step_is_not_run_and_the_rest_is_kept",
        "was not made, which needs nothing that failed",
        id="it always stops",
    ),
    pytest.param(
        "yield from (execute(step) for step in steps)",
        "test_a_worker_that_dies_fails_its_own_step_only",
        "set processes = False",
        id="it has no workers",
    ),
    pytest.param(
        POOL,
        "test_a_worker_that_dies_fails_its_own_step_only",
        "hours of other work are lost",
        id="a death breaks its pool",
    ),
    pytest.param(
        GOOD.replace("(steps,", "([replace(step, retries=0) for step in steps],"),
        "test_a_step_is_tried_as_often_as_it_says",
        "not yet",
        id="it does not retry",
    ),
    pytest.param(
        GOOD.replace("(steps,", "([replace(step, timeout=None) for step in steps],"),
        "test_a_step_that_takes_too_long_is_ended",
        "should have failed, and no other; failed: []",
        id="it ends nothing",
    ),
    pytest.param(
        OWN_ERRORS,
        "test_a_failure_tells_the_task_the_artifact_its_log_and_where",
        "the error names task '' and artifact ''",
        id="it has errors of its own",
    ),
    pytest.param(
        NO_PLUGINS,
        "test_events_are_fired_in_the_process_that_runs_the_step",
        "Are plugins found where workers run?",
        id="its workers have no plugins",
    ),
    pytest.param(
        GOOD.replace("(steps,", "([replace(step, layer=dn.storage_layer()) for step in steps],"),
        "test_the_store_of_the_run_is_that_of_its_workers",
        "send steps as they are",
        id="it has a store of its own",
    ),
    pytest.param(
        FALLS_BACK,
        "test_a_store_that_workers_cannot_share_is_refused_before_anything_runs",
        "a store in memory was taken",
        id="it takes any store",
    ),
    pytest.param(
        STORES_ITSELF,
        "test_it_makes_the_artifacts_that_the_embedded_one_makes",
        "differs from that which the embedded orchestrator leaves",
        id="it stores results itself",
    ),
    pytest.param(
        NO_TRACEBACK,
        "test_a_failure_reads_as_on_the_embedded_one",
        "the traceback of the error is ''",
        id="it loses tracebacks",
    ),
    pytest.param(
        ENDS_WELL,
        "test_the_command_ends_with_1_after_a_failure",
        "ended with 0, not 1",
        id="its failures end with 0",
    ),
    pytest.param(
        TALKS,
        "test_the_command_ends_with_0_after_a_success",
        "words belong in the standard error",
        id="it talks on the standard output",
    ),
    pytest.param(
        TAKES_CTRL_C,
        "test_ctrl_c_ends_the_run_and_its_steps",
        "ended with 1, not 130",
        id="it takes Ctrl-C for a failure",
    ),
    pytest.param(
        WAITS_FOR_NOTHING,
        "test_a_task_that_finds_out_what_it_needs_runs_again_after_that",
        "pass on `waits_for` as it is",
        id="it forgets what a step waits for",
    ),
    pytest.param(
        RUNS_AGAIN_AT_ONCE,
        "test_a_task_that_finds_out_what_it_needs_runs_again_after_that",
        "pass on `waiting` as it is",
        id="it runs itself what a step waits for",
    ),
    pytest.param(
        LOOKS_IN_THE_STORE,
        "test_a_task_that_keeps_its_result_itself_is_asked_for_it",
        "without a word on",
        id="it knows of artifacts only",
    ),
    pytest.param(
        TAKES_ALL_FOR_DONE,
        "test_a_task_that_stored_nothing_has_failed",
        "should have failed, and no other; failed: []",
        id="it takes what ended for done",
    ),
]


@pytest.mark.parametrize(("wrong", "check", "message"), BROKEN)
def test_one_that_breaks_a_rule_is_caught_by_the_check_of_it(run_kit, wrong, check, message) -> None:
    # Where the kit has a check for one worker and for two, it is run for one; but for what only two show.
    only = f"{check} and not {'1]' if wrong is NO_PLUGINS else '2]'}"
    failures = run_kit("OrchestratorConformance", COMPONENTS.replace("RUN", wrong.strip()), BODY, only)
    assert message in failures[check]


def test_flags_take_tests_away(run_kit) -> None:
    only = "dies_fails_its_own or cannot_share or takes_too_long or ctrl_c or single"
    flags = "processes = False\ntimeouts = False\ninterrupts = False\n"
    here = COMPONENTS.replace("RUN", "yield from (execute(step) for step in steps)")
    assert run_kit("OrchestratorConformance", here, flags + BODY, only) == {}
