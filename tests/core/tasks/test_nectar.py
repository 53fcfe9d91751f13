"""Classes as tasks: parameters are captured, frozen once named, and arrive; results are returned or stored by hand."""

import enum
import itertools
import pickle
from typing import Any, ClassVar

import pytest

import datanectar as dn
from datanectar.errors import ArgumentError, FrozenTask, RunFailed, TaskDefinitionError


@dn.task
def flights(month: int = 1) -> list:
    return [month]


class Color(enum.Enum):
    RED = "red"


class Features(dn.NectarTask):
    task_type = "build_features"
    model_family = "tabular"

    trips: dn.Artifact[list]
    min_distance: float = 100.0
    colors: tuple[Color, ...] = ()

    def run(self):
        return [*self.inputs["trips"], self.min_distance]


class SkipsSuper(dn.NectarTask):
    def __init__(self, month, factor=2, *rest, scale: float = 1.0, **extra):
        self.doubled = month * factor
        self.rest = rest

    def run(self):
        return self.doubled


class Passes(dn.NectarTask):
    x: Any = None

    def run(self):
        return self.inputs


def name(instance):
    return dn.get_artifact_name(instance)


# Parameters


def test_fields_are_parameters_by_position_or_by_name():
    first = Features(flights(1), 50)
    assert name(first) == name(Features(trips=flights(month=1), min_distance=50.0))
    assert name(first).startswith("build_features/tabular/features/")
    assert first.min_distance == 50.0


def test_defaults_are_bound():
    assert name(Features(flights(1))) == name(Features(flights(1), 100, colors=[]))


def test_values_become_their_annotated_types():
    assert Features(flights(1), colors=["red"]).colors == (Color.RED,)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Features(), r"Features\(\) is called without trips; its parameters: trips, min_distance=100.0"),
        (lambda: Features(flights(1), minimum=3), "has no parameter 'minimum'"),
        (lambda: Features(flights(1), min_distence=3), "did you mean 'min_distance'"),
        (lambda: Features(flights(1), trips=flights(1)), "got trips twice"),
        (lambda: Features(flights(1), 1, (), 4), "takes 3 positional arguments, got 4"),
        (lambda: Features([1]), r"trips wants Artifact\[list\], but what was given is \[1\]"),
        (lambda: Features(flights(1), "far"), "min_distance wants float"),
        (lambda: Passes(object()), r"Passes\(\) refuses x: a object cannot be part of a name"),
        (lambda: SkipsSuper(), r"SkipsSuper\(\) is called without month"),
    ],
)
def test_a_wrong_construction_is_refused_at_the_call(call, said):
    with pytest.raises(ArgumentError, match=said):
        call()


def test_a_constructor_that_skips_super_loses_nothing():
    assert len({name(SkipsSuper(*args)) for args in [(1,), (2,), (1, 4), (2, 1), (1, 2, 3)]}) == 5
    assert name(SkipsSuper(1)) == name(SkipsSuper(month=1, factor=2, scale=1))
    assert name(SkipsSuper(1, scale=2)) != name(SkipsSuper(1)) != name(SkipsSuper(1, other=2))
    assert dn.run(SkipsSuper(3)) == 6


def test_the_constructor_gets_values_as_their_annotations_want_them():
    class Kept(dn.NectarTask):
        def __init__(self, scale: float):
            self.scale = scale

        def run(self):
            return self.scale

    assert repr(Kept(1).scale) == "1.0"


def test_constructor_and_fields_count_both_where_they_differ():
    class Both(dn.NectarTask):
        month: int
        label: str = "a"

        def __init__(self, month, shift=0):
            self.month = month + shift

        def run(self):
            return self.month

    assert len({name(Both(1)), name(Both(2)), name(Both(1, 1)), name(Both(1, 0))}) == 3
    assert dn.artifact(Both(1)).call.describe()["parameters"] == {"month": 1, "shift": 0}
    shifted = dn.artifact(Both(1, 1))
    shifted.name
    assert shifted.call.document["fields"] == {"label": "a", "month": 2}


def test_a_field_set_after_construction_counts():
    other = Features(flights(1))
    other.min_distance = 5.0
    assert name(other) != name(Features(flights(1)))


