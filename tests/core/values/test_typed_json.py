"""Typed JSON: whatever goes in comes out, types included; whatever it cannot hold is refused."""

import collections
import datetime as dt
import enum
import json
import math
import uuid
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datanectar.values.typed_json import NotPlain, decode, dumps, encode

zones = st.none() | st.timezones() | st.timedeltas(dt.timedelta(hours=-23), dt.timedelta(hours=23)).map(dt.timezone)
text_of_any_code_points = st.text(st.integers(0, 0x10FFFF).map(chr))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(1 << 200), 1 << 200),
    st.floats(),
    st.complex_numbers(),
    text_of_any_code_points,
    st.binary(),
    st.decimals().filter(lambda number: not number.is_snan()),  # which has no hash
    st.uuids(),
    st.dates(),
    st.timedeltas(),
    st.builds(lambda moment, fold: moment.replace(fold=fold), st.datetimes(timezones=zones), st.integers(0, 1)),
    st.builds(lambda moment, fold: moment.replace(fold=fold), st.times(), st.integers(0, 1)),
)
hashables = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=5,
)
keys = st.text(max_size=3) | st.sampled_from(["$", "$tuple", "$float"]) | hashables
values = st.recursive(
    hashables | st.sets(hashables, max_size=3),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(keys, inner),
    max_leaves=20,
)


def through_json(value):
    return decode(json.loads(json.dumps(encode(value), allow_nan=False)))


def exactly(value):
    """All that a value is, for comparison: NaN equals NaN, and 1, 1.0 and True differ."""
    kind = type(value)
    if kind in (list, tuple):
        return kind, [exactly(item) for item in value]
    if kind is dict:
        return kind, [(exactly(key), exactly(item)) for key, item in value.items()]
    if kind in (set, frozenset):
        return kind, sorted(repr(exactly(item)) for item in value)
    return kind, hex(value) if kind is int else repr(value)


@given(values)
def test_what_goes_in_comes_out(value):
    assert exactly(through_json(value)) == exactly(value)


@given(values)
def test_text_is_ascii_and_the_same_each_time(value):
    text = dumps(encode(value))
    assert text.isascii()
    assert dumps(encode(through_json(value))) == text


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        -0.0,
        complex(-0.0, math.nan),
        pytest.param(10**5000, id="5001 digits"),
        -(1 << 63) - 1,
        1 << 63,
        "\ud800",
        "\ud800\udc00",
        "\ud800\udc00\U00010000",
        ["plain", "\udbff\udfff"],
        {"\ud800\udc00": 1, "\U00010000": 2},
        {"$tuple": [1]},
        {"$unheard-of": 1},
        {"$": {"$": None}},
        {(1, "a"): {None: {1.5: b"x"}}},
        {1: "int", "1": "text"},
        {frozenset({1, 2}), frozenset()},
        Decimal("-0E+3"),
        Decimal("sNaN"),
        Decimal("1.10"),
        dt.datetime(2013, 10, 27, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
        dt.datetime(2013, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=-5), "EST")),
        dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1, microseconds=1))),
        dt.time(23, 59, 59, 999999, tzinfo=dt.UTC),
        dt.timedelta(days=-1, microseconds=1),
        uuid.UUID(int=0),
    ],
)
def test_awkward_values_come_out_as_they_went_in(value):
    assert exactly(through_json(value)) == exactly(value)


@pytest.mark.parametrize(
    "value",
    [
        np.int8(-5),
        np.uint64((1 << 64) - 1),
        np.float16(0.1),
        np.float32("nan"),
        np.float64(-0.0),
        np.bool_(True),
        np.datetime64("2013-01-01T00:00:00.000000001"),
        np.datetime64("NaT", "us"),
        np.timedelta64(5, "D"),
    ],
    ids=repr,
)
def test_numpy_scalars_keep_their_type(value):
    back = through_json([value])[0]
    assert (type(back), back.dtype, repr(back)) == (type(value), value.dtype, repr(value))


class Text(str):
    pass


class Number(enum.IntEnum):
    ONE = 1


class Zone(dt.tzinfo):
    pass


@pytest.mark.parametrize(
    "value",
    [
        Text("a"),
        Number.ONE,
        collections.OrderedDict(a=1),
        collections.namedtuple("Pair", "a b")(1, 2),
        pd.Timestamp("2013-01-01"),
        dt.datetime(2013, 1, 1, tzinfo=Zone()),
        bytearray(b"x"),
        range(3),
        object(),
        np.longlong(1),
        np.longdouble(1),
        np.complex64(1),
        np.str_("a"),
        np.arange(2),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("place", [lambda x: x, lambda x: [1, (x,)], lambda x: {"a": {2: x}}], ids=["", "list", "dict"])
def test_what_is_not_exactly_a_plain_type_is_refused(value, place):
    with pytest.raises(NotPlain):
        encode(place(value))


def test_a_refusal_names_the_type_and_has_the_value():
    offending = Text("a")
    with pytest.raises(NotPlain, match=r"test_typed_json\.Text is not a plain value") as refusal:
        encode({"a": [1, offending]})
    assert refusal.value.value is offending


def test_a_list_that_contains_itself_is_a_recursion_error():
    endless = []
    endless.append(endless)
    with pytest.raises(RecursionError):
        encode(endless)


def test_an_unknown_tag_is_refused():
    with pytest.raises(ValueError, match=r"unknown tag '\$later'"):
        decode({"$later": 1})


def test_sets_are_written_in_one_order():
    assert encode({"b", "a", "c"}) == {"$set": ["a", "b", "c"]}


def test_plain_json_stays_plain_json():
    document = {"a": [1, 2.5, None, True, "x"], "b": {"c": []}}
    assert encode(document) == document
