"""Arguments at the call: converted, copied, and refused with the parameter's name and a way out."""

import collections
import dataclasses
import datetime as dt
import enum
import math
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

import datanectar as dn
from datanectar.errors import ArgumentError


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Options:
    depth: int
    names: list[str] = dataclasses.field(default_factory=list)
    unit: ClassVar[str] = "mile"


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    depth: int
    unit: ClassVar[str] = "mile"


@dataclasses.dataclass
class Seeded:
    depth: int
    seed: dataclasses.InitVar[int]


class Undecorated(Options):
    pass


class Text(str):
    pass


class Pair(NamedTuple):
    a: int
    b: int


class Zone(dt.tzinfo):
    def utcoffset(self, when: Any) -> dt.timedelta:
        return dt.timedelta(0)


class Train(dn.NectarTask):
    def run(self) -> int:
        return 1


@dn.task
def free(x):
    return x


@dn.task
def on_day(day: dt.date, ratio: float = 0.5, sizes: tuple[int, ...] = (1,), color: Color = Color.RED):
    return day


@dn.task
def upstream(n: int = 1) -> int:
    return n


def checked(task, *args, **kwargs):
    return task(*args, **kwargs).call.arguments


def test_defaults_are_bound():
    assert checked(on_day, dt.date(2013, 1, 1)) == {
        "day": dt.date(2013, 1, 1),
        "ratio": 0.5,
        "sizes": (1,),
        "color": Color.RED,
    }


def test_a_default_that_is_given_makes_no_difference():
    assert free(1).name == free(x=1).name
    assert on_day("2013-01-01").name == on_day(dt.date(2013, 1, 1), 0.5, (1,), Color.RED).name


@pytest.mark.parametrize(
    "arguments",
    [
        {"day": "2013-01-01", "ratio": 1, "sizes": [1, 2], "color": "blue"},
        {"day": dt.date(2013, 1, 1), "ratio": np.float64(1), "sizes": (np.int64(1), 2), "color": "BLUE"},
        {"day": np.datetime64("2013-01-01"), "ratio": 1.0, "sizes": [np.int8(1), np.uint64(2)], "color": Color.BLUE},
    ],
)
def test_ways_to_write_one_value_have_one_name(arguments):
    expected = on_day(dt.date(2013, 1, 1), ratio=1.0, sizes=(1, 2), color=Color.BLUE)
    assert on_day(**arguments).name == expected.name


@pytest.mark.parametrize(
    "values",
    [
        (1, 1.0, True, "1", b"1", Decimal(1), 1 + 0j),
        (0, -0.0, 0.0, False, None, "", math.nan),
        ([1], (1,), {1}, frozenset({1}), {1: 1}, {"1": 1}),
        (dt.date(2013, 1, 1), dt.datetime(2013, 1, 1), "2013-01-01", dt.datetime(2013, 1, 1, tzinfo=dt.UTC)),
        (Decimal("1.0"), Decimal("1.00")),
        (dt.datetime(2013, 10, 27, 2), dt.datetime(2013, 10, 27, 2, fold=1)),
        (Color.RED, "red", "RED", Color.BLUE),
        (Options(1), Options(2), Frozen(1), {"depth": 1, "names": []}),
        ("\ud800\udc00", "\U00010000"),
        ({"a": 1}, {"a": 1.0}, {"a": None}, {}),
        ({"$tuple": [1]}, (1,)),
        ({"$enum": ["Color", "RED", "red"]}, Color.RED),
    ],
)
def test_without_an_annotation_each_value_has_a_name_of_its_own(values):
    assert len({free(value).name for value in values}) == len(values)


