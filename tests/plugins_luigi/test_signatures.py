"""Values of parameters come back from text as exactly what they were, and are refused where they would not."""

from __future__ import annotations

import datetime as dt
import inspect
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NewType, Optional
from zoneinfo import ZoneInfo

import luigi
import numpy as np
import pipeline_a
import pytest
from hypothesis import given
from hypothesis import strategies as st
from luigi.freezing import FrozenOrderedDict
from pipeline_a import Color, Frame

import datanectar as dn
from datanectar_luigi.inputs import thaw
from datanectar_luigi.signatures import form_of, parameter_for

NOTHING = inspect.Parameter.empty
UserId = NewType("UserId", int)

TEXTS = st.text() | st.sampled_from(
    ["", "none", "null", "1", "true", '"', '"a"', '{"$tasks": []}', "NaN", "1.0", "[1]"]
)
FLOATS = st.floats()
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS.filter(lambda key: key[:1] != "$"), inner, max_size=3)
    ),
    max_leaves=6,
)
OFFSETS = st.integers(-86_399, 86_399).map(lambda seconds: dt.timezone(dt.timedelta(seconds=seconds)))
ZONES = st.none() | st.just(dt.UTC) | OFFSETS | st.sampled_from(["Europe/Berlin", "UTC"]).map(ZoneInfo)


def with_a_fold_that_tells(moment: dt.datetime) -> dt.datetime:
    """Where an hour does not come twice, the fold says nothing, and text does not keep it."""
    first, second = moment.replace(fold=0), moment.replace(fold=1)
    return first if first.utcoffset() == second.utcoffset() else moment


AN_HOUR_TWICE = dt.datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
MOMENTS = (
    st.datetimes(dt.datetime(1980, 1, 1), dt.datetime(2035, 1, 1), timezones=ZONES, allow_imaginary=False)
    | st.sampled_from([AN_HOUR_TWICE, AN_HOUR_TWICE.replace(fold=1)])
).map(with_a_fold_that_tells)
LAWFUL = {
    "flag": (bool, st.booleans()),
    "count": (int, st.integers()),
    "share": (float, FLOATS),
    "text": (str, TEXTS),
    "maybe": (int | None, st.none() | st.integers()),
    "note": (Optional[str], st.none() | TEXTS),  # noqa: UP045
    "mode": (Literal["fast", "slow", 1, "1"], st.sampled_from(["fast", "slow", 1, "1"])),
    "color": (Color, st.sampled_from(Color)),
    "day": (dt.date, st.dates()),
    "clock": (dt.time, st.times().map(lambda time: time.replace(fold=0))),
    "wait": (dt.timedelta, st.timedeltas()),
    "price": (Decimal, st.decimals()),
    "key": (uuid.UUID, st.uuids()),
    "raw": (bytes, st.binary()),
    "numbers": (list[float], st.lists(FLOATS)),
    "days": (list[dt.date], st.lists(st.dates())),
    "pair": (tuple[int, str], st.tuples(st.integers(), TEXTS)),
    "many": (tuple[bool, ...], st.lists(st.booleans()).map(tuple)),
    "chosen": (set[int], st.sets(st.integers())),
    "options": (
        dict[str, list[int | None]],
        st.dictionaries(TEXTS | st.just("$a"), st.lists(st.none() | st.integers())),
    ),
    "by_number": (dict[int, Color], st.dictionaries(st.integers(), st.sampled_from(Color))),
    "either": (int | float | bool | str | None, st.none() | st.booleans() | st.integers() | FLOATS | TEXTS),
    "bare": (list, st.lists(JSON_VALUES, max_size=3)),
    "anything": (None, JSON_VALUES),
}
OTHERS = {
    "annotated": (Annotated[int, "rows"], st.integers()),
    "new type": (UserId, st.integers()),
    "frozen": (frozenset[str], st.frozensets(TEXTS)),
    "empty": (tuple[()], st.just(())),
    "nested": (
        list[tuple[str, dict[str, set[int]]]],
        st.lists(st.tuples(TEXTS, st.dictionaries(TEXTS, st.sets(st.integers())))),
    ),
}


