"""What a class tells of values before there is one."""

import collections.abc
from typing import Protocol

import pytest

from datanectar.values.classes import below, may_be


class Sized(Protocol):
    length: int


class Base:
    pass


class Left(Base):
    pass


class Right(Base):
    pass


class Both(Left, Right):
    pass


@pytest.mark.parametrize(
    ("kind", "exact", "expected"),
    [
        (str, (str,), True),
        (object, (str,), True),
        (collections.abc.Sequence, (str,), True),
        (int, (str, bytes), False),
        (bytes, (str, bytes), True),
        (type("Text", (str,), {}), (str,), False),
        (Sized, (str,), True),
        (object, ("a_library_that.nobody_imported",), False),
        (dict, ("collections.OrderedDict",), True),
        (dict, ("collections.NoSuchThing",), False),
        (str, (), False),
    ],
)
def test_a_value_of_a_class_may_be_exactly_another(kind, exact, expected):
    assert may_be(kind, *exact) is expected


def test_each_class_below_is_told_once():
    assert sorted(kind.__name__ for kind in below(Base)) == ["Both", "Left", "Right"]
    assert list(below(Both)) == []
    assert object not in set(below(object))
