import logging
import os
import pickle
from pathlib import Path

import pytest

import datanectar as dn
from datanectar.errors import (
    ArtifactNotFound,
    ConfigurationError,
    IntegrityError,
    NameMismatch,
    PluginNotFoundError,
    RunFailed,
    StepFailed,
    StorageAccessError,
    TaskDefinitionError,
    UnsupportedError,
)
from datanectar.layer.aliases import history
from datanectar.running import attempt, execution

RAN: list[str] = []


def note(what: str) -> None:
    globals()["RAN"].append(what)


@dn.task
def numbers(n: int) -> list[int]:
    note(f"numbers {n}")
    return list(range(n))


@dn.task
def total(xs: list[int]) -> int:
    note("total")
    return sum(xs)


@dn.task
def pair(left: int, right: int) -> tuple[int, int]:
    note("pair")
    return left, right


@dn.task
def fails(x: int = 0) -> int:
    note(f"fails {x}")
    raise ValueError(f"no luck with {x}")


@dn.task
def after(x: int) -> int:
    note("after")
    return x


@dn.task
def split() -> dict[str, list[int]]:
    note("split")
    return {"train": [1, 2], "test": [3]}


class Doubled(dn.NectarTask):
    task_type = "double"
    xs: list[int]

    def run(self):
        note("Doubled")
        return [2 * x for x in self.inputs["xs"]]


class ByHand(dn.NectarTask):
    n: int

    def run(self):
        self.store_results(self.get_artifact_path(), self.n + 1)


class Both(dn.NectarTask):
    def run(self):
        self.store_results(self.get_artifact_path(), 1)
        return 2


class Nothing(dn.NectarTask):
    def run(self):
        note("Nothing")


# What runs


def test_a_run_returns_the_value_and_a_second_one_runs_nothing(memory, ran) -> None:
    assert [dn.run(total(numbers(4))), dn.run(total(numbers(4)))] == [6, 6]
    assert ran == ["numbers 4", "total"]


def test_only_what_is_missing_runs(memory, ran) -> None:
    dn.run(numbers(4))
    ran.clear()
    assert dn.run([total(numbers(4)), total(numbers(3))]) == [6, 3]
    assert ran == ["total", "numbers 3", "total"]


def test_nothing_below_a_stored_artifact_runs(memory, ran) -> None:
    dn.run(total(numbers(4)))
    memory.delete(numbers(4).name)
    ran.clear()
    assert dn.run(total(numbers(4))) == 6
    assert ran == []


def test_a_diamond_runs_its_top_once(memory, ran) -> None:
    top = numbers(3)
    assert dn.run(pair(total(top), total(numbers(3)))) == (3, 3)
    assert ran == ["numbers 3", "total", "pair"]


def test_equal_calls_are_one_step(memory, ran) -> None:
    assert dn.run(numbers(2), numbers(2)) == ([0, 1], [0, 1])
    assert ran == ["numbers 2"]


def test_a_result_of_none_is_a_result(memory, ran) -> None:
    assert dn.run(Nothing()) is None
    assert dn.run(Nothing()) is None
    assert ran == ["Nothing"]


@pytest.mark.parametrize("storage", ["memory://", "disk"])
def test_every_store_has_the_same_names_and_values(storage: str) -> None:
    with dn.settings(storage_layer=storage):
        target = pair(total(numbers(4)), total(Doubled(numbers(2))))
        assert dn.run(target) == (6, 2)
        assert sorted(name.rpartition("/")[0] for name in dn.storage_layer().list()) == [
            "double/none/doubled",
            "task/none/numbers",
            "task/none/numbers",
            "task/none/pair",
            "task/none/total",
            "task/none/total",
        ]
        assert total(numbers(4)).name == "task/none/total/" + total(numbers(4)).fingerprint


def test_names_are_equal_on_every_store() -> None:
    found = []
    for storage in ("memory://", "disk"):
        with dn.settings(storage_layer=storage):
            dn.run(total(numbers(4)))
            found.append(list(dn.storage_layer().list()))
    assert found[0] == found[1]