@pytest.mark.parametrize(
    ("scalar", "plain"),
    [
        (np.int64(1), 1),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.bytes_(b"a"), b"a"),
        (np.complex128(1j), 1j),
        (np.datetime64("2013-01-01"), dt.date(2013, 1, 1)),
        (np.datetime64("2013-01-01T12", "us"), dt.datetime(2013, 1, 1, 12)),
        (np.timedelta64(1, "D"), dt.timedelta(days=1)),
    ],
)
def test_numpy_scalars_become_plain_values(scalar, plain):
    found = checked(free, [scalar])["x"][0]
    assert (type(found), found) == (type(plain), plain)
    assert free(scalar).name == free(plain).name


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.datetime64("2013-01-01", "ns"), r"datetime64\[ns\].*pass its text"),
        (np.datetime64("NaT", "us"), "NaT has no plain Python value"),
        (np.timedelta64(5, "ns"), "has no plain Python value"),
        (np.longdouble(1), "has no plain Python value"),
        (np.arange(3), r"numpy\.ndarray cannot be part of a name.*Pass the artifact"),
        (pd.DataFrame({"a": [1]}), r"DataFrame cannot be part of a name.*dn\.File\(path\).*plain values"),
        (pd.Timestamp("2013-01-01"), r"more than a datetime; pass value\.to_pydatetime\(\)"),
        (Path("data.csv"), r"pass dn\.File\(path\) for the file's content, or str\(path\)"),
        (len, "len is code; call it inside the task, or pass its name"),
        (lambda x: x, "is code"),
        (Color, "Color is code"),
        (upstream, "upstream is a task, not an artifact; call it"),
        (Train, "Train is a class, not an artifact; make an instance"),
        (Text("a"), r"Text is a subclass of str.*pass str\(value\)"),
        (collections.OrderedDict(a=1), r"subclass of dict.*pass dict\(value\)"),
        (Pair(1, 2), r"subclass of tuple.*pass tuple\(value\)"),
        (Undecorated(1), "subclass of a dataclass, but none itself"),
        (dt.datetime(2013, 1, 1, tzinfo=Zone()), r"time zone is a .*Zone; pass a zoneinfo\.ZoneInfo"),
        (dt.time(1, tzinfo=Zone()), "its time zone is a"),
        (range(3), "a range cannot be part of a name"),
        (bytearray(b"x"), "a bytearray cannot be"),
        (object(), "a object cannot be"),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("place", [lambda x: x, lambda x: [{"a": (x,)}]], ids=["", "nested"])
def test_what_has_no_name_is_refused_with_the_parameter_and_the_ways_out(value, said, place):
    with pytest.raises(ArgumentError, match=rf"free\(\) refuses x: .*{said}"):
        free(place(value))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda artifact: {artifact}, "not in a set; make it a list"),
        (lambda artifact: frozenset({artifact}), "not in a set; make it a list"),
        (lambda artifact: {artifact: 1}, "cannot be the key of a dict; make it a value"),
        (lambda artifact: Options(artifact), "not in a dataclass; pass it beside it"),
        (lambda artifact: Options(1, [{"a": artifact}]), "not in a dataclass; pass it beside it"),
    ],
    ids=["set", "frozenset", "key", "dataclass", "deep in a dataclass"],
)
def test_an_artifact_where_it_cannot_be_loaded_is_refused(make, said):
    with pytest.raises(ArgumentError, match=rf"free\(\) refuses x: .*{said}"):
        free(make(upstream()))


def test_a_list_that_contains_itself_is_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(ArgumentError, match="refuses x: it is nested more than 50 deep, or contains itself"):
        free(endless)


def test_refusals_are_type_errors_too():
    with pytest.raises(TypeError):
        free(object())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"day": "soon"}, "day wants date, but what was given is 'soon'"),
        ({"day": 1}, "day wants date, but what was given is 1"),
        ({"day": "2013-01-01", "ratio": "1"}, "ratio wants float"),
        ({"day": "2013-01-01", "ratio": None}, "ratio wants float"),
        ({"day": "2013-01-01", "sizes": [1, "2"]}, r"sizes wants tuple\[int, …\]"),
        ({"day": "2013-01-01", "color": "green"}, "color wants Color"),
    ],
)
def test_a_value_that_contradicts_its_annotation_is_refused(arguments, said):
    with pytest.raises(ArgumentError, match=rf"on_day\(\): {said}"):
        on_day(**arguments)


def test_a_default_may_contradict_its_annotation():
    @dn.task
    def habit(depth: int = None):  # noqa: RUF013
        return depth

    assert checked(habit) == checked(habit, None) == {"depth": None}


def test_annotations_that_cannot_be_resolved_convert_nothing():
    @dn.task
    def odd(x: "NotImported", y: "1 +"):  # noqa: F821, F722
        return x

    assert checked(odd, 1, [2]) == {"x": 1, "y": [2]}


