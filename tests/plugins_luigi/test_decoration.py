"""`@dn.task` on a luigi.Task changes the class in place, and it stays the class that it was."""

from __future__ import annotations

import datetime as dt
import pickle
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import classes
import forms
import luigi
import pytest
from luigi.task_register import Register, load_task
from luigi.tools.range import RangeDaily

import datanectar as dn


def build(*tasks: luigi.Task) -> bool:
    return bool(luigi.build(list(tasks), local_scheduler=True, log_level="CRITICAL"))


@pytest.mark.parametrize(
    ("task", "value"),
    [
        (classes.Base(x=3), 3),
        (classes.OldStyle(x=3), ("old base 3", "mixed in")),
        (classes.RequiresBelow(x=3), 6),
        (classes.RequiresAbove(x=3), 6),
        (classes.InheritsBelow(x=3), 6),
        (classes.InheritsAbove(x=3), 6),
        (classes.RunsTheBaseFirst(x=3), 3),
        (classes.Dynamic(n=3), [3, 4, 5]),
        (classes.DynamicAtOnce(n=3), 7),
        (classes.NamesItsLayer(), 1),
        (classes.NamesAnother(), 1),
        (classes.NectarWithLayer(), 1),
        (classes.OwnComplete(), 5),
        (classes.OwnOutputToo(), "artifact"),
        (classes.Chatty(), "done"),
    ],
    ids=lambda given: type(given).__name__ if isinstance(given, luigi.Task) else "",
)
@pytest.mark.parametrize("engine", ["luigi", "datanectar"])
def test_super_mixins_subclasses_and_luigis_own_decorators_work(engine: str, task: luigi.Task, value: Any) -> None:
    if engine == "luigi":
        assert build(task)
        assert dn.artifact(task).load() == value
    else:
        assert dn.run(task) == value


@pytest.mark.parametrize("name", ["Base", "OldStyle", "RequiresAbove", "InheritsBelow"])
def test_the_registry_and_pickles_know_the_very_class(name: str) -> None:
    kind = getattr(classes, name)
    assert Register.get_task_cls(name) is kind
    assert load_task("classes", name, {"x": "2"}) == kind(x=2)
    again = pickle.loads(pickle.dumps(kind(x=2)))
    assert (type(again), again, again.task_id) == (kind, kind(x=2), kind(x=2).task_id)
    assert b"storage" not in pickle.dumps(kind(x=2)), "a layer travels"


def test_a_class_that_is_derived_is_named_by_its_own_name_and_code() -> None:
    base, derived = classes.Base(x=1), classes.RunsTheBaseFirst(x=1)
    assert dn.artifact(base).name.startswith("task/none/base/")
    assert dn.artifact(derived).name.startswith("task/none/runs_the_base_first/")
    assert dn.artifact(classes.OldStyle()).name.startswith("old_style/none/old_style/")


def test_a_class_can_be_asked_for_its_layer_and_does_nothing() -> None:
    with dn.settings(storage_layer="nowhere"):
        assert classes.Base.storage_layer is classes.Base.__dict__["storage_layer"]
        assert classes.Base(x=1).x == 1


def test_the_layer_is_the_one_that_the_decorator_says(tmp_path: Path) -> None:
    @dn.task(storage_layer=(tmp_path / "elsewhere").as_uri())
    class Elsewhere(luigi.Task):
        def run(self) -> None:
            self.storage_layer.store(dn.get_artifact_name(self), 1)

    assert build(Elsewhere())
    assert Elsewhere().complete()
    assert (tmp_path / "elsewhere" / "manifests").is_dir()
    assert not dn.storage_layer().exists(dn.get_artifact_name(Elsewhere()))


def test_the_layer_of_an_instance_can_be_set_and_travels_by_name(tmp_path: Path) -> None:
    task = classes.Base(x=71)
    task.storage_layer = dn.storage_layer((tmp_path / "mine").as_uri())
    again = pickle.loads(pickle.dumps(task))
    assert again.storage_layer.backend.url == task.storage_layer.backend.url == (tmp_path / "mine").as_uri()
    task.run()
    assert task.complete()
    assert dn.artifact(task).uri.startswith((tmp_path / "mine").as_uri())
    task.storage_layer = None
    assert task.storage_layer.reference == "disk"
    assert not task.complete()


@pytest.mark.parametrize("kind", [classes.NamesItsLayer, classes.NamesAnother, classes.NectarWithLayer])
def test_a_layer_that_the_class_names_is_that_of_its_tasks(kind: Any) -> None:
    assert kind().storage_layer.reference == "lake"
    assert build(kind())
    assert dn.storage_layer("lake").exists(dn.get_artifact_name(kind()))