# What comes back


def test_nested_targets_keep_their_shape(memory) -> None:
    targets = {"a": [numbers(1), (numbers(2),)], "b": total(numbers(3))}
    assert dn.run(targets) == {"a": [[0], ([0, 1],)], "b": 3}


def test_several_targets_give_a_tuple_and_none_gives_an_empty_one(memory) -> None:
    assert dn.run(numbers(1), numbers(2)) == ([0], [0, 1])
    assert dn.run() == ()


def test_load_false_returns_handles_and_stores(memory) -> None:
    handle = total(numbers(3))
    assert dn.run([handle], load=False) == [handle]
    assert handle.exists()


def test_load_false_reads_no_values(memory, monkeypatch) -> None:
    dn.run(numbers(3))
    monkeypatch.setattr(type(memory.reader), "load_part", None)
    assert dn.run(numbers(3), load=False).name == numbers(3).name


def test_a_part_gives_the_part_and_the_whole_runs_once(memory, ran) -> None:
    whole = split()
    assert dn.run(whole["train"], whole["test"], total(whole["train"])) == ([1, 2], [3], 3)
    assert ran == ["split", "total"]


def test_a_missing_part_is_named(memory) -> None:
    with pytest.raises(ArtifactNotFound, match="has no part 'valid'"):
        dn.run(split()["valid"])


def test_task_objects_are_targets(memory, ran) -> None:
    assert dn.run(Doubled(numbers(2))) == [0, 2]
    assert dn.artifact(Doubled(numbers(2))).load() == [0, 2]
    assert ran == ["numbers 2", "Doubled"]


def test_a_task_may_store_by_hand(memory) -> None:
    assert dn.run(ByHand(1)) == 2


def test_storing_and_returning_both_is_a_type_error(memory) -> None:
    with pytest.raises(RunFailed, match=r"Both\.run\(\) both stored a result and returned one; do one") as caught:
        dn.run(Both())
    assert isinstance(caught.value.__cause__, TaskDefinitionError)
    assert isinstance(caught.value.__cause__, TypeError)
    assert list(memory.list()) == []


# Failures


def test_a_failure_says_everything(memory) -> None:
    done, target = total(numbers(2)), after(fails(7))
    with pytest.raises(RunFailed) as caught:
        dn.run(done, target)
    error = caught.value
    failure = error.failures[fails(7).name]
    assert error.results == {done.name: 1}
    assert error.blocked == [target.name]
    assert error.__cause__ is failure.__cause__
    assert str(failure.__cause__) == "no luck with 7"
    assert (failure.task, failure.name) == ("task/none/fails", fails(7).name)
    assert failure.log == f"logs/{failure.name}/{failure.attempt}.log"
    assert "ValueError: no luck with 7" in failure.traceback
    assert "task/none/fails failed: ValueError: no luck with 7" in str(error)
    assert str(error).endswith("2 done, 1 failed, 1 not run")


def test_the_traceback_is_of_the_users_code_alone(memory) -> None:
    with pytest.raises(RunFailed) as caught:
        dn.run(fails(7))
    lines = [line for line in caught.value.failures[fails(7).name].traceback.splitlines() if "File " in line]
    assert len(lines) == 1
    assert "in fails" in lines[0]


def test_after_a_failure_nothing_new_is_started(memory, ran) -> None:
    with pytest.raises(RunFailed) as caught:
        dn.run(fails(1), numbers(2), after(fails(1)))
    assert ran == ["fails 1"]
    assert caught.value.blocked == [numbers(2).name, after(fails(1)).name]


def test_keep_going_runs_all_that_does_not_depend_on_it(memory, ran) -> None:
    with pytest.raises(RunFailed) as caught:
        dn.run(fails(1), fails(2), after(fails(1)), total(numbers(2)), keep_going=True)
    assert ran == ["fails 1", "fails 2", "numbers 2", "total"]
    assert sorted(caught.value.failures) == sorted([fails(1).name, fails(2).name])
    assert caught.value.results == {total(numbers(2)).name: 1}
    assert caught.value.blocked == [after(fails(1)).name]


