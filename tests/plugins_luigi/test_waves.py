"""Waves: inputs first, never more than Luigi deals with quickly, nothing twice."""

from __future__ import annotations

from collections.abc import Sequence

import hypothesis.strategies as st
from hypothesis import given

import datanectar as dn
from datanectar_luigi.waves import Waves


def step(name: str, needs: Sequence[str] = (), retries: int = 0) -> dn.Step:
    return dn.Step(name, "task/none/a", "m:a", {}, None, tuple(needs), retries)


@st.composite
def plans(draw: st.DrawFn) -> list[dn.Step]:
    count = draw(st.integers(1, 30))
    return [step(str(n), draw(st.lists(st.sampled_from(range(n)), max_size=3)) if n else ()) for n in range(count)]


def named(plan: list[dn.Step]) -> list[dn.Step]:
    return [step(each.name, [str(need) for need in each.needs]) for each in plan]


@given(plans().map(named), st.integers(1, 7))
def test_every_step_comes_once_after_what_it_needs_and_no_wave_is_too_large(plan: list[dn.Step], size: int) -> None:
    waves, came = Waves(plan, size=size, keep_going=True), list[str]()
    while wave := waves.next():
        assert len(wave) <= size
        for each in wave:
            assert set(each.needs) <= set(came)
            came.append(each.name)
            waves.settle(each, done=True)
    assert sorted(came) == sorted(each.name for each in plan)


@given(plans().map(named), st.integers(1, 7), st.data())
def test_what_needs_a_failed_step_never_comes(plan: list[dn.Step], size: int, data: st.DataObject) -> None:
    failing = data.draw(st.sampled_from(plan)).name
    below = {failing}
    for each in plan:
        if not below.isdisjoint(each.needs):
            below.add(each.name)
    waves, done = Waves(plan, size=size, keep_going=True), set[str]()
    for _ in range(2 * len(plan)):
        for each in waves.next():
            if set(each.needs) <= done:  # Luigi starts no other
                waves.settle(each, done=each.name != failing)
                done |= {each.name} - {failing}
    assert done == {each.name for each in plan} - below


def test_after_a_failure_no_wave_comes_unless_the_run_is_to_keep_going() -> None:
    for keep_going, expected in ((False, []), (True, ["b"])):
        a, b = step("a"), step("b")
        waves = Waves([a, b], size=1, keep_going=keep_going)
        assert waves.next() == [a]
        waves.settle(a, done=False)
        assert [each.name for each in waves.next()] == expected


def test_a_step_that_is_tried_again_comes_in_the_next_wave() -> None:
    a = step("a", retries=1)
    waves = Waves([a], size=5, keep_going=False)
    assert waves.next() == [a]
    assert waves.retry(a, 1)
    assert waves.next() == [a]
    assert not waves.retry(a, 2)
