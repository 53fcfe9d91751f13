from typing import Any

import pytest

from datanectar.contracts.orchestration import Outcome, Step
from datanectar.errors import TaskDefinitionError, UnsupportedError
from datanectar.running.local.orchestrator import LocalOrchestrator


class Stub:
    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)


def layer(reach: str) -> Any:
    return Stub(reference="a store", backend=Stub(reach=reach))


def step(name: str, *needs: str, timeout: float | None = None, reach: str = "machine", reference: str = "m:t") -> Step:
    call = Stub(definition=Stub(name=name, reference=reference))
    return Step(name, name, reference, {}, layer(reach), needs, timeout=timeout, call=call)


def run(steps: list[Step], bad: dict[str, str] | None = None, **options: object) -> list[str]:
    found = LocalOrchestrator().run(
        steps, lambda step: Outcome(step.name, (bad or {}).get(step.name, "done")), **options
    )
    return [outcome.name for outcome in found if outcome.status != "started"]


CHAIN = [step("a"), step("b", "a"), step("c", "b"), step("d")]


@pytest.mark.parametrize(
    ("bad", "keep_going", "executed"),
    [
        ({}, False, ["a", "b", "c", "d"]),
        ({"a": "failed"}, False, ["a"]),
        ({"a": "failed"}, True, ["a", "d"]),
        ({"b": "damaged"}, False, ["a", "b"]),
        ({"b": "damaged"}, True, ["a", "b", "d"]),
    ],
)
def test_steps_run_in_order_until_one_fails(bad: dict[str, str], keep_going: bool, executed: list[str]) -> None:
    assert run(CHAIN, bad, keep_going=keep_going) == executed


@pytest.mark.parametrize("workers", [None, 1])
def test_one_worker_is_this_process(workers: int | None) -> None:
    assert run(CHAIN, workers=workers) == ["a", "b", "c", "d"]


def test_a_start_is_told_before_the_end() -> None:
    told = LocalOrchestrator().run([step("a"), step("b")], lambda step: Outcome(step.name, "done"))
    assert [(outcome.name, outcome.status) for outcome in told] == [
        ("a", "started"),
        ("a", "done"),
        ("b", "started"),
        ("b", "done"),
    ]


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (step("a", reach="process"), UnsupportedError, "storage a store is in this process alone"),
        (step("a", reference="os:f.<locals>.g"), TaskDefinitionError, "task a is defined inside a function"),
        (step("a", reference="os:getcwd"), TaskDefinitionError, "task a is not what os:getcwd names"),
        (step("a", reference="os:gone"), TaskDefinitionError, "task a is not what os:gone names"),
    ],
)
def test_what_other_processes_would_not_find_is_refused(bad: Step, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        run([bad], workers=2)


def test_a_timeout_that_is_not_enforced_is_warned_about() -> None:
    with pytest.warns(UserWarning, match="timeouts are not enforced, for lack of a worker process: storage a store is"):
        assert run([step("a", timeout=3, reach="process")]) == ["a"]
