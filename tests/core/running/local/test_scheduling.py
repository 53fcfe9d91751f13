from graphlib import TopologicalSorter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datanectar.contracts.orchestration import Step
from datanectar.running.local.scheduling import Schedule


def step(name: str, *needs: str, retries: int = 0) -> Step:
    return Step(name, name, "m:t", {}, None, needs, retries=retries)


DIAMOND = [step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c"), step("e")]


def ready(schedule: Schedule, now: float = 0.0) -> list[str]:
    names = []
    while (found := schedule.next(now)) is not None:
        names.append(found.name)
    return names


def test_steps_start_when_all_they_need_is_done() -> None:
    schedule = Schedule(DIAMOND, keep_going=False)
    assert ready(schedule) == ["a", "e"]
    schedule.settle(DIAMOND[0], done=True)
    assert ready(schedule) == ["b", "c"]
    schedule.settle(DIAMOND[1], done=True)
    assert ready(schedule) == []
    schedule.settle(DIAMOND[2], done=True)
    assert ready(schedule) == ["d"]


@pytest.mark.parametrize(("keep_going", "rest"), [(False, []), (True, ["e"])])
def test_after_a_failure_only_what_is_independent_starts_if_asked_to(keep_going: bool, rest: list[str]) -> None:
    schedule = Schedule(DIAMOND, keep_going=keep_going)
    schedule.next(0)
    schedule.settle(DIAMOND[0], done=False)
    assert ready(schedule) == rest


def test_a_retry_waits_for_its_time() -> None:
    (one,) = steps = [step("a", retries=1)]
    schedule = Schedule(steps, keep_going=False)
    schedule.next(0)
    assert schedule.retry(one, 0.0)
    assert ready(schedule, 0.0) == []
    due = schedule.waits(0.0)
    assert due is not None
    assert 0.05 <= due <= 0.1
    assert ready(schedule, due) == ["a"]
    assert not schedule.retry(one, due)
    assert schedule.waits(due) is None


def test_nothing_is_tried_again_after_another_failure_ended_the_run() -> None:
    steps = [step("a", retries=3), step("b")]
    schedule = Schedule(steps, keep_going=False)
    assert ready(schedule) == ["a", "b"]
    schedule.settle(steps[1], done=False)
    assert not schedule.retry(steps[0], 0.0)


@given(st.lists(st.lists(st.integers(0, 30), max_size=4), max_size=30), st.randoms(use_true_random=False))
def test_every_step_starts_once_and_after_its_needs(needs: list[list[int]], random) -> None:
    steps = [step(str(n), *{str(m) for m in wanted if m < n}) for n, wanted in enumerate(needs)]
    schedule = Schedule(steps, keep_going=False)
    started: list[str] = []
    running: list[Step] = []
    done: set[str] = set()
    while (found := schedule.next(0)) is not None or running:
        if found is not None:
            assert set(found.needs) <= done
            started.append(found.name)
            running.append(found)
        else:
            ended = running.pop(random.randrange(len(running)))
            done.add(ended.name)
            schedule.settle(ended, done=True)
    assert sorted(started) == sorted(found.name for found in steps)
    assert list(TopologicalSorter({found.name: found.needs for found in steps}).static_order()) or not steps
