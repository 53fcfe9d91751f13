"""Values as their annotations want them, from Python and from text: nothing is lost, and nothing is guessed."""

# ruff: noqa: UP006, UP007, UP045 - typing's own spelling is under test too
import collections.abc as abc
import datetime as dt
import enum
import typing
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal, NewType, Optional, Protocol, TypeVar, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datanectar.values.annotations import MISMATCH, UNKNOWN, convert, describe
from datanectar.values.text import parse_text


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1


class Closes(Protocol):
    def close(self) -> None: ...


Month = NewType("Month", int)
Airport = NewType("Airport", str)
T = TypeVar("T")
JANUARY = dt.date(2013, 1, 1)
NOON = dt.datetime(2013, 1, 1, 12)


def exactly(value):
    """The value with the types of everything in it."""
    if isinstance(value, (list, tuple)):
        return type(value), [exactly(item) for item in value]
    if isinstance(value, dict):
        return dict, [(exactly(key), exactly(item)) for key, item in value.items()]
    if isinstance(value, (set, frozenset)):
        return type(value), sorted(repr(exactly(item)) for item in value)
    return type(value), repr(value)


@pytest.mark.parametrize(
    ("value", "annotation", "expected"),
    [
        # int → float, where the float is that number
        (1, float, 1.0),
        (2**53, float, 2.0**53),
        (2**53 + 1, float, MISMATCH),
        (10**400, float, MISMATCH),
        (True, float, MISMATCH),
        (1.0, int, MISMATCH),
        (True, int, True),
        (1, bool, MISMATCH),
        (1, complex, 1),
        (1, str, MISMATCH),
        ("1", int, MISMATCH),
        # list ↔ tuple
        ([1, 2], tuple, (1, 2)),
        ((1, 2), list, [1, 2]),
        ([1, 2], tuple[float, ...], (1.0, 2.0)),
        ((1, 2), list[float], [1.0, 2.0]),
        ([1, "a"], tuple[float, str], (1.0, "a")),
        ([1], tuple[float, str], MISMATCH),
        ([], list[int], []),
        ({1}, list[int], MISMATCH),
        ([1], set[int], MISMATCH),
        # text → dates and times
        ("2013-01-01", dt.date, JANUARY),
        ("2013-01-01T12:00", dt.datetime, NOON),
        ("12:30", dt.time, dt.time(12, 30)),
        ("2013-01-01 12:00+01:00", dt.datetime, NOON.replace(tzinfo=dt.timezone(dt.timedelta(hours=1)))),
        ("yesterday", dt.date, MISMATCH),
        ("2013-02-30", dt.date, MISMATCH),
        (20130101, dt.date, MISMATCH),
        # text → Enum, by value or by name
        ("red", Color, Color.RED),
        ("RED", Color, Color.RED),
        ("green", Color, MISMATCH),
        (1, Level, MISMATCH),
        (Color.RED, Color, Color.RED),
        (Level.LOW, int, Level.LOW),
        # unions: an exact match wins, else the first that can be
        (1, float | int, 1),
        (1, Union[float, int], 1),
        (1, float | str, 1.0),
        ("2013-01-01", dt.date | str, "2013-01-01"),
        ("2013-01-01", dt.date | None, JANUARY),
        (None, Optional[int], None),
        (None, int, MISMATCH),
        ((1,), list[int] | tuple[int, ...], (1,)),
        ((1,), tuple[float, ...] | tuple[int, ...], (1,)),
        ({"a": 1}, dict[str, float] | dict[str, int], {"a": 1}),
        ({1, 2}, set[float] | set[int], {1, 2}),
        (1, float | Literal[1], 1),
        (1, float | Month, 1),
        (b"x", int | str, MISMATCH),
        # Literal tells types apart
        (1, Literal[1, 2], 1),
        (1.0, Literal[1, 2], MISMATCH),
        (True, Literal[1], MISMATCH),
        ("a", Literal["b"], MISMATCH),
        # wrappers
        (1, Month, 1),
        ("1", Month, MISMATCH),
        (1, Annotated[float, "unit: miles"], 1.0),
        (1, Annotated[float | None, "unit: miles"], 1.0),
        # nesting
        ({"a": [1]}, dict[str, tuple[float, ...]], {"a": (1.0,)}),
        ({"a": 1}, dict[int, int], MISMATCH),
        ({"2013-01-01": "red"}, dict[dt.date, Color], {JANUARY: Color.RED}),
        ({"2013-01-01": 1, JANUARY: 2}, dict[dt.date, int], MISMATCH),
        ([["2013-01-01"]], list[list[dt.date]], [[JANUARY]]),
        ({1, 2}, set[float], {1.0, 2.0}),
        ({"2013-01-01", JANUARY}, set[dt.date], MISMATCH),
        (frozenset({1}), frozenset[float], frozenset({1.0})),
        (frozenset({1}), set[int], MISMATCH),
        ((1,), abc.Sequence[float], (1.0,)),
        ([1], abc.Iterable[float], [1.0]),
        ({"a": 1}, abc.Mapping[str, float], {"a": 1.0}),
        ("abc", abc.Sequence[str], "abc"),
        # annotations that say little
        (1, Any, 1),
        ([1], object, [1]),
        ([1], typing.List, [1]),
        ((1, "a"), typing.Tuple, (1, "a")),
        ({1: 2}, typing.Dict, {1: 2}),
        ([1], abc.Sequence, [1]),
        (1, T, 1),
        (1, Closes, 1),
        (1, "an annotation that is no type", 1),
        (None, None, None),
        (0, None, MISMATCH),
    ],
)
def test_a_value_becomes_its_annotated_type_where_that_loses_nothing(value, annotation, expected):
    assert exactly(convert(value, annotation)) == exactly(expected)