def exactly(value: Any) -> Any:
    """Something that is equal for two values only if they are the same, types included."""
    if isinstance(value, dict):
        return {"dict": sorted((repr(exactly(key)), exactly(item)) for key, item in value.items())}
    if isinstance(value, (list, tuple)):
        return type(value), [exactly(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return type(value), sorted(map(repr, value))
    return type(value), repr(value)


def round_trip(annotation: Any, value: Any) -> Any:
    parameter = parameter_for("x", annotation, NOTHING, "f")
    kept = parameter.normalize(value)
    text = parameter.serialize(kept)
    assert parameter.serialize(parameter.parse(text)) == text
    return thaw(parameter.parse(text))


@pytest.mark.parametrize("name", [*LAWFUL, *OTHERS])
@given(data=st.data())
def test_what_is_read_from_text_is_what_was_written(name: str, data: st.DataObject) -> None:
    annotation, values = (LAWFUL | OTHERS)[name]
    value = data.draw(values)
    assert exactly(round_trip(annotation, value)) == exactly(value)


@given(moment=MOMENTS)
def test_moments_keep_their_microseconds_zones_and_folds(moment: dt.datetime) -> None:
    found = round_trip(dt.datetime, moment)
    assert (found, found.fold, found.tzinfo, repr(found)) == (moment, moment.fold, moment.tzinfo, repr(moment))


@given(given_values=st.fixed_dictionaries({name: values for name, (_, values) in LAWFUL.items()}), moment=MOMENTS)
def test_text_names_the_artifact_that_the_call_names(given_values: dict[str, Any], moment: dt.datetime) -> None:
    task = pipeline_a.Typed(**given_values, at=moment)
    again = pipeline_a.Typed.from_str_params(task.to_str_params())
    name = dn.get_artifact_name(pipeline_a.typed(**given_values, at=moment))
    assert dn.get_artifact_name(task) == dn.get_artifact_name(again) == name
    assert again == task
    assert task.clone() == task


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (bool, luigi.BoolParameter),
        (int, luigi.IntParameter),
        (int | None, luigi.IntParameter),
        (float, luigi.FloatParameter),
        (str, luigi.Parameter),
        (Literal["a", "b"], luigi.ChoiceParameter),
        (Color, luigi.EnumParameter),
        (dt.date, luigi.DateParameter),
        (dt.timedelta, luigi.TimeDeltaParameter),
        (list[int], luigi.ListParameter),
        (tuple[int, ...], luigi.TupleParameter),
        (dict[str, int], luigi.DictParameter),
    ],
)
def test_a_parameter_is_of_luigis_class_for_its_type(annotation: Any, kind: type[luigi.Parameter]) -> None:
    assert isinstance(parameter_for("x", annotation, NOTHING, "f"), kind)


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (bool, "False", False),
        (bool, "true", True),
        (bool, "no", False),
        (int | None, "", None),
        (int | None, "7", 7),
        (Color, "RED", Color.RED),
        (Color, "green", Color.GREEN),
        (dt.datetime, "2024-02-29T10:30", dt.datetime(2024, 2, 29, 10, 30)),
        (dt.timedelta, "90", dt.timedelta(seconds=90)),
        (dt.timedelta, "2 hours", dt.timedelta(hours=2)),
        (dt.timedelta, "1.5", dt.timedelta(seconds=1.5)),
        (list[int], "[1, 2]", [1, 2]),
        (list[int], "1,2", [1, 2]),
        (list[str], "a,b", ["a", "b"]),
        (list[float], "[1, 2.5]", [1.0, 2.5]),
        (tuple[int, str], "1,b", (1, "b")),
        (dict[int, str], '{"3": "c"}', {3: "c"}),
        (list[Literal[1, 2]], "[1, 2]", [1, 2]),
        (int | str, "3", 3),
        (int | str, '"3"', "3"),
        (None, "3", 3),
        (None, "abc", "abc"),
        (None, "[1, null]", [1, None]),
    ],
)
def test_people_can_write_values_as_they_are_used_to(annotation: Any, text: str, value: Any) -> None:
    assert exactly(thaw(parameter_for("x", annotation, NOTHING, "f").parse(text))) == exactly(value)


