"""Edges: what one task returns must be able to be what another takes; only certain contradictions are refused."""

import datetime as dt
import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, NewType, Optional, Protocol, TypedDict, TypeVar

import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

import datanectar as dn
from datanectar.errors import ArgumentError
from datanectar.tasks.edges import fits

T = TypeVar("T")
Month = NewType("Month", int)


class Row(TypedDict):
    month: int


class HasName(Protocol):
    name: str


class Runs(Protocol):
    def run(self) -> None: ...


class Base:
    pass


class Derived(Base):
    pass


class Color(enum.Enum):
    RED = 1


class Task(dn.NectarTask):
    def run(self) -> str:
        return "a"


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (int, int),
        (int, float),
        (float, int | float),
        (bool, int),
        (int, bool),
        (Derived, Base),
        (Base, Derived),
        (int | None, int),
        (int | str, str | bytes),
        (None, int | None),
        (list[int], list[str]),
        (list, Sequence[int]),
        (pd.DataFrame, Iterable),
        (dict, Mapping[str, int]),
        (dict, Row),
        (Row, dict),
        (Any, str),
        (str, Any),
        (int, T),
        (T, int),
        (Month, str),
        (Literal[1], str),
        (int, HasName),
        (int, Runs),
        (Annotated[int, "miles"], float),
        (int, Annotated[float, "miles"]),
        (ClassifierMixin, BaseEstimator),
        (LogisticRegression, BaseEstimator),
        (dt.datetime, dt.date),
        (int, dn.Artifact),
        (int, dn.Artifact[int]),
        (int, dn.Artifact[float] | None),
        (int, Optional["dn.Artifact[Any]"]),
        (str, Task),
    ],
)
def test_what_may_match_is_taken(made, wanted):
    assert fits(made, wanted)


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (int, str),
        (float, int),
        (None, int),
        (int | str, bytes | None),
        (list, tuple),
        (pd.DataFrame, pl.DataFrame),
        (pd.DataFrame, LogisticRegression),
        (pd.DataFrame, pd.Series),
        (str, dt.date),
        (list[int], dict[str, int]),
        (Annotated[str, "a"], Annotated[int, "b"]),
        (int, dn.Artifact[str]),
        (Derived, Color),
        (int, Callable[[], int]),
    ],
)
def test_what_cannot_match_is_refused(made, wanted):
    assert not fits(made, wanted)


@dn.task
def frame() -> pd.DataFrame:
    return pd.DataFrame({"a": [1]})


@dn.task
def unannotated():
    return 1


@dn.task
def wants_model(model: LogisticRegression, others: list[LogisticRegression] | None = None):
    return 1


@dn.task
def wants_artifact(table: dn.Artifact[pd.DataFrame], more: dict[str, dn.Artifact] | None = None) -> int:
    return len(table)


def test_an_edge_that_cannot_match_is_refused_with_both_types():
    with pytest.raises(
        ArgumentError, match=r"wants_model\(\): model wants LogisticRegression, but what was given makes a DataFrame"
    ):
        wants_model(frame())


def test_an_edge_inside_a_list_is_checked_too():
    with pytest.raises(ArgumentError, match=r"others wants list\[LogisticRegression\] \| None"):
        wants_model(unannotated(), [frame()])


def test_parts_and_unannotated_results_may_be_anything():
    assert wants_model(unannotated(), [frame()["a"]]).name


def test_a_task_object_makes_what_its_run_is_annotated_with():
    with pytest.raises(ArgumentError, match="model wants LogisticRegression, but what was given makes a str"):
        wants_model(Task())


def test_a_parameter_annotated_as_an_artifact_receives_the_value():
    assert dn.run(wants_artifact(frame(), {"a": frame()})) == 1


def test_a_parameter_annotated_as_an_artifact_takes_no_plain_value():
    with pytest.raises(ArgumentError, match=r"table wants Artifact\[DataFrame\], but what was given is 5"):
        wants_artifact(5)
