from collections import Counter
from collections.abc import Callable

import pytest

import datanectar as dn
from datanectar.running.planning import make_plan
from datanectar.running.targets import collect


@dn.task
def numbers(n: int) -> list[int]:
    return list(range(n))


@dn.task
def total(xs: list[int]) -> int:
    return sum(xs)


@dn.task
def add(parts: list[int]) -> int:
    return sum(parts)


@dn.task(storage_layer="memory://planning-elsewhere")
def elsewhere(x: int) -> int:
    return x


def counted(method: Callable[..., object], counts: Counter[str]) -> Callable[..., object]:
    def call(*args: object) -> object:
        counts[method.__name__] += 1
        return method(*args)

    return call


@pytest.fixture
def asked(memory: dn.StorageLayer, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the store was asked what."""
    counts: Counter[str] = Counter()
    for method in ("stat", "list", "read", "create", "write"):
        monkeypatch.setattr(memory.backend, method, counted(getattr(memory.backend, method), counts))
    return counts


def statuses(*targets: object) -> list[tuple[str, str]]:
    return [(step.task.rpartition("/")[2], step.status) for step in make_plan(collect(targets))]


def test_inputs_come_before_what_needs_them(memory) -> None:
    assert statuses(add([total(numbers(1)), total(numbers(2))])) == [
        ("numbers", "run"),
        ("total", "run"),
        ("numbers", "run"),
        ("total", "run"),
        ("add", "run"),
    ]


def test_nothing_below_a_stored_artifact_is_in_a_plan(memory) -> None:
    dn.run(total(numbers(1)))
    assert statuses(add([total(numbers(1)), total(numbers(2))])) == [
        ("total", "cached"),
        ("numbers", "run"),
        ("total", "run"),
        ("add", "run"),
    ]


def test_a_step_names_what_it_needs_once(memory) -> None:
    plan = make_plan(collect([add([total(numbers(1)), total(numbers(1))])]))
    assert plan.steps[add([total(numbers(1)), total(numbers(1))]).name].needs == (total(numbers(1)).name,)


def test_below_a_stored_target_nothing_is_asked(memory, asked) -> None:
    dn.run(total(numbers(1)))
    asked.clear()
    make_plan([total(numbers(1))])
    assert asked == {"stat": 1}


def test_a_plan_writes_and_reads_nothing(memory, asked) -> None:
    make_plan([total(numbers(1))])
    assert set(asked) <= {"stat", "list"}


def test_many_artifacts_of_a_task_are_asked_about_in_one_listing(memory, asked) -> None:
    make_plan([add([total(numbers(n)) for n in range(300)])])
    assert asked["stat"] <= 1
    assert asked["list"] == 2


def test_a_run_of_many_asks_about_each_task_once(memory, asked) -> None:
    dn.run(add([total(numbers(n)) for n in range(300)]))
    asked.clear()
    dn.run([total(numbers(n)) for n in range(300)], load=False)
    assert (asked["stat"], asked["list"], asked["read"]) == (0, 1, 0)


def test_a_warm_run_reads_each_value_once_and_nothing_more(memory, asked) -> None:
    dn.run(total(numbers(3)))
    asked.clear()
    dn.run(total(numbers(3)))
    assert asked == {"read": 1}


def test_a_warm_run_of_ten_thousand_steps_asks_about_its_target_only(memory, asked) -> None:
    target = add([total(numbers(n)) for n in range(5_000)])
    dn.run(target)
    asked.clear()
    dn.run(target)
    assert asked == {"read": 1}


def test_a_plan_reads_the_twenty_newest_manifests_of_a_task_and_a_run_none(memory, asked) -> None:
    dn.run([numbers(n) for n in range(25)], load=False)
    asked.clear()
    dn.plan(numbers(99))
    assert asked["read"] == 20
    asked.clear()
    dn.run(numbers(99), load=False)
    assert asked["read"] == 0


def test_each_task_is_looked_for_in_its_own_store() -> None:
    dn.run(elsewhere(1))
    assert statuses(add([elsewhere(1), total(numbers(1))]))[0] == ("elsewhere", "cached")
    assert not dn.storage_layer().exists(elsewhere(1).name)


def test_an_argument_puts_everything_into_one_store(memory) -> None:
    plan = make_plan([add([elsewhere(2)])], storage_layer="memory://planning-all")
    assert {step.layer.reference for step in plan} == {"memory://planning-all"}


def test_what_needs_a_lost_artifact_is_blocked(memory) -> None:
    dn.run(numbers(1))
    lost = dn.artifact(numbers(1).name)
    memory.delete(lost.name)
    plan = make_plan([add([total(lost), total(numbers(2))])])
    assert [(step.status, step.reason) for step in plan if step.status == "blocked"] == [
        ("blocked", "not stored, and known by name only"),
        ("blocked", f"needs {lost.name}"),
        ("blocked", f"needs {total(lost).name}"),
    ]


def test_a_plan_is_read_like_a_list(memory) -> None:
    plan = dn.plan(total(numbers(1)))
    assert (len(plan), [step.name for step in plan]) == (2, [numbers(1).name, total(numbers(1)).name])
    assert plan.targets == [total(numbers(1)).name]
    assert str(plan).splitlines()[0] == f"run     {numbers(1).name}  first run"


def test_a_deep_chain_is_planned_without_recursion(memory) -> None:
    end = total(numbers(1))
    for _ in range(3000):
        end = add([end])
    assert len(make_plan([end])) == 3002


def test_a_cycle_is_named() -> None:
    class Egg(dn.NectarTask):
        def requires(self):
            return Hen()

        def run(self):
            return 1

    class Hen(dn.NectarTask):
        def requires(self):
            return Egg()

        def run(self):
            return 1

    with pytest.raises(dn.errors.CycleError, match=r"task/none/hen → task/none/egg → task/none/hen"):
        dn.run(Hen())


def test_what_was_just_stored_is_not_read_again(memory, monkeypatch) -> None:
    keys: list[str] = []
    read = memory.backend.read
    monkeypatch.setattr(memory.backend, "read", lambda key: keys.append(key) or read(key))
    assert dn.run(total(numbers(3))) == 3
    assert [key for key in keys if "numbers" in key] == []