def test_what_was_finished_before_a_failure_is_not_computed_again(memory, ran) -> None:
    for _ in range(2):
        with pytest.raises(RunFailed):
            dn.run(pair(total(numbers(2)), fails(1)))
    assert ran == ["numbers 2", "total", "fails 1", "fails 1"]


def test_a_failed_run_without_loading_returns_handles(memory) -> None:
    done = numbers(2)
    with pytest.raises(RunFailed) as caught:
        dn.run(done, fails(1), load=False)
    assert caught.value.results == {done.name: done}


def test_a_failure_survives_the_way_between_processes(memory) -> None:
    import pickle

    with pytest.raises(RunFailed) as caught:
        dn.run(fails(1))
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert type(again.failures[fails(1).name]) is StepFailed


def test_the_log_is_named_with_the_store_that_has_it(tmp_path) -> None:
    url = f"file://{tmp_path}/elsewhere"
    with pytest.raises(RunFailed, match=f"datanectar logs {fails(1).name} --storage-layer {url}"):
        dn.run(fails(1), storage_layer=url)
    with pytest.raises(RunFailed, match=f"datanectar logs {fails(1).name}\n"):
        dn.run(fails(1))


@dn.task
def exits(code: int) -> None:
    raise SystemExit(code)


@pytest.mark.parametrize("code", [0, 3])
def test_a_task_that_exits_has_failed(memory, code: int) -> None:
    with pytest.raises(RunFailed, match=f"task/none/exits failed: SystemExit: {code}"):
        dn.run(exits(code))


@dn.task
def interrupted(x: int) -> int:
    print("half way")
    raise KeyboardInterrupt


def test_an_interrupt_ends_the_run_and_keeps_what_is_finished(memory) -> None:
    target = pair(total(numbers(2)), interrupted(1))
    with pytest.raises(KeyboardInterrupt):
        dn.run(target)
    assert (total(numbers(2)).exists(), target.exists()) == (True, False)
    assert list(memory.logs(interrupted(1).name).values()) == ["half way\ninterrupted\n"]


@dn.task(retries=2)
def flaky(x: int) -> int:
    note("flaky")
    if len(RAN) < 3:
        raise OSError("not yet")
    return x


def test_a_task_is_tried_again_as_often_as_it_says(memory, ran, monkeypatch) -> None:
    monkeypatch.setattr(execution, "pause_before", lambda retry, longest: 0)
    assert dn.run(flaky(5)) == 5
    assert ran == ["flaky"] * 3
    assert len(memory.logs(flaky(5).name)) == 2


def test_a_policy_decides_how_often(ran, monkeypatch) -> None:
    monkeypatch.setattr(execution, "pause_before", lambda retry, longest: 0)
    Path("datanectar.toml").write_text('[[policies]]\ntask = "flaky"\nretries = 1\n')
    with pytest.raises(RunFailed, match="not yet"):
        dn.run(flaky(5))
    assert ran == ["flaky"] * 2


@dn.task
def unstorable() -> object:
    return lambda: 1


def test_a_result_that_cannot_be_serialised_says_so_and_stores_nothing(memory) -> None:
    with pytest.raises(RunFailed, match=r"task/none/unstorable failed: the result, a function, cannot be stored"):
        dn.run(unstorable())
    assert list(memory.list()) == []
    assert list(memory.backend.list("data/")) == []


@dn.task
def lines_of(path: dn.File) -> int:
    return len(Path(path).read_text().splitlines())


def test_a_file_that_changed_since_it_was_named_is_refused(memory) -> None:
    Path("input.txt").write_text("a\nb\n")
    handle = lines_of(dn.File("input.txt"))
    handle.name
    Path("input.txt").write_text("a\nb\nc\n")
    with pytest.raises(RunFailed, match=r"would now make .*, not .*Call the task again") as caught:
        dn.run(handle)
    assert isinstance(caught.value.__cause__, NameMismatch)
    assert list(memory.list()) == []
    assert dn.run(lines_of(dn.File("input.txt"))) == 3


