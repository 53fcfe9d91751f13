"""Slots: what artifacts of old and new code have in common, in every process."""

import pytest

import datanectar as dn

SLOTS: list[str] = []


@dn.task
def flights(month: int) -> list[int]:
    return [month] * 3


def trips_task(version: str) -> dn.Task:
    @dn.task(name="trips", version=version)
    def trips(month: int) -> list[int]:
        return [month]

    return trips


@dn.task(task_type="features")
def slot_of(rows: object, low: int = 0) -> str:
    step = dn.running_step()
    assert step is not None
    return step.slot


@dn.task
def slot_of_a_part(rows: object) -> str:
    return dn.running_step().slot


class SlotOf(dn.NectarTask):
    month: int

    def requires(self):
        return [flights(month=self.month)]

    def run(self) -> str:
        return dn.running_step().slot


@dn.task
def name_here() -> str:
    step = dn.running_step()
    return f"{step.task} {step.name}"


def test_a_step_knows_what_it_makes(memory) -> None:
    handle = name_here()
    assert dn.run(handle) == f"task/none/name_here {handle.name}"


def test_nothing_runs_outside_of_a_step(memory) -> None:
    assert dn.running_step() is None
    dn.run(name_here())
    assert dn.running_step() is None


def test_a_slot_begins_with_the_tasks_name_and_can_name_a_file_and_an_alias(memory) -> None:
    slot = dn.run(slot_of(flights(month=1)))
    dn.storage_layer().alias(flights(month=1).name, slot)
    assert slot.startswith("slot_of-")
    assert len(slot) == len("slot_of-") + 26


def test_a_slot_is_the_same_for_another_version_of_an_input(memory) -> None:
    first, second = (slot_of(trips_task(version)(month=1)) for version in "12")
    assert first.name != second.name
    assert dn.run(first) == dn.run(second)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda: slot_of(flights(month=1)), lambda: slot_of(flights(month=2))),
        (lambda: slot_of([flights(month=1)]), lambda: slot_of([flights(month=1), flights(month=2)])),
        (lambda: slot_of(flights(month=1)), lambda: slot_of(flights(month=1), low=1)),
        (lambda: slot_of(flights(month=1)), lambda: slot_of(trips_task("1")(month=1))),
        (lambda: SlotOf(month=1), lambda: SlotOf(month=2)),
        (lambda: slot_of(slot_of(flights(month=1))), lambda: slot_of(slot_of(flights(month=2)))),
    ],
    ids=["input", "inputs", "parameter", "input's task", "requires", "input's input"],
)
def test_a_slot_differs_where_a_parameter_does_anywhere_above(memory, one, other) -> None:
    assert dn.run(one()) != dn.run(other())


def test_parts_of_an_input_are_told_apart(memory) -> None:
    rows = flights(month=1)
    assert dn.run(slot_of_a_part({"a": rows})) != dn.run(slot_of_a_part({"b": rows}))


def test_a_slot_is_the_same_in_a_worker(tmp_path) -> None:
    handle = slot_of([flights(month=1), flights(month=2)])
    with dn.settings(storage_layer="memory://"):
        here = dn.run(handle)
    with dn.settings(storage_layer=f"file://{tmp_path}"):
        assert dn.run(handle, name_here(), workers=2)[0] == here


def test_what_was_stored_by_hand_counts_by_its_name(memory) -> None:
    memory.store("rows/by/hand", [1])
    memory.store("rows/by/other", [1])
    assert dn.run(slot_of(dn.artifact("rows/by/hand"))) != dn.run(slot_of(dn.artifact("rows/by/other")))
