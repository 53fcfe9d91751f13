"""Task objects of another library, named through a plugin's adapter."""

import pickle
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest

import datanectar as dn
from datanectar.configuration.active import current


class GridTask:
    """The foreign library's base class."""

    def __init__(self, **parameters: Any) -> None:
        self.parameters = parameters

    def needs(self) -> Any:
        return None

    def store(self, value: Any) -> None:
        dn.storage_layer().store(dn.get_artifact_name(self), value)


class Load(GridTask):
    def compute(self) -> None:
        print("loading")
        self.store(self.parameters["day"])


class Double(GridTask):
    """Finds out in the middle of its work what it needs."""

    def compute(self) -> Any:
        load = Load(day=self.parameters["day"])
        if not dn.artifact(load).exists():
            return {"first": [load]}
        self.store(2 * dn.artifact(load).load())


class Impatient(GridTask):
    def compute(self) -> Any:
        return Load(day=self.parameters["day"])


class Forgetful(GridTask):
    def compute(self) -> None:
        pass


class Kept(GridTask):
    """Keeps its result itself."""

    results: ClassVar[dict[int, str]] = {}
    works = True

    def compute(self) -> None:
        if self.works:
            self.results[self.parameters["day"]] = "kept"


class Bundle(Kept):
    """Is complete where what it needs is."""

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        self.load = Load(**parameters)

    def needs(self) -> Any:
        return self.load

    def compute(self) -> None:
        pass


class Report(GridTask):
    def needs(self) -> Any:
        return (Kept(day=self.parameters["day"]), Load(day=self.parameters["day"]))

    def compute(self) -> None:
        kept, load = self.needs()
        self.store([kept.results[kept.parameters["day"]], dn.artifact(load).load()])


@dn.task
def plus(x: int, y: int) -> int:
    return x + y


class Diamond(GridTask):
    def needs(self) -> Any:
        depth = self.parameters["depth"]
        below = _diamond(depth - 1) if depth else Load(day=1)
        return {"left": below, "right": [below]}


_diamonds: dict[int, Diamond] = {}


def _diamond(depth: int) -> Diamond:
    return _diamonds.setdefault(depth, Diamond(depth=depth))


class Adapter(dn.TaskAdapter):
    def describe(self, task: GridTask) -> dn.ForeignTask:
        return dn.ForeignTask(
            task_type="grid",
            name=type(task).__name__,
            parameters=task.parameters,
            requires=task.needs(),
            code=type(task),
            base=(GridTask, Library),
            declarations=getattr(type(task), "declarations", ()),
            options=getattr(type(task), "options", {}),
            stores=not isinstance(task, Kept),
        )

    def decorate(self, kind: type, options: Mapping[str, Any]) -> type:
        kind.options = dict(options)
        return kind

    def run(self, task: GridTask) -> Any:
        return task.compute()

    def is_complete(self, task: Kept) -> bool:
        if isinstance(task, Bundle):
            return dn.artifact(task.needs()).exists()
        return task.parameters["day"] in task.results

    def result(self, task: Kept) -> str:
        if isinstance(task, Bundle):
            return "all there"
        return task.results[task.parameters["day"]]


class Plugin:
    @dn.hookimpl
    def datanectar_task_adapters(self) -> list[dn.TaskAdapterType]:
        base = f"{GridTask.__module__}.{GridTask.__qualname__}"
        return [dn.TaskAdapterType(name="grid", bases=(base,), factory=Adapter, summary="Grid tasks")]


@pytest.fixture(autouse=True)
def adapted() -> Iterator[None]:
    with dn.settings(storage_layer="memory://"):
        current().manager.register(Plugin(), "grid")
        Kept.results.clear()
        yield


def test_a_foreign_task_object_has_a_name_by_its_class_and_parameters() -> None:
    name = dn.get_artifact_name(Load(day=1))
    assert name.startswith("grid/none/load/")
    assert name == dn.get_artifact_name(Load(day=1))
    assert name != dn.get_artifact_name(Load(day=2))


def test_what_a_foreign_task_requires_is_part_of_its_name() -> None:
    class Score(GridTask):
        def needs(self) -> Any:
            return Load(day=self.parameters["day"])

    class Unrelated(GridTask):
        pass

    assert dn.get_artifact_name(Score(day=1)) != dn.get_artifact_name(Score(day=2))
    assert dn.artifact(Score(day=1)).call.inputs()[0].name == dn.get_artifact_name(Load(day=1))
    assert dn.artifact(Unrelated()).call.inputs() == []


