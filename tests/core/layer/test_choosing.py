"""Which serializers are asked, in which order, and what a name stands for."""

from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import datanectar as dn
from datanectar.errors import PluginNotFoundError
from datanectar.layer.choosing import candidates, named
from datanectar.registry import registry


class Tables:
    @dn.hookimpl
    def datanectar_serializers(self):
        yield dn.SerializerType(
            name="acme-tables",
            types=("pandas.DataFrame",),
            factory="acme:Tables",
            extension="acme",
            format="acme",
            summary="Tables as Acme has them",
        )


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (str, ["text", "json", "pickle"]),
        (Fraction, ["json", "pickle"]),
        (np.ndarray, ["numpy", "json", "pickle"]),
        (np.ma.MaskedArray, ["numpy", "json", "pickle"]),
        (pd.DataFrame, ["pandas-parquet", "pandas-arrow", "json", "pickle"]),
        (pd.Series, ["pandas-arrow", "json", "pickle"]),
        (pl.DataFrame, ["polars-parquet", "polars-arrow", "json", "pickle"]),
        (pa.Table, ["pyarrow-parquet", "pyarrow-arrow", "json", "pickle"]),
        (pa.Int8Array, ["pyarrow-arrow", "json", "pickle"]),
    ],
    ids=str,
)
def test_the_order_in_which_they_are_asked(settings, kind, expected):
    assert [record.name for record in candidates(registry(settings), kind)] == expected


def test_a_plugins_is_asked_first(settings):
    settings.manager.register(Tables(), "acme")
    found = [record.name for record in candidates(registry(settings), pd.DataFrame)]
    assert found[:3] == ["acme-tables", "pandas-parquet", "pandas-arrow"]


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("numpy", pd.DataFrame, ["numpy"]),
        ("arrow-ipc", pd.DataFrame, ["pandas-arrow"]),
        ("arrow-ipc", pl.Series, ["polars-series"]),
        ("parquet", pa.Table, ["pyarrow-parquet"]),
        ("parquet", str, []),
        ("acme", pd.DataFrame, ["acme-tables"]),
    ],
)
def test_a_name_is_that_of_a_serializer_or_of_a_format(settings, name, kind, expected):
    settings.manager.register(Tables(), "acme")
    assert [record.name for record in named(registry(settings), name, kind)] == expected


def test_a_name_of_neither_is_told_with_what_is_near(settings):
    with pytest.raises(PluginNotFoundError, match=r"did you mean 'numpy'.*text; or a format: arrow-ipc, parquet$"):
        named(registry(settings), "nunpy", str)