def test_an_annotated_field_without_a_value_is_refused_when_it_is_named():
    class Forgetful(dn.NectarTask):
        month: int

        def __init__(self):
            pass

        def run(self):
            return 1

    with pytest.raises(ArgumentError, match="the field month is annotated but was given no value"):
        name(Forgetful())


class WithoutParameters(dn.NectarTask):
    task_type: str = "train"
    model_family: str = "classifier"
    storage_layer: str = "memory://"
    limit: ClassVar[int] = 3
    other: "ClassVar[int]" = 3
    _private: int = 4
    unannotated = 5

    def run(self):
        return 1


def test_class_variables_private_names_and_options_are_no_parameters():
    with pytest.raises(ArgumentError, match="its parameters: none"):
        WithoutParameters(limit=3)
    instance = WithoutParameters()
    instance._private = 9
    assert name(instance) == name(WithoutParameters())
    assert name(instance).startswith("train/classifier/without_parameters/")


@pytest.mark.parametrize("taken", ["run", "requires", "inputs", "output", "get_artifact_path", "store_results"])
def test_names_of_the_base_class_are_refused_as_fields(taken):
    kind = type(dn.NectarTask)("Clash", (dn.NectarTask,), {"__annotations__": {taken: int}, "run": lambda self: 1})
    with pytest.raises(TaskDefinitionError, match=f"Clash: {taken} is a name of NectarTask; choose another"):
        kind()


def test_names_of_the_base_class_are_refused_as_arguments():
    class Clash(dn.NectarTask):
        def __init__(self, inputs):
            pass

        def run(self):
            return 1

    with pytest.raises(TaskDefinitionError, match="inputs is a name of NectarTask"):
        Clash(1)


def test_a_class_without_run_is_refused():
    class Idle(dn.NectarTask):
        pass

    with pytest.raises(TaskDefinitionError, match=r"Idle defines no run\(self\), which makes the result"):
        Idle()
    with pytest.raises(TaskDefinitionError, match="is to be subclassed"):
        dn.NectarTask()


def test_model_type_is_another_word_for_the_family():
    class Old(dn.NectarTask):
        model_type = "regressor"

        def run(self):
            return 1

    class Confused(Old):
        model_family = "classifier"

    assert name(Old()).startswith("task/regressor/old/")
    with pytest.raises(TaskDefinitionError, match="two words for one thing; keep one"):
        Confused()


def test_options_of_the_decorator_count_on_classes_too():
    @dn.task(task_type="fit", model_family="linear", name="renamed", version="1", ignore="jobs")
    class Decorated(dn.NectarTask):
        depth: int
        jobs: int = 1

        def run(self):
            return 1

    assert name(Decorated(1)).startswith("fit/linear/renamed/")
    assert name(Decorated(1, jobs=8)) == name(Decorated(1)) != name(Decorated(2))


def test_subclasses_inherit_fields_in_order_and_may_change_defaults():
    class Sub(Features):
        min_distance: float = 7
        extra: int = 1

    sub = Sub(flights(1))
    assert list(sub._call.arguments) == ["trips", "min_distance", "colors", "extra"]
    assert sub.min_distance == 7.0
    assert dn.run(sub) == [1, 7.0]
    assert name(sub).startswith("build_features/tabular/sub/")


def test_default_lists_are_not_shared():
    class Collects(dn.NectarTask):
        rows: list = [1]

        def run(self):
            return self.rows

    one = Collects()
    one.rows.append(2)
    assert Collects().rows == Collects.rows == [1]
    assert name(one) != name(Collects())


def test_a_list_given_to_the_constructor_is_its_own():
    given = [1]
    task = Passes(given)
    before = name(task)
    given.append(2)
    assert task.x == [1]
    assert name(Passes([1])) == before


def test_a_constructor_that_changes_its_list_does_not_change_what_it_was_called_with():
    class Pops(dn.NectarTask):
        def __init__(self, rows):
            self.first = rows.pop()

        def run(self):
            return self.first

    assert len({name(Pops([1, 2])), name(Pops([1, 3])), name(Pops([1, 2]))}) == 2


# Frozen