class Collect(GridTask):
    """Needs what it is told to, which it is asked for late: it may look at itself before it answers."""

    asked: ClassVar[list[str]] = []

    def needs(self) -> Any:
        return self._needs

    def _needs(self) -> Any:
        self.asked.append(dn.artifact(self).storage_layer.reference)
        return collected[self.parameters["what"]]


collected: dict[str, Any] = {
    "set": {Load(day=day) for day in range(5)},
    "same set": frozenset(Load(day=day) for day in reversed(range(5))),
    "dict": {"a": Load(day=1), "b": Load(day=2)},
    "same dict": {"b": Load(day=2), "a": Load(day=1)},
    "swapped": {"a": Load(day=2), "b": Load(day=1)},
    "list": [Load(day=1), Load(day=2)],
    "nested": [Load(day=1), [Load(day=2)]],
    "text": "Load(day=1)",
}


def required_by(what: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setitem(collected, "it", collected[what])
    return dn.get_artifact_name(Collect(what="it"))


def test_the_nesting_of_what_is_required_counts_and_the_order_of_sets_and_dicts_does_not(monkeypatch) -> None:
    names = {what: required_by(what, monkeypatch) for what in [*collected] if what != "text"}
    assert names["set"] == names["same set"]
    assert names["dict"] == names["same dict"]
    assert len(set(names.values())) == len(names) - 2
    days = [artifact.call.task.parameters["day"] for artifact in dn.artifact(Collect(what="nested")).call.inputs()]
    assert days == [1, 2]


def test_what_is_required_is_asked_once_and_late() -> None:
    Collect.asked.clear()
    task = Collect(what="list")
    artifact = dn.artifact(task)
    assert Collect.asked == []
    assert artifact.name == dn.artifact(task).name
    assert [needed.name for needed in artifact.call.inputs()] == [dn.get_artifact_name(Load(day=day)) for day in (1, 2)]
    assert Collect.asked == ["memory://"]


def test_to_require_what_is_no_task_is_refused() -> None:
    with pytest.raises(dn.errors.ArgumentError, match=r"Collect requires 'Load\(day=1\)', which is no task object"):
        dn.get_artifact_name(Collect(what="text"))


class Declared(GridTask):
    day = 1
    declarations: ClassVar[tuple[str, ...]] = ("day",)

    def compute(self) -> None:
        self.store(self.day)


class DeclaredOtherwise(GridTask):
    day = 2
    declarations: ClassVar[tuple[str, ...]] = ("day",)

    def compute(self) -> None:
        self.store(self.day)


class Library(GridTask):
    """Another base of the library: its code is not the tasks'."""


class OfTheLibrary(Library):
    pass


def test_how_parameters_are_declared_is_no_code_and_neither_are_bases_of_the_library() -> None:
    def code(task: GridTask) -> Any:
        return dn.artifact(task).call.definition.code()

    assert code(Declared()).digest == code(DeclaredOtherwise()).digest
    assert [name.rpartition(":")[2] for name in code(OfTheLibrary()).functions] == ["OfTheLibrary"]


def test_the_decorator_on_an_instance_says_where_it_goes() -> None:
    for decorate in (dn.task, dn.task(task_type="grid")):
        with pytest.raises(dn.errors.TaskDefinitionError, match="goes on the class Load, not on an instance of it"):
            decorate(Load(day=1))


def test_a_task_that_keeps_its_result_itself_asks_the_layer_of_the_run() -> None:
    elsewhere = dn.storage_layer("memory://elsewhere")
    assert dn.run(Bundle(day=7), storage_layer=elsewhere) == "all there"
    assert elsewhere.exists(dn.get_artifact_name(Load(day=7)))
    assert not dn.artifact(Bundle(day=7)).exists()


def test_a_deep_diamond_of_foreign_tasks_is_walked_once_per_task() -> None:
    assert dn.get_artifact_name(_diamond(60)).startswith("grid/none/diamond/")


def test_the_decorator_on_a_foreign_class_is_the_adapters_business() -> None:
    @dn.task(task_type="train_model")
    class Train(GridTask):
        pass

    assert Train.options == {"task_type": "train_model"}


def test_the_decorator_on_a_class_nobody_adapts_says_which_package_would() -> None:
    with pytest.raises(dn.errors.TaskDefinitionError, match="pip install datanectar-luigi"):

        @dn.task
        class Stranger:
            pass


def test_a_foreign_task_runs_stores_by_hand_and_its_value_is_returned() -> None:
    load = Load(day=3)
    assert dn.run(load) == 3
    artifact = dn.artifact(load)
    assert artifact.exists()
    assert artifact.logs() == "loading\n"


def test_what_a_foreign_task_stores_has_its_provenance_in_a_run_and_outside() -> None:
    report, alone = Report(day=1), Report(day=2)
    dn.run(report, Load(day=2), Kept(day=2))
    alone.compute()
    for task in (report, alone):
        manifest = dn.storage_layer().manifest(dn.get_artifact_name(task))
        assert manifest.identity["parameters"] == {"day": task.parameters["day"]}
        assert [name for name, _ in manifest.document["inputs"]] == [
            dn.get_artifact_name(needed) for needed in task.needs()
        ]


def test_a_function_takes_what_a_foreign_task_stores() -> None:
    assert dn.run(plus(Load(day=3), y=4)) == 7


def test_a_function_cannot_take_what_a_foreign_task_keeps_itself() -> None:
    with pytest.raises(dn.errors.ArgumentError, match="refuses x: Kept keeps its result itself"):
        plus(Kept(day=1), y=1)


def test_a_task_that_finds_out_what_it_needs_is_run_again_once_that_is_done() -> None:
    assert dn.run(Double(day=3)) == 6
    assert dn.artifact(Load(day=3)).exists()


def test_a_task_that_waits_for_what_is_done_is_an_error_and_no_endless_loop() -> None:
    with pytest.raises(dn.errors.UnsupportedError, match="which is done"):
        dn.run(Impatient(day=1))


def test_a_foreign_task_that_stores_nothing_has_failed() -> None:
    with pytest.raises(dn.errors.RunFailed, match="stored nothing"):
        dn.run(Forgetful())


def test_a_task_that_keeps_its_result_itself_is_asked_whether_it_is_complete() -> None:
    assert dn.run(Kept(day=1)) == "kept"
    Kept.results[1] = "kept before"
    assert dn.run(Kept(day=1)) == "kept before"
    assert dn.artifact(Kept(day=1)).load() == "kept before"
    assert list(dn.storage_layer().list()) == []


def test_a_task_that_keeps_its_result_itself_and_has_none_in_the_end_has_failed(monkeypatch) -> None:
    monkeypatch.setattr(Kept, "works", False)
    with pytest.raises(dn.errors.RunFailed, match="still says"):
        dn.run(Kept(day=1))


def test_the_layer_of_the_run_is_that_of_a_foreign_task() -> None:
    other = dn.storage_layer("memory://other")
    assert dn.run(Load(day=5), storage_layer=other) == 5
    assert other.exists(dn.get_artifact_name(Load(day=5)))
    assert not dn.artifact(Load(day=5)).exists()


def test_options_of_the_decorator_are_those_of_the_artifact(monkeypatch) -> None:
    before = dn.get_artifact_name(Load(day=1))
    monkeypatch.setattr(Load, "options", {"name": "fetch", "ignore": ("day",), "version": "2"}, raising=False)
    name = dn.get_artifact_name(Load(day=1))
    assert name.startswith("grid/none/fetch/")
    assert name == dn.get_artifact_name(Load(day=2)) != before


def test_a_damaged_input_that_a_foreign_task_reads_is_made_anew(tmp_path) -> None:
    with dn.settings(storage_layer=tmp_path.as_uri()):
        current().manager.register(Plugin(), "grid")
        dn.run(Load(day=1), load=False)
        name = dn.get_artifact_name(Load(day=1))
        (manifest,) = (tmp_path / "manifests" / name).parent.glob("*.json")
        manifest.write_bytes(manifest.read_bytes().replace(b'"value":1', b'"value":2'))
        assert dn.run(Report(day=1)) == ["kept", 1]


def test_a_handle_that_a_task_object_has_of_itself_does_not_travel() -> None:
    load = Load(day=1)
    name = dn.get_artifact_name(load)
    again = pickle.loads(pickle.dumps(load))
    assert "Artifact" not in repr(vars(again))
    assert dn.get_artifact_name(again) == name