def test_the_layer_of_a_run_is_that_of_the_task_while_it_runs() -> None:
    elsewhere = dn.storage_layer("memory://elsewhere")
    task = classes.NamesItsLayer()
    assert dn.run(task, storage_layer=elsewhere) == 1
    assert elsewhere.exists(dn.get_artifact_name(task))
    assert not task.complete()
    assert dn.run(classes.Everything(), storage_layer=elsewhere) == []
    assert not classes.Base(x=1).complete()


def test_a_class_with_an_output_of_its_own_keeps_it(tmp_path: Path) -> None:
    task = classes.OwnOutput(path=str(tmp_path / "file"))
    assert build(task)
    assert task.output().path == str(tmp_path / "file")
    target = dn.run(task)
    assert isinstance(target, luigi.LocalTarget)


def test_a_run_that_stores_nothing_has_failed_though_on_success_is_overridden() -> None:
    for kind in (classes.OwnSuccess, classes.DerivedSuccess):
        assert build(kind(stores=True))
        assert not build(kind(stores=False))
        with pytest.raises(dn.errors.RunFailed, match="is not there"):
            dn.run(kind(stores=False))
    assert classes.OwnSuccess.said == ["success"]


@pytest.mark.parametrize("kind", [classes.Forgets, classes.ForgetsSilently, classes.NectarForgets])
def test_no_subclass_and_no_mixin_gets_round_the_verification(kind: Any) -> None:
    assert not build(kind())
    with pytest.raises(
        dn.errors.RunFailed, match=r"its artifact task/none/\w+/\w+ is not there: run\(\) is to store it"
    ):
        dn.run(kind())


def test_a_complete_of_its_own_is_kept_and_the_artifact_is_verified_all_the_same() -> None:
    assert classes.OwnComplete.complete.__module__ == "classes"
    assert classes.OwnComplete().output().name == dn.get_artifact_name(classes.OwnComplete())
    assert not build(classes.OwnComplete(stores=False))


def test_a_class_with_both_gives_its_artifact_and_is_complete_by_its_output() -> None:
    task = classes.OwnOutputToo()
    assert build(task)
    Path("beside.txt").unlink()
    assert not task.complete()
    assert dn.run(task) == "artifact"
    assert Path("beside.txt").read_text() == "file"


def test_what_on_success_says_reaches_luigi() -> None:
    dn.run(classes.OwnSuccess(stores=True))
    assert classes.OwnSuccess(stores=True).on_success() == "well done"


