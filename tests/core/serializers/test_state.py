"""Whether two objects have the same state: what makes them differ, and what does not."""

import numpy as np
import pytest

from datanectar.serializers.state import same_state


class Holder:
    def __init__(self, *content):
        self.content = content


def ring(number):
    made = Holder(number)
    made.self = made
    return made


SAME = [
    (1, 1),
    (float("nan"), float("nan")),
    ([1, (2, {"a": None})], [1, (2, {"a": None})]),
    (Holder(1, [2.5]), Holder(1, [2.5])),
    (ring(1), ring(1)),
    (np.arange(6).reshape(2, 3), np.arange(6).reshape(2, 3)),
    (np.array([1, "a", None], dtype=object), np.array([1, "a", None], dtype=object)),
    (np.arange(10)[::2].copy(), np.arange(10)[::2]),
    (np.random.RandomState(3), np.random.RandomState(3)),
    (np.random.default_rng(3), np.random.default_rng(3)),
    (np.dtype("i4"), np.dtype("i4")),
    (np.log1p, np.log1p),
    ({1, 2}, {2, 1}),
]
OTHERS = [
    (1, 1.0),
    (True, 1),
    (0.0, -0.0),
    ("a", b"a"),
    ([1], (1,)),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ([1], [1, 2]),
    (Holder(1), Holder(2)),
    (ring(1), ring(2)),
    (np.arange(3), np.arange(3.0)),
    (np.zeros((2, 3)), np.zeros((2, 3), order="F")),
    (np.array([1, None], dtype=object), np.array([1.0, None], dtype=object)),
    (np.random.RandomState(3), np.random.RandomState(4)),
    (np.log1p, np.log),
    (int, float),
    (len, print),
    (Holder(1).__init__, Holder(2).__init__),
]


@pytest.mark.parametrize(("got", "expected"), SAME, ids=lambda value: type(value).__name__)
def test_same(got, expected):
    assert same_state(got, expected)


@pytest.mark.parametrize(("got", "expected"), OTHERS, ids=lambda value: type(value).__name__)
def test_not_the_same(got, expected):
    assert not same_state(got, expected)