def test_an_artifact_known_by_name_only_cannot_be_made(memory) -> None:
    dn.run(numbers(2))
    handle = dn.artifact(numbers(2).name)
    memory.delete(handle.name)
    with pytest.raises(ArtifactNotFound, match="not stored, and known by name only: only its task can make it"):
        dn.run(total(handle))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"workers": 2, "storage_layer": "memory://"}, UnsupportedError, "memory:// is in this process alone"),
        ({"orchestrator": "luigi"}, PluginNotFoundError, "pip install datanectar-luigi"),
        ({"profile": "prod"}, ConfigurationError, "there is no profile 'prod'"),
        ({"storage_layer": "lake"}, ConfigurationError, r"there is no storage 'lake' \(argument\); configured: disk"),
    ],
)
def test_a_wrong_choice_is_refused_before_anything_runs(ran, options, error, message: str) -> None:
    with pytest.raises(error, match=message):
        dn.run(numbers(2), **options)
    assert ran == []


# `latest`


def moves(layer: dn.StorageLayer) -> list[str]:
    return sorted(info.key for info in layer.backend.list("aliases/"))


def test_latest_moves_once_to_each_target_that_was_computed(memory) -> None:
    dn.run(total(numbers(2)), total(numbers(2)))
    assert moves(memory) == ["aliases/task/none/total/latest/000000001.json"]
    assert dn.artifact("total@latest").name == total(numbers(2)).name


def test_latest_moves_once_to_the_last_of_a_tasks_targets(memory) -> None:
    dn.run(numbers(1), numbers(3), numbers(2))
    assert moves(memory) == ["aliases/task/none/numbers/latest/000000001.json"]
    assert dn.artifact("numbers@latest").name == numbers(2).name


def test_latest_stays_where_nothing_was_computed(memory) -> None:
    dn.run(total(numbers(2)))
    dn.run(total(numbers(3)))
    dn.run(total(numbers(2)))
    assert dn.artifact("total@latest").name == total(numbers(3)).name
    assert len(moves(memory)) == 2


def test_latest_moves_for_what_a_failed_run_did_make(memory) -> None:
    with pytest.raises(RunFailed):
        dn.run(numbers(2), fails(1))
    assert moves(memory) == ["aliases/task/none/numbers/latest/000000001.json"]


def test_latest_stays_with_the_inputs_of_what_was_asked_for(memory) -> None:
    dn.run(numbers(3))
    dn.run({"nested": [(total(numbers(2)),)]})
    assert dn.artifact("numbers@latest").name == numbers(3).name
    assert dn.artifact("total@latest").name == total(numbers(2)).name


def test_latest_stays_with_targets_that_were_stored_beside_those_that_were_computed(memory) -> None:
    dn.run(numbers(3))
    dn.run(numbers(2), numbers(3))
    assert dn.artifact("numbers@latest").name == numbers(2).name


def test_latest_moves_once_though_loading_makes_another_target_of_the_task_anew() -> None:
    dn.run(numbers(3))
    damage(numbers(3))
    assert dn.run(numbers(2), numbers(3), numbers(1)) == ([0, 1], [0, 1, 2], [0])
    entries = history(dn.storage_layer().backend, "task/none/numbers", "latest")
    assert [entry.name for entry in entries] == [numbers(1).name, numbers(3).name]


def test_a_latest_that_cannot_be_moved_hides_no_failure(memory, monkeypatch) -> None:
    def refuse(*arguments: object, **options: object) -> int:
        raise StorageAccessError("aliases are read-only")

    monkeypatch.setattr(type(memory), "alias", refuse)
    with pytest.raises(RunFailed, match="no luck with 1") as caught:
        dn.run(numbers(2), fails(1))
    assert caught.value.__notes__ == ["`latest` was not moved to what was made: aliases are read-only"]


# Damage


def damage(handle: dn.Artifact) -> None:
    path = Path(handle.uri.removeprefix("file://"))
    os.chmod(path, 0o600)
    path.write_bytes(path.read_bytes()[:-9] + b"scribbled")


