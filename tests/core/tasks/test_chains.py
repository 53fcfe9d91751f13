"""Cycles are errors, not endless loops. Only `requires()`, or a task that is its own parameter, can make one."""

import pytest

import datanectar as dn
from datanectar.errors import CycleError


@dn.task
def step(below, n: int = 0):
    return n


def cycle_of(build):
    with pytest.raises(CycleError) as refusal:
        dn.get_artifact_name(build())
    return str(refusal.value)


class Ouroboros(dn.NectarTask):
    n: int = 0

    def requires(self):
        return Ouroboros(n=self.n)

    def run(self):
        return 1


class Narcissus(dn.NectarTask):
    def requires(self):
        return [self]

    def run(self):
        return 1


class Chicken(dn.NectarTask):
    def requires(self):
        return {"egg": Egg()}

    def run(self):
        return 1


class Egg(dn.NectarTask):
    def requires(self):
        return step([Chicken()])

    def run(self):
        return 1


class Growth(dn.NectarTask):
    n: int = 0

    def requires(self):
        return Growth(n=self.n + 1)

    def run(self):
        return 1


class Own(dn.NectarTask):
    below: object = None

    def run(self):
        return 1


def test_a_task_that_requires_an_equal_one_is_a_cycle():
    assert "task/none/ouroboros requires itself" in cycle_of(Ouroboros)


def test_a_task_that_requires_the_very_object_it_is_is_a_cycle():
    assert "task/none/narcissus requires itself" in cycle_of(Narcissus)


def test_tasks_that_require_each_other_are_a_cycle_and_all_are_named():
    message = cycle_of(Chicken)
    assert "task/none/chicken → task/none/egg → task/none/chicken. Look at requires()" in message


def test_a_task_that_is_its_own_parameter_is_a_cycle():
    def build():
        own = Own()
        own.below = own
        return own

    assert "task/none/own requires itself" in cycle_of(build)


def test_requirements_that_grow_without_end_are_a_cycle(monkeypatch):
    monkeypatch.setattr("datanectar.tasks.chains._LONGEST_CHAIN", 500)
    assert "task/none/growth requires more than 500 others in a row" in cycle_of(Growth)


def test_a_task_that_requires_smaller_ones_of_its_kind_is_no_cycle():
    class Countdown(dn.NectarTask):
        n: int

        def requires(self):
            return [Countdown(n=self.n - 1), Countdown(n=self.n - 1)] if self.n else []

        def run(self):
            return self.n + sum(self.inputs)

    assert dn.run(Countdown(n=4)) == 4 + 2 * (3 + 2 * (2 + 2 * 1))


def test_tasks_that_differ_by_a_field_set_later_are_no_cycle():
    class Late(dn.NectarTask):
        depth: int = 0

        def __init__(self):
            pass

        def requires(self):
            below = Late()
            below.depth = self.depth - 1
            return [below] if self.depth else []

        def run(self):
            return self.depth

    late = Late()
    late.depth = 3
    assert dn.get_artifact_name(late)
