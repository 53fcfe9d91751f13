"""Equality as the law of serializers means it: types included."""

from __future__ import annotations

import dataclasses
import math
from decimal import Decimal
from pathlib import Path
from typing import Any


def assert_same(got: Any, expected: Any) -> None:
    """Asserts that two values are equal, types included: NaN is itself, -0.0 is not 0.0, a dict has an order.

    It knows plain values and containers, dataclasses, NumPy, pandas, polars, pyarrow, SciPy's sparse arrays, and what a
    `Path` holds. Values of other classes are equal if ``==`` says so.

    Raises:
        AssertionError: They differ, or nothing can tell since their class does not define ``==``.
    """
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
        _same_array(got, expected)
    elif kind == "pandas.DataFrame":
        _same_frame(got, expected)
    elif kind == "pandas.Series":
        _same_series(got, expected)
    elif kind.startswith("polars."):
        _same_polars(got, expected)
    elif kind.startswith("pyarrow."):
        _same_arrow(got, expected)
    elif kind.startswith("scipy."):
        _same_sparse(got, expected)
    elif isinstance(expected, Path):
        _same_path(got, expected)
    elif dataclasses.is_dataclass(expected):
        assert_same(_fields(got), _fields(expected))
    elif kind.startswith("numpy"):
        assert got.dtype == expected.dtype
        assert got.tobytes() == expected.tobytes()
    elif isinstance(expected, Decimal):
        assert repr(got) == repr(expected)  # a signalling NaN cannot be compared
    else:
        defined = "__eq__" in {name for kind in type(expected).__mro__[:-1] for name in vars(kind)}
        assert got is expected or defined, f"{kind} does not define ==, so nothing can tell"
        assert got == expected, (got, expected)


def _fields(value: Any) -> dict[str, Any]:
    slots = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return {**slots, **getattr(value, "__dict__", {})}


def _same_array(got: Any, expected: Any) -> None:
    assert got.dtype == expected.dtype
    assert repr(got.dtype) == repr(expected.dtype)
    assert got.dtype.isalignedstruct == expected.dtype.isalignedstruct
    assert got.shape == expected.shape
    if expected.dtype.names is not None:  # there may be anything between the fields
        for field in expected.dtype.names:
            _same_array(got[field], expected[field])
    elif expected.dtype.kind == "O":
        assert_same(got.ravel().tolist(), expected.ravel().tolist())
    elif expected.dtype.hasobject:
        assert got.tolist() == expected.tolist()
    else:
        assert got.tobytes() == expected.tobytes()
    if expected.flags.f_contiguous and expected.dtype.names is None:
        assert got.flags.f_contiguous


def _same_frame(got: Any, expected: Any) -> None:
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
    for kind, other in zip(got.dtypes, expected.dtypes, strict=True):
        _same_dtype(kind, other)
    for labels, others in ((got.index, expected.index), (got.columns, expected.columns)):
        _same_labels(labels, others)
    for number, kind in enumerate(expected.dtypes):
        if str(kind) == "object":
            assert_same(got.iloc[:, number].tolist(), expected.iloc[:, number].tolist())


def _same_dtype(got: Any, expected: Any) -> None:
    import pandas as pd

    assert repr(got) == repr(expected)
    assert type(getattr(got, "tz", None)) is type(getattr(expected, "tz", None))
    if isinstance(expected, pd.CategoricalDtype):
        _same_dtype(got.categories.dtype, expected.categories.dtype)
    if isinstance(expected, pd.IntervalDtype):
        _same_dtype(got.subtype, expected.subtype)


def _same_labels(got: Any, expected: Any) -> None:
    assert type(got) is type(expected)
    assert_same(list(got.names), list(expected.names))
    _same_dtype(got.dtype, expected.dtype)
    assert getattr(got, "freq", None) == getattr(expected, "freq", None)
    assert [type(label) for label in got] == [type(label) for label in expected]
    for number in range(expected.nlevels if expected.nlevels > 1 else 0):
        assert got.get_level_values(number).dtype == expected.get_level_values(number).dtype
        _same_dtype(got.levels[number].dtype, expected.levels[number].dtype)
        assert type(got.levels[number]) is type(expected.levels[number])
        assert got.levels[number].equals(expected.levels[number])  # their order is that of what is unstacked
        assert got.codes[number].tolist() == expected.codes[number].tolist()


def _same_series(got: Any, expected: Any) -> None:
    import pandas as pd

    pd.testing.assert_series_equal(got, expected, check_exact=True, check_freq=True, check_flags=True)
    assert_same(got.name, expected.name)
    assert_same(got.attrs, expected.attrs)
    _same_dtype(got.dtype, expected.dtype)
    _same_labels(got.index, expected.index)
    if str(expected.dtype) == "object":
        assert_same(got.tolist(), expected.tolist())


def _same_polars(got: Any, expected: Any) -> None:
    import polars as pl

    if isinstance(expected, pl.Series):
        got, expected = got.to_frame(), expected.to_frame()
    assert got.schema == expected.schema
    assert got.shape == expected.shape
    assert repr(got.rows()) == repr(expected.rows())  # NaN is itself, and -0.0 is not 0.0
    for column in expected.columns:
        assert got[column].null_count() == expected[column].null_count()


def _same_arrow(got: Any, expected: Any) -> None:
    import pyarrow as pa

    if isinstance(expected, (pa.Table, pa.RecordBatch)):
        assert got.schema.equals(expected.schema, check_metadata=True)
        assert got.num_rows == expected.num_rows
        pairs = list(zip(got.columns, expected.columns, strict=True))
    else:
        assert got.type == expected.type
        pairs = [(got, expected)]
    for one, other in pairs:
        assert len(one) == len(other)
        assert one.null_count == other.null_count
        has_floats = any(name in str(other.type) for name in ("float", "double"))
        assert one.equals(other) or (has_floats and str(one.to_pylist()) == str(other.to_pylist()))  # NaN
        if isinstance(other, pa.DictionaryArray):
            assert one.dictionary.equals(other.dictionary)
            assert one.indices.equals(other.indices)


def _same_sparse(got: Any, expected: Any) -> None:
    assert (got.format, got.shape, got.dtype) == (expected.format, expected.shape, expected.dtype)
    for part in ("data", "indices", "indptr", "offsets"):
        if hasattr(expected, part):
            assert_same(getattr(got, part), getattr(expected, part))
    if expected.format == "coo":
        assert_same(got.coords, expected.coords)


def _same_path(got: Path, expected: Path) -> None:
    assert got.name == expected.name
    assert _tree(got) == _tree(expected)


def _tree(path: Path) -> Any:
    """What a path holds: bytes, or a dict of what a directory holds."""
    return {inner.name: _tree(inner) for inner in path.iterdir()} if path.is_dir() else path.read_bytes()
