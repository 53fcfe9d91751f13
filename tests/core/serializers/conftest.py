"""A round trip through a store, and equality as the law means it: types included."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import datanectar as dn


@pytest.fixture(params=["memory", "local"])
def trip(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Stores a value and loads it again; ``trip(value, with_serializer=True)`` gives what took it, too."""
    url = "memory://" if request.param == "memory" else (tmp_path / "store").as_uri()
    numbers = count()
    with dn.settings(storage_layer=url):
        layer = dn.storage_layer()

        def there_and_back(value: Any, serializer: str | None = None, *, with_serializer: bool = False) -> Any:
            name = f"a/b/{next(numbers)}"
            record = layer.store(name, value, serializer=serializer)
            loaded = layer.load(name)
            return (loaded, record.value.get("serializer")) if with_serializer else loaded

        yield there_and_back


@pytest.fixture
def same() -> Callable[[Any, Any], None]:
    return assert_same


def assert_same(got: Any, expected: Any) -> None:
    """Asserts equality, types included: NaN is itself, -0.0 is not 0.0, a dict has an order."""
    assert type(got) is type(expected), (got, expected)
    kind = f"{type(expected).__module__.partition('.')[0]}.{type(expected).__name__}"
    if isinstance(expected, float):
        assert (got == expected and math.copysign(1, got) == math.copysign(1, expected)) or (
            math.isnan(got) and math.isnan(expected)
        )
    elif isinstance(expected, complex):
        assert_same((got.real, got.imag), (expected.real, expected.imag))
    elif isinstance(expected, (list, tuple)):
        assert len(got) == len(expected)
        for one, other in zip(got, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, dict):
        assert_same(list(got.items()), list(expected.items()))
    elif isinstance(expected, (set, frozenset)):
        assert sorted(map(repr, got)) == sorted(map(repr, expected))
    elif kind == "numpy.ndarray":
        assert_same_array(got, expected)
    elif kind == "pandas.DataFrame":
        assert_same_frame(got, expected)
    elif dataclasses.is_dataclass(expected):
        assert_same(vars(got), vars(expected))
    elif kind.startswith("numpy"):
        assert got.dtype == expected.dtype
        assert got.tobytes() == expected.tobytes()
    elif isinstance(expected, Decimal):
        assert repr(got) == repr(expected)  # a signalling NaN cannot be compared
    else:
        assert got == expected


def assert_same_array(got: Any, expected: Any) -> None:
    assert got.dtype == expected.dtype
    assert repr(got.dtype) == repr(expected.dtype)
    assert got.shape == expected.shape
    if expected.dtype.names is not None:  # there may be anything between the fields
        for field in expected.dtype.names:
            assert_same_array(got[field], expected[field])
    elif expected.dtype.kind == "O":
        assert_same(got.ravel().tolist(), expected.ravel().tolist())
    elif expected.dtype.hasobject:
        assert got.tolist() == expected.tolist()
    else:
        assert got.tobytes() == expected.tobytes()
    if expected.flags.f_contiguous and expected.dtype.names is None:
        assert got.flags.f_contiguous


def assert_same_frame(got: Any, expected: Any) -> None:
    import pandas as pd

    pd.testing.assert_frame_equal(
        got,
        expected,
        check_exact=True,
        check_index_type="equiv" if isinstance(expected.index, pd.MultiIndex) else "exact",
        check_column_type=True,
        check_freq=True,
        check_flags=True,
    )
    assert got.attrs == expected.attrs
    assert [repr(kind) for kind in got.dtypes] == [repr(kind) for kind in expected.dtypes]
    for labels, others in ((got.index, expected.index), (got.columns, expected.columns)):
        assert type(labels) is type(others)
        assert list(labels.names) == list(others.names)
        assert labels.dtype == others.dtype
        assert [type(label) for label in labels] == [type(label) for label in others]
    for number, kind in enumerate(expected.dtypes):
        if str(kind) == "object":
            assert_same(got.iloc[:, number].tolist(), expected.iloc[:, number].tolist())