def test_a_parameter_is_frozen_once_the_task_is_named():
    task = Features(flights(1))
    name(task)
    with pytest.raises(FrozenTask, match=r"Features\.min_distance cannot change: the task is named build_features/"):
        task.min_distance = 3.0
    with pytest.raises(FrozenTask):
        del task.min_distance
    task.note = "not a parameter"


class Given(dn.NectarTask):
    label: str = "a"

    def __init__(self, a, label="a", **more):
        self.a, self.label, self.b = a, label, 0
        self.a = a

    def run(self):
        return self.a


def test_an_argument_of_the_constructor_that_is_no_field_is_frozen_once_it_is_made():
    for task in (Given(1, c=2), pickle.loads(pickle.dumps(Given(1, c=2)))):
        for attribute in ("a", "c"):
            with pytest.raises(FrozenTask, match=rf"Given\.{attribute} cannot change.*Given\({attribute}=…\)"):
                setattr(task, attribute, 7)
        with pytest.raises(FrozenTask):
            del task.a
        task.label, task.b = "b", 1
        assert name(task) not in (name(Given(1, c=2)), name(Given(7, c=2)))


@pytest.mark.parametrize("option", ["task_type", "model_type", "model_family"])
def test_a_constructor_parameter_that_looks_like_part_of_the_path_is_refused(option):
    namespace = {}
    exec(f"def __init__(self, {option}='x'): pass", namespace)
    kind = type(dn.NectarTask)("T", (dn.NectarTask,), {"__init__": namespace["__init__"], "run": lambda self: 1})
    with pytest.raises(
        TaskDefinitionError, match=f"T: the constructor's {option} .*Make it a class attribute.*or call"
    ):
        kind("xgb")


def test_a_constructor_may_take_a_storage_layer_which_is_no_parameter():
    class Elsewhere(dn.NectarTask):
        def __init__(self, storage_layer=None):
            self.storage_layer = storage_layer

        def run(self):
            return 1

    assert name(Elsewhere("memory://")) == name(Elsewhere())


def test_a_parameter_changed_in_place_after_it_was_named_is_noticed_before_it_runs():
    task = Passes([1])
    before = name(task)
    task.x.append(2)
    with pytest.raises(RunFailed, match="an argument, an input file or the code changed since it was named"):
        dn.run(task)
    assert not dn.artifact(task).exists()
    assert name(task) == before


# Requirements and inputs


def test_by_default_the_artifacts_among_the_parameters_are_required():
    assert dn.run(Passes([flights(1), {"a": flights(2)}])) == {"x": [[1], {"a": [2]}]}
    assert dn.run(Passes(3)) == {}


def test_artifacts_that_a_constructor_puts_into_fields_are_required():
    class Builds(dn.NectarTask):
        trips: dn.Artifact

        def __init__(self, month):
            self.trips = flights(month)

        def run(self):
            return self.inputs["trips"]

    assert dn.run(Builds(4)) == [4]
    assert name(Builds(4)) != name(Builds(5))


class Requires(dn.NectarTask):
    shape: ClassVar[Any] = None

    def requires(self):
        return type(self).shape()

    def run(self):
        return self.inputs


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (lambda: None, None),
        (lambda: [], []),
        (lambda: flights(1), [1]),
        (lambda: SkipsSuper(1), 2),
        (lambda: [flights(1), (flights(2), {"a": SkipsSuper(1)})], [[1], ([2], {"a": 2})]),
        (lambda: {"a": [flights(1)], 2: flights(2)[0]}, {"a": [[1]], 2: 2}),
        (lambda: (flights(month) for month in (1, 2)), [[1], [2]]),
        (lambda: [flights(1), 5], [[1], 5]),
    ],
    ids=["none", "empty", "artifact", "task object", "nested", "dict", "generator", "with a value"],
)
def test_inputs_have_the_shape_of_requires(shape, expected, monkeypatch):
    monkeypatch.setattr(Requires, "shape", staticmethod(shape))
    assert dn.run(Requires()) == expected


def test_what_is_required_is_part_of_the_name(monkeypatch):
    monkeypatch.setattr(Requires, "shape", staticmethod(lambda: flights(1)))
    before = name(Requires())
    monkeypatch.setattr(Requires, "shape", staticmethod(lambda: flights(2)))
    assert name(Requires()) != before


