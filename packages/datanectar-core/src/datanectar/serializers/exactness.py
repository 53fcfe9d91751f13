"""Whether a trip through Arrow or Parquet gives back a pandas frame or series as it was."""

from __future__ import annotations

from itertools import islice
from typing import Any

from datanectar.serializers.frames import from_table, to_table
from datanectar.serializers.levels import describe_levels

_SAMPLE_ROWS = 3


def is_exact(value: Any, *, through: Any) -> bool:
    """Whether a frame or series comes back the very same.

    A few of its rows must come back with the same index, columns and dtypes from an actual trip; its columns must be
    of kinds whose values a trip cannot change, and levels of a MultiIndex that can be noted.

    Args:
        value: The frame or series.
        through: Writes a table and reads it again.
    """
    columns = [value.iloc[:, number] for number in range(value.shape[1])] if value.ndim == 2 else [value]
    levels = [value.index.get_level_values(number) for number in range(value.index.nlevels)]
    if not all(_has_plain_values(column) for column in (*columns, *levels)):
        return False
    sample = value.iloc[:_SAMPLE_ROWS]
    if value.index.nlevels > 1:  # what the other rows have in them would make the trip a long one
        sample.index = sample.index.remove_unused_levels()
    try:
        describe_levels(value.index)
        return _same(from_table(through(to_table(sample))), sample)
    except Exception:  # whatever Arrow cannot convert, in one of its many ways of saying so
        return False


def _has_plain_values(series: Any) -> bool:
    """Whether the dtype alone tells how values come back."""
    kind = str(series.dtype)
    if kind == "object":
        # Where the sample holds no str, it says nothing of the dtype in which strs would come back.
        sampled = any(value is not None for value in islice(series, _SAMPLE_ROWS))
        return all(value is None or (sampled and type(value) is str) for value in series)
    if kind in ("Float32", "Float64"):  # these may hold NaN beside NA; Arrow's way to pandas has one of them
        numbers = series.to_numpy("float64", na_value=0.0)
        return not series.isna().any() or not (numbers != numbers).any()
    if kind == "category":
        return _has_plain_values(series.dtype.categories)
    return not kind.startswith(("Sparse", "complex"))


def _same(got: Any, expected: Any) -> bool:
    import pandas as pd

    if type(got) is not type(expected) or got.attrs != expected.attrs or got.flags != expected.flags:
        return False
    if expected.ndim == 1:
        pd.testing.assert_series_equal(got, expected, check_exact=True, check_freq=True)
        axes = [(got.index, expected.index)]
        same_name = got.name == expected.name and type(got.name) is type(expected.name)
        dtypes = [(got.dtype, expected.dtype)]
    else:
        pd.testing.assert_frame_equal(got, expected, check_exact=True, check_freq=True, check_column_type=True)
        axes = [(got.index, expected.index), (got.columns, expected.columns)]
        same_name = True
        dtypes = list(zip(got.dtypes, expected.dtypes, strict=True))
    return (
        same_name
        and all(_described(one) == _described(other) for one, other in dtypes)
        and all(_same_axis(one, other) for one, other in axes)
    )


def _same_axis(got: Any, expected: Any) -> bool:
    def described(axis: Any) -> list[Any]:
        levels = [axis.get_level_values(number) for number in range(axis.nlevels)]
        kinds: list[Any] = [(type(level), _described(level.dtype), getattr(level, "freq", None)) for level in levels]
        if axis.nlevels > 1:
            parts = zip(axis.levels, axis.codes, strict=True)
            kinds += [(type(level), _described(level.dtype), list(level), list(codes)) for level, codes in parts]
        return [type(axis), kinds, [(type(name), name) for name in axis.names], [type(label) for label in axis]]

    return described(got) == described(expected)


def _described(dtype: Any) -> list[Any]:
    """What tells dtypes apart; time zones of several classes have one name, and pandas takes them for equal."""
    inner = getattr(getattr(dtype, "categories", dtype), "dtype", None) or getattr(dtype, "subtype", None)
    return [repr(dtype), type(getattr(dtype, "tz", None)), *(_described(inner) if inner is not None else ())]