ANNOTATIONS = st.recursive(
    st.sampled_from([int, float, str, bool, None, Any, dt.date, Color, Month, Literal[1, "a"]]),
    lambda inner: st.one_of(
        inner.map(lambda item: list[item]),
        inner.map(lambda item: tuple[item, ...]),
        inner.map(lambda item: Optional[item]),
        st.tuples(inner, inner).map(lambda pair: dict[pair[0], pair[1]]),
        st.tuples(inner, inner).map(lambda pair: Union[pair[0], pair[1]]),
    ),
    max_leaves=6,
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.just(1.5) | st.sampled_from(["a", "red", "2013-01-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple),
    max_leaves=6,
)


@given(VALUES, ANNOTATIONS)
def test_converting_twice_is_converting_once(value, annotation):
    once = convert(value, annotation)
    if once is not MISMATCH:
        assert exactly(convert(once, annotation)) == exactly(once)


@given(st.dictionaries(st.dates(), st.integers(), min_size=2))
def test_a_dict_whose_keys_were_text_is_ordered_by_its_keys_alone(dates):
    as_text = {key.isoformat(): value for key, value in reversed(dates.items())}
    again = {key.isoformat(): value for key, value in dates.items()}
    assert list(convert(as_text, dict[dt.date, int])) == list(convert(again, dict[dt.date, int]))


@pytest.mark.parametrize(
    ("text", "annotation", "expected"),
    [
        ("5", int, 5),
        ("5", float, 5.0),
        ("5", str, "5"),
        ("5.5", int, MISMATCH),
        ("five", int, MISMATCH),
        ("true", bool, True),
        ("No", bool, False),
        ("2", bool, MISMATCH),
        ("1.10", Decimal, Decimal("1.10")),
        ("much", Decimal, MISMATCH),
        ("1+2j", complex, 1 + 2j),
        ("abc", bytes, b"abc"),
        ("2013-01-01", dt.date, JANUARY),
        ("2013-01-01T12:00", dt.datetime, NOON),
        ("12:30", dt.time, dt.time(12, 30)),
        ("12345678-1234-5678-1234-567812345678", uuid.UUID, uuid.UUID("12345678-1234-5678-1234-567812345678")),
        ("not one", uuid.UUID, MISMATCH),
        ("red", Color, Color.RED),
        ("BLUE", Color, Color.BLUE),
        ("1", Level, Level.LOW),
        ("green", Color, MISMATCH),
        ("none", Optional[int], None),
        ("null", None, None),
        ("", Optional[int], None),
        ("5", Optional[int], 5),
        ("5", int | str, 5),
        ("5", float | int, 5),
        ("5", str | int, 5),
        ("x", str | int, "x"),
        ("1", bool | int, 1),
        ("true", bool | int, True),
        ("5", list[int] | int, 5),
        ("auto", Literal["auto"] | int, "auto"),
        ("2", Literal[1, 2], 2),
        ("3", Literal[1, 2], MISMATCH),
        ("5", Month, 5),
        ("JFK", Airport, "JFK"),
        ("5", Airport, "5"),
        ("5", Annotated[float, "miles"], 5.0),
        ("1,2", list[int], [1, 2]),
        ("5", list[int], [5]),
        ("[1, 2]", list[float], [1.0, 2.0]),
        ("", list[int], []),
        ("a,b", list[str], ["a", "b"]),
        ("1,2", list[str], ["1", "2"]),
        ("1,b", tuple[int, str], (1, "b")),
        ("1", tuple[int, str], MISMATCH),
        ("2013-01-01,2013-01-01", tuple[dt.date, ...], (JANUARY, JANUARY)),
        ("1,2,2", set[int], {1, 2}),
        ("1,x", list[int], MISMATCH),
        ("1,2", list, [1, 2]),
        ("1,2", abc.Sequence[int], [1, 2]),
        ('{"a": 1}', dict[str, float], {"a": 1.0}),
        ("a=1", dict[str, float], MISMATCH),
        ("abc", object, "abc"),
        ("abc", T, "abc"),
        ("abc", abc.Mapping[str, int], MISMATCH),
    ],
)
def test_text_is_read_by_the_annotation(text, annotation, expected):
    assert exactly(parse_text(text, annotation)) == exactly(expected)


@pytest.mark.parametrize(
    ("text", "default", "expected"),
    [
        ("5", 1, 5),
        ("5", 1.0, 5.0),
        ("5", "x", "5"),
        ("yes", False, True),
        ("5.5", 1, MISMATCH),
        ("5", None, 5),
        ("true", None, True),
        ("null", None, None),
        ("[1]", None, [1]),
        ("abc", None, "abc"),
        ("JFK", Color.RED, "JFK"),
    ],
)
def test_without_an_annotation_the_default_says_how_text_is_read(text, default, expected):
    assert exactly(parse_text(text, UNKNOWN, default)) == exactly(expected)


@given(
    st.integers()
    | st.floats(allow_nan=False)
    | st.dates()
    | st.times().map(lambda time: time.replace(fold=0))
    | st.datetimes().map(lambda moment: moment.replace(fold=0))
    | st.decimals(allow_nan=False)
)
def test_text_of_a_value_is_read_as_that_value(value):
    assert exactly(parse_text(str(value), type(value))) == exactly(value)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "int"),
        (None, "None"),
        (Optional[int], "int | None"),
        (int | str, "int | str"),
        (list[dt.date], "list[date]"),
        (tuple[int, ...], "tuple[int, …]"),
        (dict[str, list[Color]], "dict[str, list[Color]]"),
        (Literal["a", 1], "'a' or 1"),
        (Month, "Month"),
        (Any, "Any"),
    ],
)
def test_annotations_are_described_as_people_write_them(annotation, text):
    assert describe(annotation) == text