def test_what_cannot_be_required_is_refused(monkeypatch):
    monkeypatch.setattr(Requires, "shape", staticmethod(lambda: flights))
    with pytest.raises(ArgumentError, match=r"refuses requires\(\): flights is a task, not an artifact"):
        name(Requires())


def test_requires_is_asked_once_per_instance():
    asked = itertools.count()

    class Counts(dn.NectarTask):
        def requires(self):
            next(asked)
            return flights(1)

        def run(self):
            return self.inputs

    task = Counts()
    name(task), task.output(), dn.plan(task), dn.run(task), task.inputs
    assert next(asked) == 1


def test_a_field_that_requires_sets_counts():
    class Decides(dn.NectarTask):
        month: int = 0

        def requires(self):
            self.month = 3

        def run(self):
            return self.month

    task = Decides()
    name(task)
    assert dn.artifact(task).call.document["fields"] == {"month": 3}
    assert dn.run(task) == 3


def test_inputs_can_be_looked_at_outside_a_run():
    task = Features(flights(2))
    dn.run(flights(2))
    assert task.inputs == {"trips": [2]}


def test_a_parameter_that_is_an_artifact_is_a_handle_on_the_instance():
    artifact = flights(1)
    assert Features(artifact).trips is artifact


def test_an_instance_is_no_artifact_but_has_one():
    task = SkipsSuper(2)
    assert not isinstance(task, dn.Artifact)
    handle = dn.artifact(task)
    assert (handle.name, handle.uri) == (name(task), dn.get_artifact_path(task))
    assert (handle.run(), handle.load()) == (4, 4)


# Results


class ByHand(dn.NectarTask):
    times: int = 1
    returned: Any = None

    def run(self):
        for number in range(self.times):
            self.store_results(self.get_artifact_path(), {"number": number})
        return self.returned


def test_a_result_can_be_stored_by_hand():
    assert dn.run(ByHand()) == {"number": 0}


def test_none_is_a_result():
    assert dn.run(ByHand(times=0)) is None
    assert dn.artifact(ByHand(times=0)).exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"returned": 1}, "both stored a result and returned one; do one"),
        ({"times": 2}, "stored 2 results; it makes one"),
    ],
)
def test_storing_and_returning_or_storing_twice_is_a_type_error(arguments, said):
    with pytest.raises(RunFailed, match=said) as failed:
        dn.run(ByHand(**arguments))
    assert isinstance(failed.value.__cause__, TypeError)
    assert not dn.artifact(ByHand(**arguments)).exists()


def test_storing_outside_a_run_stores_at_once():
    task = SkipsSuper(5)
    task.store_results(task.get_artifact_path(), "by hand")
    assert dn.run(task) == "by hand"


def test_the_name_serves_as_the_path_too():
    task = SkipsSuper(6)
    task.store_results(name(task), "by name")
    assert dn.run(task) == "by name"


def test_storing_under_another_name_is_refused():
    with pytest.raises(ArgumentError, match=r"SkipsSuper makes .*, so it cannot store "):
        SkipsSuper(1).store_results(SkipsSuper(2).get_artifact_path(), 1)


def test_output_is_the_artifacts_path():
    task = SkipsSuper(1)
    assert task.output() == task.get_artifact_path() == dn.artifact(task).uri


# Copies


def test_an_instance_pickles_flat_and_keeps_its_name():
    task = Features(flights(1), 5)
    dn.run(task)
    twin = pickle.loads(pickle.dumps(task))
    assert (name(twin), twin.min_distance) == (name(task), 5.0)
    assert twin.inputs == {"trips": [1]}


def test_a_pickled_instance_brings_the_fields_that_were_set_later():
    task = Passes(1)
    task.x, task.note = 2, "kept"
    twin = pickle.loads(pickle.dumps(task))
    assert (twin.x, twin.note, name(twin)) == (2, "kept", name(task))


def test_unpickling_does_not_construct_again(monkeypatch):
    data = pickle.dumps(SkipsSuper(3))
    monkeypatch.setattr(SkipsSuper, "__init__", None)
    assert pickle.loads(data).doubled == 6
