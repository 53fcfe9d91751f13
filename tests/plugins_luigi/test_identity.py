"""A task of Luigi has one name: in this process, in a child, in an assistant that has it from text."""

from __future__ import annotations

import datetime as dt
import os
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path, PurePosixPath
from typing import Any

import luigi
import named
import numpy as np
import pytest
from luigi.date_interval import Week
from luigi.task_register import Register, load_task

import datanectar as dn

pytestmark = [
    pytest.mark.filterwarnings("ignore:Parameter"),  # Luigi's word on values of another type, which tests give
    pytest.mark.filterwarnings("ignore::luigi.parameter.UnconsumedParameterWarning"),
]
NAMES = """if True:
    import sys, named, datanectar as dn
    assert named.__name__ == "named"
    print(dn.get_artifact_name(named.NeedsASet()), dn.get_artifact_name(named.NeedsByName()))
"""


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        (named.AnyText, "a", "a"),
        (named.AnyText, 3, "3"),
        (named.AnyText, None, "None"),
        (named.AnyText, (1, "b"), "(1, 'b')"),
        (named.AnyText, dt.date(2013, 1, 1), "2013-01-01"),
        (named.Real, 1, 1.0),
        (named.Real, float("inf"), float("inf")),
        (named.Real, 0.1, 0.1),
        (named.Whole, 3, 3),
        (named.Whole, np.int64(3), 3),
        (named.Optional, "", None),
        (named.Optional, None, None),
        (named.Items, [1, [2.5, {"b": None, "a": True}]], (1, (2.5, {"a": True, "b": None}))),
        (named.Mapping, {"b": [1], "a": {"c": "d"}}, {"a": {"c": "d"}, "b": (1,)}),
        (named.Mapping, {1: 2}, {"1": 2}),
        (named.Path, PurePosixPath("a/b"), "a/b"),
        (named.Interval, Week.parse("2020-W01"), {"Week": "2020-W01"}),
        (named.Class, named.Real, "Real"),
        (named.Day, dt.date(2024, 2, 29), dt.date(2024, 2, 29)),
        (named.Choice, 2, 2),
        (named.Enum, named.Color.RED, named.Color.RED),
        (named.Enums, (named.Color.RED,), (named.Color.RED,)),
    ],
)
def test_a_parameter_counts_as_what_another_process_reads_from_its_text(kind: Any, value: Any, kept: Any) -> None:
    task = kind(x=value)
    name, arguments = dn.get_artifact_name(task), dn.artifact(task).call.arguments
    assert arguments == {"x": kept}
    assert type(arguments["x"]) is type(kept)
    text = task.to_str_params()
    Register.clear_instance_cache()
    assert dn.get_artifact_name(load_task("named", kind.get_task_family(), text)) == name
    assert dn.get_artifact_name(pickle.loads(pickle.dumps(task))) == name


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: named.AnyText(x=object()),
            "AnyText.x cannot be part of a name: as text a value of type object does",
        ),
        (lambda: named.AnyText(x=np.zeros(5000)), "as text a value of type ndarray does not say which one it is"),
        (lambda: named.Unreadable(x="a"), "Unreadable.x cannot be part of a name: its text 'a' cannot be read back"),
        (lambda: named.SkipsSuper(), r"its __init__ has to call super\(\).__init__"),
    ],
)
def test_what_no_other_process_could_have_is_refused_with_the_way_out(make: Any, message: str) -> None:
    with pytest.raises(dn.errors.ArgumentError, match=message):
        dn.get_artifact_name(make())


def test_insignificant_hidden_and_private_parameters_do_not_count() -> None:
    name = dn.get_artifact_name(named.Hidden())
    assert name == dn.get_artifact_name(named.Hidden(jobs=8, token="t", password="secret"))
    assert name != dn.get_artifact_name(named.Hidden(x=2))
    assert dn.artifact(named.Hidden(password="secret")).call.arguments == {"x": 1}


def test_a_set_of_requirements_has_no_order_in_any_process() -> None:
    here = f"{dn.get_artifact_name(named.NeedsASet())} {dn.get_artifact_name(named.NeedsByName())}\n"
    for seed in "123":
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", NAMES],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout == here, done.stderr