def test_a_damaged_target_is_made_anew(ran) -> None:
    dn.run(numbers(3))
    damage(numbers(3))
    with pytest.raises(IntegrityError):
        numbers(3).load()
    assert dn.run(numbers(3)) == [0, 1, 2]
    assert numbers(3).load() == [0, 1, 2]
    assert dn.run(numbers(3)) == [0, 1, 2]
    assert ran == ["numbers 3", "numbers 3"]


def test_a_damaged_input_is_made_anew_before_what_needs_it(ran) -> None:
    dn.run(numbers(3))
    damage(numbers(3))
    ran.clear()
    assert dn.run(total(numbers(3))) == 3
    assert ran == ["numbers 3", "total"]
    assert numbers(3).load() == [0, 1, 2]


def test_one_of_several_damaged_targets_is_made_anew(ran) -> None:
    dn.run(numbers(3), numbers(2))
    damage(numbers(2))
    ran.clear()
    assert dn.run(numbers(3), numbers(2)) == ([0, 1, 2], [0, 1])
    assert ran == ["numbers 2"]


def test_a_store_that_damages_everything_is_an_error_and_no_endless_loop(memory, monkeypatch) -> None:
    dn.run(numbers(3))
    read = memory.backend.read
    spoilt = ("manifests/task/none/numbers/", "repairs/task/none/numbers/")
    monkeypatch.setattr(
        memory.backend, "read", lambda key: read(key)[:-9] + b"scribbled" if key.startswith(spoilt) else read(key)
    )
    monkeypatch.setattr(attempt.recent, "add", lambda layer, manifest: None)
    with pytest.raises(IntegrityError):
        dn.run(total(numbers(3)))


# Isolation


@dn.task
def greedy(xs: list[int]) -> int:
    xs.append(100)
    return len(xs)


@dn.task
def greedier(xs: list[int]) -> int:
    xs.clear()
    return len(xs)


@pytest.mark.parametrize("storage", ["memory://", "disk"])
def test_what_a_task_does_to_its_input_reaches_nobody(storage: str) -> None:
    with dn.settings(storage_layer=storage):
        top = numbers(3)
        assert dn.run([greedy(top), greedier(top), total(top), top]) == [4, 0, 3, [0, 1, 2]]
        value = dn.run(top)
        value.append(7)
        assert (top.load(), dn.run(top)) == ([0, 1, 2], [0, 1, 2])


# Size


@dn.task
def link(before: int, i: int) -> int:
    return before + i


@dn.task
def gather(parts: list[int]) -> int:
    return sum(parts)


def test_a_long_chain_runs_without_recursion(memory) -> None:
    end: object = 0
    for i in range(2000):
        end = link(end, i)
    assert dn.run(end) == sum(range(2000))


def test_layers_that_are_wholly_connected_run_each_step_once(memory) -> None:
    layer = [link(0, i) for i in range(12)]
    for depth in range(12):
        layer = [link(gather(layer), 1000 * depth + i) for i in range(12)]
    dn.run(gather(layer))
    assert len(list(memory.list())) == 12 + 12 * 13 + 1


# Events


class Recorder:
    def __init__(self) -> None:
        self.events: list[tuple[object, ...]] = []

    @dn.hookimpl
    def datanectar_run_started(self, targets, steps):
        self.events.append(("run started", targets, steps))

    @dn.hookimpl
    def datanectar_run_finished(self, targets, error):
        self.events.append(("run finished", targets, type(error)))

    @dn.hookimpl
    def datanectar_task_started(self, name, task):
        self.events.append(("started", name))

    @dn.hookimpl
    def datanectar_task_finished(self, name, outcome):
        self.events.append(("finished", name))

    @dn.hookimpl
    def datanectar_task_failed(self, name, error):
        self.events.append(("failed", name, str(error)))

    @dn.hookimpl
    def datanectar_artifact_stored(self, name, uri, size):
        self.events.append(("stored", name))

    @dn.hookimpl
    def datanectar_artifact_loaded(self, name, uri):
        self.events.append(("loaded", name))