def test_star_parameters_are_checked_item_by_item():
    @dn.task
    def many(*sizes: float, **limits: dt.date):
        return sizes

    found = checked(many, 1, 2.5, end="2013-01-01")
    assert repr(found["sizes"]) == "(1.0, 2.5)"
    assert found["limits"] == {"end": dt.date(2013, 1, 1)}
    with pytest.raises(ArgumentError, match="sizes wants"):
        many("1")


def test_lists_changed_after_the_call_change_nothing():
    rows = [[1], {"a": {2}}, Options(1, ["n"])]
    artifact, before = free(rows), free([[1], {"a": {2}}, Options(1, ["n"])]).name
    rows[0].append(9)
    rows[1]["a"].add(9)
    rows[2].names.append("m")
    assert artifact.name == before
    assert dn.run(artifact) == [[1], {"a": {2}}, Options(1, ["n"])]


def test_a_task_never_changes_what_the_caller_has_or_what_was_named():
    @dn.task(retries=1)
    def greedy(rows, marks, options):
        rows.append(2)
        marks.add(2)
        options.names.append("x")
        return [rows, sorted(marks), options.names]

    rows, marks, options = [1], {1}, Options(1)
    artifact = greedy(rows, marks, options)
    assert dn.run(artifact) == [[1, 2], [1, 2], ["x"]]
    assert (rows, marks, options) == ([1], {1}, Options(1))
    assert artifact.call.arguments == {"rows": [1], "marks": {1}, "options": Options(1)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"b": 1, "a": 2}, {"a": 2, "b": 1}),
        ({10: 1, 9: 2}, {9: 2, 10: 1}),
        ({1: 1, "a": 2, None: 3}, {None: 3, "a": 2, 1: 1}),
        ({Color.RED: 1, Color.BLUE: 2}, {Color.BLUE: 2, Color.RED: 1}),
        ({(2, 1): 1, (1, 2): 2}, {(1, 2): 2, (2, 1): 1}),
    ],
)
def test_the_order_of_a_dict_is_neither_in_the_name_nor_visible(one, other):
    assert free(one).name == free(other).name
    assert list(checked(free, one)["x"]) == list(checked(free, other)["x"])


def test_the_order_of_a_dict_whose_keys_were_converted_is_not_visible():
    @dn.task
    def colored(x: dict[Color, int]):
        return x

    ways = [{"red": 1, "blue": 2}, {"BLUE": 2, "RED": 1}, {Color.RED: 1, Color.BLUE: 2}]
    assert len({colored(way).name for way in ways}) == 1
    assert len({str(checked(colored, way)) for way in ways}) == 1


def test_keys_that_become_one_key_are_refused():
    with pytest.raises(ArgumentError, match="two keys of the dict are the same"):
        free({dt.date(2013, 1, 1): 1, np.datetime64("2013-01-01"): 2})


def test_a_dataclass_counts_by_its_fields():
    assert free(Options(1)).name == free(Options(np.int64(1))).name
    assert free(Seeded(1, seed=2)).name == free(Seeded(1, seed=3)).name
    assert dn.run(free(Frozen(1))) == Frozen(1)


@pytest.mark.parametrize(
    "value",
    [uuid.UUID(int=1), ZoneInfo("UTC") and dt.datetime(2013, 1, 1, tzinfo=ZoneInfo("UTC")), dt.timedelta(1), 10**400],
    ids=["uuid", "zone", "timedelta", "huge"],
)
def test_plain_values_arrive_as_they_were_given(value):
    assert dn.run(free(value)) == value


def test_artifacts_are_found_in_lists_tuples_and_dicts():
    artifact = upstream(1)
    call = free([artifact, (artifact, {"a": artifact})]).call
    assert call.upstream == [artifact] * 3
    assert dn.run(free([artifact, (artifact, {"a": artifact})])) == [1, (1, {"a": 1})]


def test_a_task_object_among_arguments_becomes_its_artifact():
    instance = Train()
    assert free([instance]).name == free([dn.artifact(instance)]).name
    assert dn.run(free([instance])) == [1]
