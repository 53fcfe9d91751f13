import logging
import pickle
import sys

import pytest

import datanectar as dn
from datanectar.contracts.orchestration import Step
from datanectar.errors import NameMismatch, TaskDefinitionError, WorkerDied
from datanectar.running.execution import execute
from datanectar.running.planning import make_plan, steps_to_run
from datanectar.running.targets import collect


@dn.task
def numbers(n: int) -> list[int]:
    return list(range(n))


@dn.task
def total(xs: list[int]) -> int:
    return sum(xs)


@dn.task(storage_layer="memory://execution-elsewhere")
def elsewhere(n: int) -> list[int]:
    return [n]


@dn.task
def talkative(ok: bool) -> int:
    print("to stdout")
    print("to stderr", file=sys.stderr)
    logging.getLogger("acme").warning("to logging")
    if not ok:
        raise ValueError("no luck")
    return 1


@dn.task
def chatterbox(lines: int) -> int:
    for _ in range(lines):
        print("x" * 99)
    return lines


class Doubled(dn.NectarTask):
    xs: list[int]

    def run(self):
        return [2 * x for x in self.inputs["xs"]]


def steps(*targets: object) -> list[Step]:
    return steps_to_run(make_plan(collect(targets)))


def test_a_failed_attempts_log_has_everything_in_order(memory, capsys) -> None:
    (step,) = steps(talkative(ok=False))
    outcome = execute(step)
    assert outcome.status == "failed"
    (text,) = memory.logs(step.name).values()
    words = ["to stdout", "to stderr", "to logging", "Traceback", "in talkative", "ValueError: no luck"]
    assert [word for word in words if word in text] == words
    assert sorted(map(text.index, words)) == list(map(text.index, words))
    assert memory.backend.stat(outcome.error.log) is not None


def test_a_short_log_of_a_success_is_in_the_manifest(memory, capsys) -> None:
    execute(steps(talkative(ok=True))[0])
    assert "to stdout\nto stderr\n" in memory.manifest(talkative(ok=True).name).document["log"]["text"]
    assert list(memory.backend.list("logs/")) == []
    assert "to logging" in talkative(ok=True).logs()


def test_a_long_log_of_a_success_is_an_object_of_its_own(memory, capsys) -> None:
    execute(steps(chatterbox(200))[0])
    assert "log" not in memory.manifest(chatterbox(200).name).document
    assert chatterbox(200).logs() == ("x" * 99 + "\n") * 200


def test_a_silent_success_keeps_no_log(memory) -> None:
    execute(steps(numbers(1))[0])
    assert "log" not in memory.manifest(numbers(1).name).document
    assert numbers(1).logs() == ""


@pytest.mark.parametrize("make", [lambda: total(numbers(3)), lambda: Doubled(numbers(3))])
def test_a_step_that_travelled_makes_the_same_artifact(make) -> None:
    with dn.settings(storage_layer="memory://execution-travel"):
        for step in steps(make()):
            travelled = pickle.loads(pickle.dumps(step))
            assert travelled.call is None
            assert execute(travelled).status == "done"
        assert dn.artifact(make()).exists()
        dn.storage_layer().backend._content.objects.clear()


def test_an_input_in_another_store_is_found_by_a_step_that_travelled() -> None:
    for step in steps(total(elsewhere(7))):
        assert execute(pickle.loads(pickle.dumps(step))).status == "done"
    assert total(elsewhere(7)).load() == 7
    assert dn.storage_layer("memory://execution-elsewhere").exists(elsewhere(7).name)
    assert not dn.storage_layer().exists(elsewhere(7).name)


def test_a_step_is_small_however_deep_its_inputs_are(memory) -> None:
    end = numbers(3)
    for _ in range(2000):
        end = Doubled(end)
    assert len(pickle.dumps(steps(end)[-1])) < 2000


def test_a_step_whose_name_does_not_hold_is_refused(memory) -> None:
    (step,) = steps(numbers(3))
    step.name = numbers(4).name
    outcome = execute(step)
    assert isinstance(outcome.error.__cause__, NameMismatch)
    assert list(memory.list()) == []


def test_a_task_inside_a_function_cannot_travel(memory) -> None:
    @dn.task
    def inner() -> int:
        return 1

    (step,) = steps(inner())
    outcome = execute(pickle.loads(pickle.dumps(step)))
    assert isinstance(outcome.error.__cause__, TaskDefinitionError)
    assert "is defined inside a function, so another process cannot import it" in str(outcome.error)


def test_what_is_stored_tells_its_identity_and_inputs(memory) -> None:
    for step in steps(total(numbers(3))):
        execute(step)
    document = memory.manifest(total(numbers(3)).name).document
    assert document["inputs"] == [[numbers(3).name, "memory://"]]
    assert document["identity"]["task"] == ["task", "none", "total"]


@pytest.mark.parametrize(("asked", "kept"), [(False, False), (True, True)])
def test_the_source_of_a_task_is_kept_only_where_it_is_asked_for(asked: bool, kept: bool) -> None:
    with dn.settings(storage_layer="memory://", record_source=asked):
        dn.run(numbers(3))
        backend = dn.storage_layer().backend
        code = [backend.read(info.key) for info in backend.list("code/")]
    assert len(code) == 1 + kept
    assert (b"return list(range(n))" in b"".join(code)) is kept


def test_a_step_that_was_sent_records_what_its_result_was_made_of(memory) -> None:
    (step,) = steps(numbers(3))
    assert execute(pickle.loads(pickle.dumps(step))).status == "done"
    assert memory.manifest(step.name).identity == step.call.document


def test_a_repair_that_was_stored_before_its_process_died_counts(memory, tmp_path) -> None:
    (step,) = steps(numbers(3))
    execute(step)
    step.repair, step.attempt = True, "b" * 24
    assert execute(step).status == "done"
    assert execute.lost(step, WorkerDied("killed")).status == "done"
    step.attempt = "c" * 24
    assert execute.lost(step, WorkerDied("killed")).status == "failed"
