import pytest

from datanectar.contracts.orchestration import Outcome, Step
from datanectar.errors import UnsupportedError
from datanectar.running.local import LocalOrchestrator


def step(name: str, *needs: str, timeout: float | None = None) -> Step:
    return Step(name, name, "m:t", {}, None, needs, timeout=timeout)


def run(steps: list[Step], bad: dict[str, str] | None = None, **options: object) -> list[str]:
    found = LocalOrchestrator().run(
        steps, lambda step: Outcome(step.name, (bad or {}).get(step.name, "done")), **options
    )
    return [outcome.name for outcome in found]


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
def test_one_worker_is_what_it_has(workers: int | None) -> None:
    assert run(CHAIN, workers=workers) == ["a", "b", "c", "d"]


def test_more_workers_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="workers=2: this release of the local orchestrator runs one step"):
        run(CHAIN, workers=2)


def test_a_timeout_that_is_not_enforced_is_warned_about() -> None:
    with pytest.warns(UserWarning, match="timeouts are not enforced"):
        run([step("a", timeout=3)])
