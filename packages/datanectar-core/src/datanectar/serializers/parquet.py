"""Tables as Parquet, where Parquet holds them exactly."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from datanectar.contracts.serialization import Serializer, StoredFile
from datanectar.errors import SerializationError, StorageError
from datanectar.serializers import frames
from datanectar.serializers.exactness import is_exact
from datanectar.values.classes import may_be


class PandasParquet(Serializer):
    """pandas frames whose index, columns and dtypes survive a trip through Parquet."""

    def accepts_type(self, kind: type) -> bool:
        return may_be(kind, "pandas.DataFrame") and frames.can_be_stored()

    def accepts(self, value: Any) -> bool:
        import pandas as pd

        if type(value) is not pd.DataFrame or not frames.can_be_stored():
            return False
        if any(map(_is_unsafe, [*value.dtypes, *frames.index_dtypes(value)])):
            return False
        return is_exact(value, through=_trip)

    def dump(self, value: Any, sink: BinaryIO) -> None:
        dump_checked(lambda: _write(frames.to_table(value), sink), "Parquet")

    def load(self, file: StoredFile) -> Any:
        return frames.from_table(_read(file.path if file.path is not None else file.open()))


def _is_unsafe(dtype: Any) -> bool:
    """Parquet forgets categories that no row has, has no periods and intervals, and cuts date64 to whole days."""
    return str(dtype).startswith(("category", "period", "interval")) or "date64" in str(dtype)


class ArrowParquet(Serializer):
    """pyarrow tables without dictionaries, which Parquet makes anew of the values that are there."""

    def accepts_type(self, kind: type) -> bool:
        return may_be(kind, "pyarrow.Table")

    def accepts(self, value: Any) -> bool:
        import pyarrow as pa

        if type(value) is not pa.Table or not value.num_columns or any(map(has_dictionary, value.schema.types)):
            return False
        sample = value.slice(0, 3)
        try:
            got = _trip(sample)
        except (pa.ArrowException, NotImplementedError, ValueError, TypeError):
            return False
        return bool(got.schema.equals(value.schema, check_metadata=True) and _without_nan(got, sample))

    def dump(self, value: Any, sink: BinaryIO) -> None:
        dump_checked(lambda: _write(value, sink), "Parquet")

    def load(self, file: StoredFile) -> Any:
        return _read(file.path if file.path is not None else file.open())


def _without_nan(got: Any, expected: Any) -> bool:
    """Equality of tables, in which NaN is itself."""
    return str(got.to_pylist()) == str(expected.to_pylist())


class PolarsParquet(Serializer):
    """polars frames, in Parquet as polars writes it."""

    def accepts_type(self, kind: type) -> bool:
        return may_be(kind, "polars.DataFrame")

    def accepts(self, value: Any) -> bool:
        import polars as pl

        if type(value) is not pl.DataFrame or not value.width:
            return False
        buffer, sample = io.BytesIO(), value.head(3)
        try:
            _write_polars(sample, buffer)
            buffer.seek(0)
            got = pl.read_parquet(buffer)
        except BaseException as error:  # polars panics with something that is no Exception
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
            return False
        return bool(got.schema == sample.schema and got.equals(sample))

    def dump(self, value: Any, sink: BinaryIO) -> None:
        dump_checked(lambda: _write_polars(value, sink), "Parquet")

    def load(self, file: StoredFile) -> Any:
        import polars as pl

        return pl.read_parquet(file.path if file.path is not None else file.open())


def has_dictionary(kind: Any) -> bool:
    """Whether a type is, or has in it, a dictionary."""
    import pyarrow as pa

    return pa.types.is_dictionary(kind) or any(map(has_dictionary, _inner(kind)))


def _inner(kind: Any) -> Iterator[Any]:
    if hasattr(kind, "storage_type"):
        yield kind.storage_type
    elif hasattr(kind, "value_type"):
        yield kind.value_type
    yield from (kind.field(number).type for number in range(kind.num_fields))


def dump_checked(write: Callable[[], None], format_name: str) -> None:
    """Writes, and says so where a value beyond the sample turns out to be one that the format has no place for."""
    try:
        write()
    except StorageError:
        raise
    except Exception as error:
        raise SerializationError(f"{format_name} cannot hold this: {error}") from error


def _trip(table: Any) -> Any:
    buffer = io.BytesIO()
    _write(table, buffer)
    buffer.seek(0)
    return _read(buffer)


def _write(table: Any, sink: Any) -> None:
    import pyarrow.parquet

    # "Compliant" names of what is in a list would not come back as they were.
    pyarrow.parquet.write_table(table, sink, compression="zstd", compression_level=1, use_compliant_nested_type=False)


def _read(source: Any) -> Any:
    import pyarrow.parquet

    return pyarrow.parquet.ParquetFile(source).read()


def _write_polars(frame: Any, sink: Any) -> None:
    frame.write_parquet(sink, compression="zstd", compression_level=1)
