"""The law: a warm run returns what the cold run returned, types included."""

import datetime as dt
import subprocess
import sys
import uuid
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

lawful = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


@dataclass
class Point:
    x: object
    y: object = 0


any_text = st.text(st.characters(codec=None, categories=None))
zones = st.none() | st.just(dt.UTC) | st.sampled_from([ZoneInfo("Europe/Berlin"), dt.timezone(dt.timedelta(hours=2))])
hashables = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    any_text,
    st.binary(),
    st.dates(),
    st.datetimes(timezones=zones),
    st.times(),
    st.timedeltas(),
    st.decimals(allow_nan=False),
    st.uuids(),
    st.tuples(st.integers(), any_text),
)
scalars = hashables | st.floats() | st.complex_numbers() | st.integers(-(10**40), 10**40)
plain = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(hashables, inner, max_size=4),
        st.sets(hashables, max_size=4),
        st.frozensets(hashables, max_size=4),
    ),
    max_leaves=12,
)
leaves = st.sampled_from(
    [
        np.arange(5),
        np.array(["a", None], dtype=object),
        pd.DataFrame({"a": [1, 2]}),
        Point(1, (2.5, None)),
        Fraction(1, 3),
        range(3),
        bytearray(b"x"),
        np.float32(1.5),
        ...,
    ]
)
mixed = st.recursive(
    scalars | leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(hashables, inner, max_size=4),
    ),
    max_leaves=8,
)


@lawful
@given(plain)
def test_plain_values_come_back(trip, same, value):
    same(trip(value), value)


@lawful
@given(any_text)
def test_any_text_comes_back(trip, same, value):
    same(trip(value), value)


@lawful
@given(st.binary())
def test_any_bytes_come_back(trip, same, value):
    same(trip(value), value)


@lawful
@given(mixed)
def test_containers_of_anything_come_back(trip, same, value):
    same(trip(value), value)


@pytest.mark.parametrize(
    "value",
    [
        "line\r\nline\n\r\n",
        "\ud83d\ude00",
        "\ud83d" + "\ude00",
        "\ud800",
        "\ufeffmark",
        "\0",
        -0.0,
        float("nan"),
        float("-inf"),
        complex("nan-infj"),
        10**5000,
        Decimal("1.50"),
        Decimal("sNaN"),
        {1: "int", "1": "str", None: "none", (1, "a"): "tuple"},
        {True: 1},
        {"$tuple": [1, 2]},
        {"$tuple": (1, 2), "b": {"$set": []}},
        dt.datetime(2013, 10, 27, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
        dt.timezone(dt.timedelta(minutes=1), "odd"),
        dt.time(1, 2, 3, 4, dt.UTC),
        uuid.UUID(int=5),
        np.float64("nan"),
        np.datetime64("NaT", "D"),
        np.timedelta64(5, "D"),
        np.str_("text"),
        np.bytes_(b"x"),
        np.bool_(True),
        [[[]]],
        ((),),
        [(), [], {}, set(), frozenset(), "", b""],
    ],
    ids=lambda value: ascii(value)[:40] if not isinstance(value, int) else "large",
)
def test_the_awkward_ones_come_back(trip, same, value):
    same(trip(value), value)


class Text(str):
    pass


class Row(tuple):
    pass


class Numbers(list):
    pass


class Table(dict):
    pass


class Raw(bytes):
    pass


@pytest.mark.parametrize(
    "value", [Text("a"), Row((1, 2)), Numbers([1]), Table(a=1), Raw(b"x"), True, [Text("a"), {"b": Row()}]], ids=repr
)
def test_a_subclass_stays_one(trip, same, value):
    same(trip(value), value)


@pytest.mark.parametrize("depth", [3, 50])
def test_nesting_comes_back(trip, same, depth):
    value: object = 1
    for number in range(depth):
        value = [value] if number % 2 else {"a": (value,)}
    same(trip(value), value)


def test_storing_plain_values_imports_no_optional_library(tmp_path):
    code = """
import sys
import datanectar as dn
with dn.settings(storage_layer=sys.argv[1]):
    layer = dn.storage_layer()
    value = {"a": [1, 2.5, (None, "x" * 100_000)], 3: b"y" * 100_000, "big": list(range(100_000))}
    layer.store("a/b", value)
    assert layer.load("a/b") == value
    layer.store("a/c", "text"), layer.load("a/c"), layer.store("a/d", complex(1, 2)), layer.load("a/d")
heavy = {"numpy", "pandas", "polars", "pyarrow", "sklearn", "skops", "pickle5", "click", "rich"}
print(sorted(heavy & {name.partition(".")[0] for name in sys.modules}))
"""
    run = subprocess.run(
        [sys.executable, "-c", code, (tmp_path / "store").as_uri()], check=False, capture_output=True, text=True
    )
    assert (run.stdout, run.stderr) == ("[]\n", "")