@pytest.mark.parametrize(
    ("annotation", "given_value", "value"),
    [
        (float, 3, 3.0),
        (list[int], (1, 2), [1, 2]),
        (tuple[float, ...], [1, 2], (1.0, 2.0)),
        (dt.date, "2024-02-29", dt.date(2024, 2, 29)),
        (Color, "RED", Color.RED),
        (int, np.int64(3), 3),
        (list[dict[str, tuple[int]]], [FrozenOrderedDict(a=(1,))], [{"a": (1,)}]),
    ],
)
def test_a_value_is_brought_to_its_type_where_that_loses_nothing(annotation: Any, given_value: Any, value: Any) -> None:
    parameter = parameter_for("x", annotation, NOTHING, "f")
    assert exactly(thaw(parameter.normalize(given_value))) == exactly(value)


@pytest.mark.parametrize(
    ("annotation", "value", "message"),
    [
        (int, "3", r"f\(\): x wants int, but what was given is '3'"),
        (int, True, "x wants int, but what was given is True"),
        (int, 1.0, "x wants int"),
        (float, 2**53 + 1, "x wants float"),
        (str, 3, "x wants str"),
        (bool, 1, "x wants bool"),
        (Literal["a", "b"], "c", "x wants 'a' or 'b', but what was given is 'c'"),
        (Color, "BLUE", "x wants Color, but what was given is 'BLUE': it has RED, GREEN"),
        (dt.date, dt.datetime(2024, 1, 1), "x wants date"),
        (list[int], [1, "2"], "x wants list"),
        (tuple[int, str], (1,), "x wants tuple"),
        (list, [(1, 2)], "tuple is not in JSON"),
        (None, {1: 2}, "dict is not in JSON"),
        (dt.datetime, dt.datetime(2024, 1, 1, fold=1), "as text it is not all that it is"),
        (dt.date | str, "2024-01-01", "could be a value of another type of the union"),
        (int | None, object(), r"x wants int \| None"),
    ],
)
def test_what_text_would_make_something_else_of_is_refused(annotation: Any, value: Any, message: str) -> None:
    with pytest.raises(dn.errors.ArgumentError, match=message):
        parameter_for("x", annotation, NOTHING, "f").normalize(value)


@pytest.mark.parametrize(
    ("annotation", "text", "message"),
    [
        (int, "many", r"f\(\): x wants int, but the text is 'many'"),
        (bool, "maybe", "x wants bool, but the text is 'maybe'"),
        (Literal["a"], "b", "x wants 'a', but the text is 'b'"),
        (dt.date, "tomorrow", "x wants date, but the text is 'tomorrow'"),
        (dt.timedelta, "soon", "x wants timedelta, but the text is 'soon'"),
        (Decimal, "dear", "x wants Decimal, but the text is 'dear'"),
        (list[int], "[1, 2", "x wants list"),
        (dict[str, int], "[1]", "x wants dict"),
    ],
)
def test_a_text_that_means_nothing_is_refused_with_what_is_wanted(annotation: Any, text: str, message: str) -> None:
    with pytest.raises(dn.errors.ArgumentError, match=message):
        parameter_for("x", annotation, NOTHING, "f").parse(text)


def test_a_file_is_given_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,b\n")
    assert round_trip(dn.File, dn.File(tmp_path / "table.csv")) == dn.File(tmp_path / "table.csv")


def test_a_default_that_is_not_of_the_type_is_told_when_the_parameter_is_made() -> None:
    with pytest.raises(dn.errors.TaskDefinitionError, match=r"the default does not fit: f\(\): x wants int"):
        parameter_for("x", int, "auto", "f")


def test_without_an_annotation_the_type_of_the_default_decides_and_none_says_nothing() -> None:
    assert parameter_for("x", None, 3, "f").parse("4") == 4
    assert parameter_for("x", None, "a", "f").parse("4") == "4"
    assert parameter_for("x", None, None, "f").parse("4") == 4
    assert parameter_for("x", int, None, "f").parse("") is None


def test_a_type_without_text_is_for_tasks_only() -> None:
    with pytest.raises(dn.errors.TaskDefinitionError, match="x is annotated as Frame, which has no form as text"):
        parameter_for("x", Frame, NOTHING, "f")
    made = parameter_for("x", Frame, NOTHING, "f", takes_tasks=True)
    with pytest.raises(
        dn.errors.ArgumentError,
        match=r"f\(\): x wants a task that makes it \(Frame\), of Luigi or of Datanectar, but .* is a Frame",
    ):
        made.normalize(Frame([]))
    assert type(form_of(Frame)) is type(form_of(np.ndarray))
