import pytest

import datanectar as dn
from datanectar.errors import ArtifactNotFound


@dn.task
def numbers(n: int, start: int = 0) -> list[int]:
    return list(range(start, n))


@dn.task
def total(xs: list[int]) -> int:
    return sum(xs)


def versioned(version: str):
    @dn.task(name=f"versioned_{version[0]}", version=version)
    def task() -> int:
        return 1

    return task


def test_the_first_of_a_task_is_a_first_run(memory) -> None:
    assert dn.explain(numbers(1)).reasons == ["first run"]


def test_what_differs_from_the_nearest_is_said(memory) -> None:
    dn.run(numbers(1), numbers(5, start=2))
    found = dn.explain(numbers(5))
    assert found.reasons in (["start 2 → 0"], ["n 1 → 5"])
    assert (found.stored, found.nearest is not None, found.seconds is not None) == (False, True, True)


def test_the_nearest_has_the_fewest_differences(memory) -> None:
    dn.run(numbers(9, start=3))
    dn.run(numbers(5, start=2))
    assert dn.explain(numbers(9, start=4)).reasons == ["start 3 → 4"]


def test_another_input_is_said(memory) -> None:
    dn.run(total(numbers(1)))
    assert dn.explain(total(numbers(2))).reasons == ["upstream xs changed"]


def test_a_stored_artifact_is_compared_with_what_came_before(memory) -> None:
    dn.run(numbers(1))
    dn.run(numbers(2))
    assert dn.explain(numbers(1)).reasons == ["first run"]
    assert dn.explain(numbers(2).name).reasons == ["n 1 → 2"]


def test_changed_code_is_said(memory) -> None:
    def make(body: str):
        scope = {"dn": dn}
        exec(body, scope)
        return scope["task"]

    @dn.task(name="changing")
    def before() -> int:
        return 1

    dn.run(before())

    @dn.task(name="changing")
    def after() -> int:
        return 2

    assert dn.explain(after()).reasons == ["code changed"]


def test_a_plan_says_why_each_step_runs(memory) -> None:
    dn.run(total(numbers(1)))
    plan = dn.plan(total(numbers(2)), numbers(1))
    assert {step.task.rpartition("/")[2]: (step.status, step.reason) for step in plan if step.status == "run"} == {
        "numbers": ("run", "n 1 → 2"),
        "total": ("run", "upstream xs changed"),
    }
    assert plan.steps[numbers(1).name].reason == "stored"
    assert plan.steps[total(numbers(2)).name].seconds is not None


def test_what_was_stored_by_hand_has_no_reasons(memory) -> None:
    name = numbers(1).name
    memory.store(name, 1)
    assert dn.explain(name).reasons == ["stored by hand: nothing is recorded of how it was made"]


def test_a_name_that_is_not_stored_is_an_error(memory) -> None:
    with pytest.raises(ArtifactNotFound, match="has no artifact 'nothing/like/this'"):
        dn.explain("nothing/like/this")


def test_an_explanation_is_read_as_text(memory) -> None:
    dn.run(numbers(1))
    assert str(dn.explain(numbers(2))) == (
        f"{numbers(2).name} is not stored\n  n 1 → 2\n  compared with {numbers(1).name}"
    )


@dn.task
def counted(n: int) -> int:
    return n


def test_an_artifact_older_than_those_that_are_read_is_not_explained_by_later_ones(memory) -> None:
    for n in range(23):
        dn.run(counted(n))
    assert dn.explain(counted(0)).reasons == ["20 newer artifacts of this task are stored: too old to compare"]
    assert dn.explain(counted(22)).reasons == ["n 21 → 22"]