def test_which_input_is_which_is_part_of_the_name_and_their_order_in_a_dict_is_not() -> None:
    name = dn.get_artifact_name(named.NeedsByName())
    assert name == dn.get_artifact_name(named.NeedsByName(first="right"))
    assert name != dn.get_artifact_name(named.NeedsByName(swapped=True))


@pytest.mark.parametrize(
    ("task", "needed"),
    [
        (named.NeedsInTurn(), [named.Whole(x=1), named.Whole(x=2)]),
        (named.OfATemplate(), [named.Whole(x=1), named.Whole(x=99)]),
        (named.Delegates(), [named.Whole(x=5)]),
        (named.Whole(x=1), []),
    ],
)
def test_all_that_luigi_makes_a_task_wait_for_are_inputs(task: luigi.Task, needed: list[luigi.Task]) -> None:
    inputs = [artifact.name for artifact in dn.artifact(task).call.inputs()]
    assert inputs == [dn.get_artifact_name(other) for other in needed]
    assert task.deps() == needed


def test_a_task_may_look_around_before_it_says_what_it_needs() -> None:
    assert dn.get_artifact_name(named.AsksFirst()).startswith("task/none/asks_first/")


def test_neither_luigis_id_nor_its_namespace_nor_the_module_are_part_of_the_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = dn.get_artifact_name(named.Whole(x=7))
    Register.clear_instance_cache()
    monkeypatch.setattr(named.Whole, "task_namespace", "moved")
    task = named.Whole(x=7)
    assert task.task_id.startswith("moved.Whole_7")
    assert dn.get_artifact_name(task) == name


def _name_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> str:
    """The name of ``T(x=1)`` of a module with a class of this body."""
    number = len(list(tmp_path.iterdir()))
    (tmp_path / f"body_{number}.py").write_text(
        f"import luigi\nimport datanectar as dn\n\n@dn.task\nclass T(luigi.Task):\n{textwrap.indent(body, '    ')}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return dn.get_artifact_name(__import__(f"body_{number}").T(x=1))


def test_how_parameters_are_declared_is_no_code_and_what_run_does_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = "def run(self):\n    return 1"
    first = _name_of(tmp_path, monkeypatch, f"x = luigi.IntParameter()\nn = luigi.IntParameter(default=2)\n{run}")
    described = 'x = luigi.IntParameter(default=5, description="how many")\nn = luigi.IntParameter(default=2)'
    assert _name_of(tmp_path, monkeypatch, f"{described}\n{run}") == first
    jobs = "x = luigi.IntParameter()\nn = luigi.IntParameter(default=2)\njobs = luigi.IntParameter(significant=False, "
    assert _name_of(tmp_path, monkeypatch, f"{jobs}default=1)\n{run}") == first
    other_default = "x = luigi.IntParameter()\nn = luigi.IntParameter(default=3)"
    assert _name_of(tmp_path, monkeypatch, f"{other_default}\n{run}") != first
    other_run = "def run(self):\n    return 2"
    assert (
        _name_of(tmp_path, monkeypatch, f"x = luigi.IntParameter()\nn = luigi.IntParameter(default=2)\n{other_run}")
        != first
    )


def test_code_of_luigi_and_of_the_plugin_is_none_of_the_tasks() -> None:
    wrapper = type("Wraps", (luigi.WrapperTask,), {"__module__": "named"})
    found = dn.artifact(wrapper()).call.definition.code()
    assert found is not None
    assert list(found.functions) == ["named:Wraps"]


def test_a_type_or_family_that_is_said_twice_is_refused() -> None:
    with pytest.raises(TypeError, match=r"has the parameter task_type, and @dn\.task says task_type='a'; keep one"):

        @dn.task(task_type="a")
        class Decorated(luigi.Task):
            task_type = luigi.Parameter()

    class TwoWords(luigi.Task):
        model_family, model_type = "tree", "forest"

    with pytest.raises(TypeError, match="two words for one thing"):
        dn.get_artifact_name(TwoWords())


def test_a_parameter_that_comes_in_above_the_decorator_is_refused_as_well() -> None:
    class Typed(luigi.Task):
        model_type = luigi.Parameter(default="b")

    @luigi.util.inherits(Typed)
    @dn.task(model_family="a")
    class Inherits(luigi.Task):
        pass

    with pytest.raises(TypeError, match=r"has the parameter model_type, and @dn\.task says model_family='a'"):
        dn.get_artifact_name(Inherits())
