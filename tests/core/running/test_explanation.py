from datetime import UTC, datetime

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


def test_another_input_is_said_with_what_is_other_about_it(memory) -> None:
    dn.run(total(numbers(1)))
    assert dn.explain(total(numbers(2))).reasons == ["upstream xs: n 1 → 2"]


@dn.task
def doubled(xs: list[int]) -> list[int]:
    return [2 * x for x in xs]


def test_an_input_of_an_input_is_followed_to_what_changed(memory) -> None:
    dn.run(total(doubled(numbers(1))))
    dn.run(total(doubled(numbers(2))))
    stored = total(doubled(numbers(2)))
    assert dn.explain(stored).reasons == dn.explain(stored.name).reasons == ["upstream xs: upstream xs: n 1 → 2"]


@dn.task
def all_of(parts: list) -> int:
    return len(parts)


def test_of_several_inputs_those_that_changed_are_said(memory) -> None:
    dn.run(all_of([numbers(1), numbers(2)]))
    assert dn.explain(all_of([numbers(1), numbers(3)])).reasons == ["upstream parts: n 2 → 3"]
    assert dn.explain(all_of([numbers(1)])).reasons == ["upstream parts changed: 2 → 1 inputs"]
    assert dn.explain(all_of([numbers(1), doubled([3])])).reasons == ["upstream parts: numbers → doubled"]


def test_of_many_inputs_that_changed_the_first_are_said(memory) -> None:
    dn.run(all_of([numbers(n) for n in range(5)]))
    found = dn.explain(all_of([numbers(n, start=1) for n in range(5)])).reasons
    assert found == [*["upstream parts: start 0 → 1"] * 3, "upstream parts changed in 2 more inputs"]


def test_an_input_that_is_gone_changed_and_no_more_is_known(memory) -> None:
    dn.run(total(numbers(1)))
    memory.delete(numbers(1).name)
    assert dn.explain(total(numbers(2))).reasons == ["upstream xs changed"]


def publishing(version: str):
    @dn.task(name="published", version=version)
    def published(month: int) -> dn.FeatureBatch:
        day = datetime(2013, month, 3, tzinfo=UTC)
        return dn.FeatureBatch(view="trip_stats", slot="s", name=f"b/{version}", rows=1, oldest=day, newest=day)

    return published


def test_a_batch_of_features_that_changed_is_said_by_view_and_time(memory) -> None:
    dn.run(all_of([publishing("1")(month=1), publishing("1")(month=2)]))
    later = all_of([publishing("1")(month=1), publishing("2")(month=2)])
    said = "upstream parts: trip_stats: batch of 2013-02-03 changed (version 1 → 2)"
    assert dn.explain(later).reasons == [said]


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