def test_events_come_in_order() -> None:
    with dn.settings(storage_layer="memory://") as settings:
        recorder = Recorder()
        settings.manager.register(recorder)
        low, high = numbers(2), total(numbers(2))
        dn.run(high)
    assert recorder.events == [
        ("run started", [high.name], [low.name, high.name]),
        ("started", low.name),
        ("stored", low.name),
        ("finished", low.name),
        ("loaded", low.name),
        ("started", high.name),
        ("stored", high.name),
        ("finished", high.name),
        ("run finished", [high.name], type(None)),
        ("loaded", high.name),
    ]


def test_a_failure_is_an_event_and_the_run_still_finishes() -> None:
    with dn.settings(storage_layer="memory://") as settings:
        recorder = Recorder()
        settings.manager.register(recorder)
        with pytest.raises(RunFailed):
            dn.run(fails(1))
    assert recorder.events == [
        ("run started", [fails(1).name], [fails(1).name]),
        ("started", fails(1).name),
        ("failed", fails(1).name, "no luck with 1"),
        ("run finished", [fails(1).name], StepFailed),
    ]


def test_an_observer_that_raises_does_not_break_the_run(caplog) -> None:
    class Broken:
        @dn.hookimpl
        def datanectar_artifact_stored(self):
            raise ValueError("no luck")

    with dn.settings(storage_layer="memory://") as settings:
        settings.manager.register(Broken(), "broken")
        assert dn.run(numbers(2)) == [0, 1]
    assert "plugin 'broken': datanectar_artifact_stored failed: ValueError('no luck')" in caplog.text


def test_a_run_leaves_no_plugin_behind() -> None:
    with dn.settings(storage_layer="memory://") as settings:
        dn.run(numbers(2))
        assert list(settings.manager.infos) == ["builtin"]


def test_a_run_leaves_the_streams_and_logging_alone(memory) -> None:
    import sys

    before = (sys.stdout, sys.stderr, list(logging.root.handlers))
    dn.run(numbers(2))
    with pytest.raises(RunFailed):
        dn.run(fails(1))
    assert (sys.stdout, sys.stderr, list(logging.root.handlers)) == before


def test_a_library_run_prints_nothing_into_a_pipe(memory, capsys) -> None:
    dn.run(numbers(2))
    assert capsys.readouterr() == ("", "")


RUNS: list[str] = []


@dn.task
def parts_of(n: int) -> dict[str, int]:
    RUNS.append("parts_of")
    return {"train": n}


@dn.task
def plus_one(x: int) -> int:
    return x + 1


def test_a_part_that_is_not_there_is_no_damage(memory) -> None:
    RUNS.clear()
    with pytest.raises(RunFailed, match="has no part 'trian'") as caught:
        dn.run(plus_one(parts_of(1)["trian"]))
    assert isinstance(caught.value.__cause__, dn.errors.PartNotFound)
    with pytest.raises(dn.errors.PartNotFound, match="has no part 'trian'"):
        dn.run(parts_of(1)["trian"])
    assert RUNS == ["parts_of"]


@dn.task
def broken() -> int:
    raise ValueError("no luck")


def test_a_part_that_is_not_there_hides_no_failure(memory) -> None:
    with pytest.raises(RunFailed, match="no luck") as caught:
        dn.run(parts_of(1)["trian"], broken(), keep_going=True)
    assert len(caught.value.failures) == 1


@dn.task
def changes_its_file(table: dn.File) -> str:
    before = table.read_text()
    table.path.write_text("new")
    return before


def test_a_file_that_changes_while_its_task_runs_is_not_stored_under_the_old_name(memory) -> None:
    Path("input.txt").write_text("old")
    with pytest.raises(RunFailed, match="would now make"):
        dn.run(changes_its_file(dn.File("input.txt")))
    assert list(memory.list()) == []


@dn.task
def calls_a_task() -> dict[str, object]:
    return {"part": parts_of(1)}


def test_a_task_that_returns_an_artifact_is_told_to_take_it_as_an_argument(memory) -> None:
    with pytest.raises(RunFailed, match="a task was called inside the task"):
        dn.run(calls_a_task())


