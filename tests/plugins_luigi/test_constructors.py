"""A plain constructor gives a task its parameters, whether it calls ``super().__init__()`` or not."""

from __future__ import annotations

import pickle
from typing import Any

import forms
import luigi
import pytest
from luigi.task_register import Register, load_task

import datanectar as dn
from datanectar_luigi import NectarTask


class Skips(NectarTask):
    extra = luigi.IntParameter(default=7)

    def __init__(self, depth: int, names: list[str] | None = None, scale: float = 1.0) -> None:
        self.depth = depth
        self.names = names
        self.doubled = 2 * depth
        self.scale = scale


class CallsSuper(NectarTask):
    def __init__(self, depth: int = 3) -> None:
        super().__init__()
        self.depth = depth


class TakesAll(NectarTask):
    depth = luigi.IntParameter(default=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.doubled = 2 * self.depth


def test_arguments_are_typed_parameters_of_the_task() -> None:
    assert {name: type(parameter).__name__ for name, parameter in Skips.get_params()} == {
        "extra": "IntParameter",
        "depth": "IntParameter",
        "names": "ListParameter",
        "scale": "FloatParameter",
    }
    task = Skips(4, names=["a"], extra=8)
    assert (task.depth, task.names, task.doubled, task.extra) == (4, ["a"], 8, 8)
    assert dn.artifact(task).call.arguments == {"depth": 4, "names": ("a",), "scale": 1.0, "extra": 8}


def test_what_the_body_sees_and_the_name_are_the_same_where_parameters_come_from_text() -> None:
    text = Skips(4, ["a", "b"]).to_str_params()
    name = dn.get_artifact_name(Skips(4, ["a", "b"]))
    Register.clear_instance_cache()
    read = Skips.from_str_params(text)
    assert (read.names, dn.get_artifact_name(read)) == (["a", "b"], name)


@pytest.mark.parametrize("task", [Skips(4, ["a", "b"]), CallsSuper(5), CallsSuper(), TakesAll(depth=2), TakesAll()])
def test_such_a_task_comes_back_from_a_pickle_and_from_text(task: NectarTask) -> None:
    again = pickle.loads(pickle.dumps(task))
    read = type(task).from_str_params(task.to_str_params())
    assert again == task == read
    assert dn.get_artifact_name(again) == dn.get_artifact_name(task) == dn.get_artifact_name(read)
    assert vars(read)["depth"] == vars(task)["depth"]


def test_two_instances_of_the_same_arguments_are_one_task() -> None:
    assert Skips(1) == Skips(depth=1) != Skips(2)
    assert Skips(1).task_id == Skips(depth=1).task_id


def test_the_kind_and_the_layer_come_in_by_the_constructor(tmp_path: Any) -> None:
    url = tmp_path.as_uri()
    task = forms.Constructed(1, task_type="a", model_type="b", storage_layer=url)
    assert dn.get_artifact_name(task).startswith("a/b/constructed/")
    assert task.storage_layer.backend.url == url
    assert dn.artifact(task).uri.startswith(url)
    other = load_task("forms", "Constructed", task.to_str_params())
    assert (dn.get_artifact_name(other), other.storage_layer.backend.url) == (dn.get_artifact_name(task), url)


class OfTheClass(NectarTask):
    task_type, model_family, storage_layer = "of_the_class", "tree", "lake"

    def __init__(self, task_type=None, model_family=None, storage_layer=None):
        self.task_type, self.model_family, self.storage_layer = task_type, model_family, storage_layer

    def run(self) -> None:
        self.storage_layer.store(dn.get_artifact_name(self), 1)


class Derived(OfTheClass):
    def __init__(self, depth: int = 2, storage_layer=None):
        super().__init__(task_type=f"depth_{depth}", storage_layer=storage_layer)
        self.depth = depth


def test_what_the_class_says_holds_where_the_constructor_is_given_nothing() -> None:
    assert dn.get_artifact_name(OfTheClass()).startswith("of_the_class/tree/of_the_class/")
    assert OfTheClass().storage_layer.reference == "lake"
    assert dn.get_artifact_name(OfTheClass("train")).startswith("train/tree/of_the_class/")
    assert OfTheClass(storage_layer="disk").storage_layer.reference == "disk"
    assert dn.run(OfTheClass()) == 1


def test_a_derived_constructor_says_what_its_base_is_given() -> None:
    task = Derived(5, storage_layer="disk")
    assert (task.task_type, task.depth, task.storage_layer.reference) == ("depth_5", 5, "disk")
    assert dn.run(task) == 1
    again = pickle.loads(pickle.dumps(task))
    assert dn.get_artifact_name(again) == dn.get_artifact_name(task)
    Register.clear_instance_cache()
    assert dn.get_artifact_name(Derived.from_str_params(task.to_str_params())) == dn.get_artifact_name(task)


def test_luigi_itself_refuses_such_a_constructor() -> None:
    class Stock(luigi.Task):
        def __init__(self, task_type=None, model_type=None, storage_layer=None):
            self.task_type = task_type

    with pytest.raises(luigi.parameter.UnknownParameterException, match="unknown parameter task_type"):
        Stock(task_type="train")


@pytest.mark.parametrize(
    ("arguments", "message"), [({}, "depth"), ({"depth": 1, "deep": 2}, "deep"), ({"names": []}, "depth")]
)
def test_wrong_arguments_are_told_by_luigi_as_ever(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(luigi.parameter.ParameterException, match=message):
        Skips(**arguments)


def test_a_name_of_luigis_own_is_refused_where_the_class_is_defined() -> None:
    with pytest.raises(dn.errors.TaskDefinitionError, match="priority is a name that Luigi uses itself"):

        class Bad(NectarTask):
            def __init__(self, priority: int) -> None:
                pass


def test_an_argument_without_a_form_as_text_is_refused() -> None:
    with pytest.raises(dn.errors.TaskDefinitionError, match="table is annotated as memoryview"):

        class Bad(NectarTask):
            def __init__(self, table: memoryview) -> None:
                pass