def test_decorated_twice_alike_is_as_once() -> None:
    kind = dn.task(dn.task(task_type="a")(type("Twice", (luigi.Task,), {})), task_type="a", retries=2)
    assert dn.artifact(kind()).name.startswith("a/none/twice/")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: dn.task(dn.task(task_type="a")(type("T", (luigi.Task,), {})), task_type="b"), "decorated twice"),
        (lambda: dn.task(classes.Base(x=1)), "goes on the class Base, not on an instance"),
        (lambda: dn.task(task_type="a")(classes.Base(x=1)), "goes on the class Base, not on an instance"),
        (lambda: dn.task(3), "neither"),
        (lambda: dn.task(task_type="a")(forms.TenTimes), "goes below @as_luigi_task, on the function"),
        (lambda: dn.task(type("NoTask", (), {})), "no installed plugin adapts its bases"),
        (
            lambda: dn.task(storage_layer="disk")(type("T", (luigi.Task,), {"storage_layer": "mine"})),
            "has a storage_layer of its own",
        ),
        (lambda: dn.task(kind="x")(type("T", (luigi.Task,), {})), "has no option 'kind'"),
    ],
)
def test_on_something_else_or_at_odds_it_is_a_type_error(make: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()


def test_complete_tells_trouble_with_the_store_and_does_not_take_it_for_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise dn.errors.StorageUnavailable("the store does not answer")

    task = classes.Base(x=1)
    dn.get_artifact_name(task)
    monkeypatch.setattr(dn.StorageLayer, "exists", broken)
    with pytest.raises(dn.errors.StorageUnavailable):
        task.complete()
    assert not build(task)


def test_bulk_complete_asks_for_one_listing(store: dn.StorageLayer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert build(*(classes.Base(x=x) for x in range(3)))
    asked: list[str] = []
    kind = type(store.backend)
    listing, stat = kind.list, kind.stat
    monkeypatch.setattr(kind, "list", lambda self, prefix: asked.append(f"list {prefix}") or listing(self, prefix))
    monkeypatch.setattr(kind, "stat", lambda self, key: asked.append(f"stat {key}") or stat(self, key))
    assert classes.Base.bulk_complete(range(20)) == [0, 1, 2]
    assert classes.Base.bulk_complete([(1,), (30,)]) == [(1,)]
    assert [words for words in asked if words.startswith("list")] == ["list manifests/task/none/base/"]
    assert len(asked) == 3


def test_a_derived_class_with_a_complete_of_its_own_is_not_asked_for_in_bulk() -> None:
    with pytest.raises(NotImplementedError):
        classes.AlwaysDone.bulk_complete([1])
    assert classes.RunsTheBaseFirst.bulk_complete([1]) == []


def test_a_range_of_luigis_tools_asks_for_all_days_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    exists_many = dn.StorageLayer.exists_many
    monkeypatch.setattr(
        dn.StorageLayer,
        "exists_many",
        lambda self, names: asked.append(len(names)) or exists_many(self, names),
    )
    range_of_days = {"start": dt.date(2024, 1, 1), "stop": dt.date(2024, 1, 4), "now": 1704672000, "days_back": 30}
    days = RangeDaily(of=classes.Daily, param_name="date", **range_of_days)
    assert not days.complete()
    assert build(days)
    assert days.complete()
    assert set(asked) == {3}


def test_wrapper_tasks_external_tasks_and_callbacks_are_as_in_luigi() -> None:
    assert dn.run(classes.Everything()) == []
    assert dn.artifact(classes.OldStyle(x=2)).load() == ("old base 2", "mixed in")
    with pytest.raises(dn.errors.RunFailed, match="is an external task, which nothing here makes"):
        dn.run(classes.NeedsMissing())


def test_a_failure_reaches_on_failure_and_the_handlers_of_events() -> None:
    seen: list[Any] = []
    classes.Fails.event_handler(luigi.Event.FAILURE)(lambda task, error: seen.append(str(error)))
    with pytest.raises(dn.errors.RunFailed, match="no luck"):
        dn.run(classes.Fails())
    assert (classes.Fails.seen, seen) == (["on_failure no luck"], ["no luck"])


@pytest.mark.parametrize(
    ("fails", "heard"),
    [
        (False, ["start", "run", "processing_time", "on_success", "success"]),
        (True, ["start", "run", "failure", "on_failure"]),
    ],
)
def test_a_run_calls_what_a_worker_of_luigi_calls_in_that_order(
    fails: bool, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, list[str]] = {"luigi": [], "datanectar": []}
    task, handlers = classes.Hears(fails=fails), classes.Hears._event_callbacks
    for engine, said in told.items():
        monkeypatch.setattr(classes.Hears, "heard", said)
        monkeypatch.setitem(handlers, classes.Hears, {})
        for event in ("START", "PROCESSING_TIME", "SUCCESS", "FAILURE"):
            classes.Hears.event_handler(getattr(luigi.Event, event))(_saying(event.lower(), said))
        if engine == "luigi":
            assert build(task) is not fails
        else:
            with pytest.raises(dn.errors.RunFailed) if fails else nullcontext():
                dn.run(task)
    assert told == {"luigi": heard, "datanectar": heard}
    assert task.set_tracking_url is None


def _saying(word: str, said: list[str]) -> Any:
    return lambda *_: said.append(word)


def test_a_plan_tells_of_luigis_tasks_as_of_others() -> None:
    plan = dn.plan(classes.RequiresAbove(x=9))
    assert [(step.task, step.status) for step in plan] == [
        ("task/none/base", "run"),
        ("task/none/requires_above", "run"),
    ]


@pytest.mark.parametrize(
    ("words", "code", "shown"),
    [
        (["run", "classes:RequiresAbove", "x=4"], 0, "8"),
        (["plan", "classes:RequiresAbove", "x=4"], 0, "task/none/requires_above"),
        (
            [
                "run",
                "forms:TenTimes",
                f"value={forms.TenTimes(value=forms.Source(x=2)).to_str_params()['value']}",
            ],
            0,
            "20",
        ),
        (["run", "classes:RequiresAbove", "y=4"], 2, "has no parameter 'y'; it has x"),
        (["run", "forms:Decorated"], 2, "Decorated cannot be made"),
        (["run", "forms:Decorated", "x=many"], 2, "x='many' cannot be read"),
        (["run", "classes:Fails"], 1, "no luck"),
    ],
)
@pytest.mark.parametrize("orchestrator", ["local", "luigi"])
def test_the_command_line_runs_luigis_classes(orchestrator: str, words: list[str], code: int, shown: str) -> None:
    options = ["--orchestrator", orchestrator] if words[0] == "run" else []
    command = [sys.executable, "-W", "ignore", "-m", "datanectar", *words, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert shown in done.stdout + done.stderr
