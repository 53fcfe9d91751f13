"""Task objects of another library, named through a plugin's adapter."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

import datanectar as dn
from datanectar.configuration.active import current


class GridTask:
    """The foreign library's base class."""

    def __init__(self, **parameters: Any) -> None:
        self.parameters = parameters

    def needs(self) -> Any:
        return None


class Load(GridTask):
    def compute(self) -> int:
        return 1


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
        return dn.ForeignTask("grid", None, type(task).__name__, task.parameters, task.needs(), type(task), GridTask)

    def decorate(self, kind: type, options: Mapping[str, Any]) -> type:
        kind.options = dict(options)
        return kind


class Plugin:
    @dn.hookimpl
    def datanectar_task_adapters(self) -> list[dn.TaskAdapterType]:
        base = f"{GridTask.__module__}.{GridTask.__qualname__}"
        return [dn.TaskAdapterType(name="grid", bases=(base,), factory=Adapter, summary="Grid tasks")]


@pytest.fixture(autouse=True)
def adapted() -> Iterator[None]:
    with dn.settings(storage_layer="memory://"):
        current().manager.register(Plugin(), "grid")
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


def test_a_foreign_task_is_run_by_its_own_engine() -> None:
    with pytest.raises(dn.errors.RunFailed, match="its own orchestrator runs it"):
        dn.run(Load(day=1))