@dn.task(retries=3)
def returns_a_generator() -> object:
    RUNS.append("returns_a_generator")
    return (number for number in range(3))


def test_what_cannot_be_stored_is_not_tried_again(memory) -> None:
    RUNS.clear()
    with pytest.raises(RunFailed, match="cannot be stored"):
        dn.run(returns_a_generator())
    assert RUNS == ["returns_a_generator"]


@dn.task(serializer="parqet")
def misspelt_serializer() -> int:
    RUNS.append("misspelt_serializer")
    return 1


def test_a_serializer_that_is_not_there_is_noticed_before_the_work(memory) -> None:
    RUNS.clear()
    with pytest.raises(dn.errors.PluginNotFoundError, match="unknown serializer 'parqet'"):
        dn.run(misspelt_serializer())
    assert RUNS == []


class FlatNaming:
    """The README's plugin."""

    @dn.hookimpl
    def datanectar_namings(self) -> list[dn.NamingType]:
        factory = lambda: lambda identity: f"{identity.task}-{identity.fingerprint}"
        return [dn.NamingType(name="flat", factory=factory, summary="flat")]


def test_a_flat_naming_scheme_serves_run_plan_explain_and_latest() -> None:
    with dn.settings(storage_layer="memory://", naming="flat") as settings:
        settings.manager.register(FlatNaming(), "flat")
        assert dn.run(plus_one(parts_of(1)["train"])) == 2
        assert dn.artifact("task/none/plus_one@latest").load() == 2
        assert "n 1 → 2" in str(dn.explain(parts_of(2)))
        assert len(dn.plan(plus_one(parts_of(2)["train"]))) == 2


def test_two_stores_in_memory_are_told_apart_in_one_run() -> None:
    with dn.settings(storage_layer="memory://"):
        first = dn.storage_layer()
        dn.run(parts_of(7))
    with dn.settings(storage_layer=first):
        assert parts_of(7).exists()
    with dn.settings(storage_layer="memory://"):
        RUNS.clear()
        dn.run(plus_one(parts_of(7)["train"]))
        assert RUNS == ["parts_of"]


def test_a_pickled_step_loads_its_inputs_from_the_layer_of_the_run(tmp_path) -> None:
    class Pickling:
        @dn.hookimpl
        def datanectar_orchestrators(self) -> list[dn.OrchestratorType]:
            return [dn.OrchestratorType(name="pickling", factory=PicklingEngine, summary="Like another process")]

    with dn.settings(storage_layer="memory://") as settings:
        settings.manager.register(Pickling(), "pickling")
        elsewhere = (tmp_path / "elsewhere").as_uri()
        assert dn.run(plus_one(parts_of(3)["train"]), storage_layer=elsewhere, orchestrator="pickling") == 4


def test_an_orchestrator_that_drops_a_step_does_not_make_it_look_done() -> None:
    class Dropping:
        @dn.hookimpl
        def datanectar_orchestrators(self) -> list[dn.OrchestratorType]:
            return [dn.OrchestratorType(name="dropping", factory=DroppingEngine, summary="Forgets the last step")]

    with dn.settings(storage_layer="memory://") as settings:
        settings.manager.register(Dropping(), "dropping")
        with pytest.raises(UnsupportedError, match="ended without a word on task/none/total"):
            dn.run(total(numbers(2)), orchestrator="dropping", load=False)


class DroppingEngine(dn.Orchestrator):
    def run(self, steps, execute, *, workers=None, keep_going=False):
        return map(execute, steps[:-1])


def test_results_of_a_failed_run_are_whole_though_a_part_was_asked_for(memory) -> None:
    with pytest.raises(RunFailed) as caught:
        dn.run(parts_of(3)["train"], fails(7), keep_going=True)
    assert caught.value.results == {parts_of(3).name: dn.run(parts_of(3))}


class PicklingEngine(dn.Orchestrator):
    def run(self, steps, execute, *, workers=None, keep_going=False):
        for step in steps:
            yield execute(pickle.loads(pickle.dumps(step)))
