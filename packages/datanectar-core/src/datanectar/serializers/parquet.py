"""pandas DataFrames as Parquet, where Parquet holds them exactly."""

from __future__ import annotations

import io
from itertools import islice
from typing import Any, BinaryIO

from datanectar.contracts.serialization import Serializer, StoredFile
from datanectar.errors import SerializationError, StorageError

_SAMPLE_ROWS = 3


class PandasParquet(Serializer):
    """Frames whose index, columns and dtypes survive a trip through Parquet.

    A frame is accepted if a few of its rows come back from an actual trip with the very same index, columns and
    dtypes, and if its object columns hold nothing but str and None, whose values the trip cannot change.
    """

    def accepts(self, value: Any) -> bool:
        import pandas as pd

        if type(value) is not pd.DataFrame or value.attrs or not _plain_labels(value) or not _plain_values(value):
            return False
        sample = value.iloc[:_SAMPLE_ROWS]
        buffer = io.BytesIO()
        try:
            _write(sample, buffer)
            buffer.seek(0)
            pd.testing.assert_frame_equal(_read(buffer), sample, check_exact=True, check_column_type=True)
        except ImportError as error:
            raise SerializationError(
                f"a pandas DataFrame is stored with pyarrow: pip install pyarrow ({error})"
            ) from error
        except Exception:  # whatever Arrow cannot convert, in one of its many ways of saying so
            return False
        return True

    def dump(self, value: Any, sink: BinaryIO) -> None:
        try:
            _write(value, sink)
        except StorageError:
            raise
        except Exception as error:  # a value beyond the sample
            raise SerializationError(f"Parquet cannot hold this: {error}") from error

    def load(self, file: StoredFile) -> Any:
        return _read(file.path if file.path is not None else file.open())


def _write(frame: Any, sink: Any) -> None:
    import pyarrow as pa
    import pyarrow.parquet

    pa.parquet.write_table(pa.Table.from_pandas(frame), sink, compression="zstd", compression_level=1)


def _read(source: Any) -> Any:
    import pyarrow.parquet

    return pyarrow.parquet.ParquetFile(source).read().to_pandas()


def _plain_labels(frame: Any) -> bool:
    """Whether the columns are unique strings, and the index has no frequency, which Parquet forgets."""
    columns = frame.columns
    return (
        columns.is_unique
        and columns.nlevels == 1
        and all(type(label) is str for label in columns)
        and all(name is None or type(name) is str for name in (columns.name, *frame.index.names))
        and getattr(frame.index, "freq", None) is None
        and not set(frame.index.names) & set(columns)
    )


def _plain_values(frame: Any) -> bool:
    """Whether dtypes alone tell how values come back."""
    columns = [frame[label] for label in frame.columns]
    levels = [frame.index.get_level_values(number) for number in range(frame.index.nlevels)]
    return all(_plain_series(series) for series in (*columns, *levels))


def _plain_series(series: Any) -> bool:
    kind = str(series.dtype)
    if kind == "object":
        # Where the sample holds no str, it says nothing of the dtype in which strs would come back.
        sampled = any(value is not None for value in islice(series, _SAMPLE_ROWS))
        return all(value is None or (sampled and type(value) is str) for value in series)
    if kind in ("Float32", "Float64"):  # nullable floats may hold NaN beside NA; Parquet has one of them
        return not series.isna().any()
    return not kind.startswith(("category", "period", "interval", "Sparse", "complex"))
