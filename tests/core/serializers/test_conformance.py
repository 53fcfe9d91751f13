"""The built-in serializers keep what the kit asks of everybody's."""

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sparse
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from datanectar.testing import SerializerConformance, assert_same

FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": pd.to_datetime(["2013-01-01", None])})
ODD_FRAME = pd.DataFrame({"a": [object(), object()]})
TABLE = pa.table({"a": [1, None], "b": ["x", "y"]})


class Point:
    def __init__(self, x: int) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Point) and other.x == self.x


class TestText(SerializerConformance):
    @pytest.fixture
    def serializer(self) -> str:
        return "text"

    @pytest.fixture
    def values(self) -> Any:
        return st.text(st.characters(codec="utf-8"))

    @pytest.fixture
    def refused(self) -> list[Any]:
        return ["\ud800", b"bytes", np.str_("text"), 1, None]


class TestBytes(SerializerConformance):
    @pytest.fixture
    def serializer(self) -> str:
        return "bytes"

    @pytest.fixture
    def values(self) -> Any:
        return st.binary()

    @pytest.fixture
    def refused(self) -> list[Any]:
        return ["text", bytearray(b"x"), np.bytes_(b"x")]


class TestJson(SerializerConformance):
    @pytest.fixture
    def serializer(self) -> str:
        return "json"

    @pytest.fixture
    def values(self) -> list[Any]:
        return [
            *(None, True, 1, 1 << 70, -0.0, float("nan"), 1j, "é", b"x", Decimal("1.10"), dt.date(2013, 1, 1)),
            *([1, (2, [3])], {"b": 1, 2: (None,)}, {"$tuple": [1]}, frozenset({1, 2}), {f"key {n}" for n in range(20)}),
        ]

    @pytest.fixture
    def refused(self) -> list[Any]:
        return [Point(1), object(), np.arange(3), range(3), [bytearray(b"x")]]


class TestNumpy(SerializerConformance):
    @pytest.fixture
    def serializer(self) -> str:
        return "numpy"

    @pytest.fixture
    def values(self) -> list[Any]:
        return [
            *(np.arange(5), np.ones((2, 3), order="F"), np.array(1.5), np.zeros((0, 3)), np.array(["a", "bc"])),
            *(np.array([(1, 2.5)], dtype=[("a", "<i4"), ("b", ">f8")]), np.array(["2013-01-01"], "M8[D]")),
        ]

    @pytest.fixture
    def refused(self) -> list[Any]:
        return [np.array([object()]), np.ma.masked_array([1, 2], [True, False]), [1, 2]]


class TestSparse(SerializerConformance):
    @pytest.fixture
    def serializer(self) -> str:
        return "scipy-sparse"

    @pytest.fixture
    def values(self) -> list[Any]:
        return [sparse.csr_array(np.eye(3)), sparse.coo_matrix(np.eye(2)), sparse.dia_array(np.eye(2))]

    @pytest.fixture
    def refused(self) -> list[Any]:
        return [np.eye(3), sparse.dok_array(np.eye(2)), sparse.lil_array(np.eye(2))]


class TestSkops(SerializerConformance):
    deterministic = False  # a ZIP file with the time in it

    @pytest.fixture
    def serializer(self) -> str:
        return "skops"

    @pytest.fixture
    def values(self) -> list[Any]:
        return [LinearRegression(), LinearRegression().fit([[0.0], [1.0]], [1.0, 3.0])]

    @pytest.fixture
    def refused(self) -> list[Any]:
        return [Point(1)]

    def same(self, got: Any, expected: Any) -> None:
        assert_same(vars(got), vars(expected))


class TestPandasParquet(SerializerConformance):
    @pytest.fixture
    def serializer(self) -> str:
        return "pandas-parquet"

    @pytest.fixture
    def values(self) -> list[Any]:
        return [FRAME, FRAME.iloc[:0], pd.DataFrame()]

    @pytest.fixture
    def refused(self) -> list[Any]:
        return [ODD_FRAME, FRAME["a"]]


class TestPandasArrow(SerializerConformance):
    @pytest.fixture
    def serializer(self) -> str:
        return "pandas-arrow"

    @pytest.fixture
    def values(self) -> list[Any]:
        return [FRAME, FRAME["a"], FRAME.set_index("c"), FRAME["b"].rename(None)]

    @pytest.fixture
    def refused(self) -> list[Any]:
        return [ODD_FRAME, ODD_FRAME["a"]]


class TestPolarsParquet(SerializerConformance):
    @pytest.fixture
    def serializer(self) -> str:
        return "polars-parquet"

    @pytest.fixture
    def values(self) -> list[Any]:
        return [pl.DataFrame({"a": [1, None], "b": ["x", "y"]})]

    @pytest.fixture
    def refused(self) -> list[Any]:
        return [pl.DataFrame({"a": [object()]}), pl.DataFrame()]


class TestPolarsArrow(TestPolarsParquet):
    @pytest.fixture
    def serializer(self) -> str:
        return "polars-arrow"

    @pytest.fixture
    def refused(self) -> list[Any]:
        return [pl.DataFrame({"a": [object()]}), pl.Series("a", [1])]


class TestPolarsSeries(SerializerConformance):
    @pytest.fixture
    def serializer(self) -> str:
        return "polars-series"

    @pytest.fixture
    def values(self) -> list[Any]:
        return [pl.Series("a", [1, None]), pl.Series([])]

    @pytest.fixture
    def refused(self) -> list[Any]:
        return [pl.Series("a", [object()])]


class TestArrow(SerializerConformance):
    @pytest.fixture
    def serializer(self) -> str:
        return "pyarrow-arrow"

    @pytest.fixture
    def values(self) -> list[Any]:
        return [TABLE, TABLE.to_batches()[0], TABLE["a"], pa.array([1.5, None])]

    @pytest.fixture
    def refused(self) -> list[Any]:
        return [FRAME]


class TestArrowParquet(SerializerConformance):
    @pytest.fixture
    def serializer(self) -> str:
        return "pyarrow-parquet"

    @pytest.fixture
    def values(self) -> list[Any]:
        return [TABLE, TABLE.slice(1)]

    @pytest.fixture
    def refused(self) -> list[Any]:
        return [TABLE["a"], FRAME]


class TestPickle(SerializerConformance):
    deterministic = False

    @pytest.fixture
    def serializer(self) -> str:
        return "pickle"

    @pytest.fixture
    def values(self) -> list[Any]:
        return [{"a": range(3)}, Decimal, ValueError, bytearray(b"x"), {f"key {n}" for n in range(20)}]

    @pytest.fixture
    def refused(self) -> list[Any]:
        return [lambda: 1]
