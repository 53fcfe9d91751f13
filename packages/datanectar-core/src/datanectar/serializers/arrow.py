"""Tables as Arrow IPC: what Parquet cannot hold, and whatever is to be mapped rather than read.

Source of the format: https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
"""

from __future__ import annotations

import sys
from typing import Any, BinaryIO

from datanectar.contracts.serialization import Serializer, StoredFile
from datanectar.errors import SerializationError
from datanectar.serializers import frames
from datanectar.serializers.exactness import is_exact
from datanectar.serializers.parquet import dump_checked, has_dictionary
from datanectar.values.classes import may_be

_FILE_MAGIC = b"ARROW1"
_KEY = b"datanectar"


class PandasArrow(Serializer):
    """pandas frames and series."""

    def accepts_type(self, kind: type) -> bool:
        return may_be(kind, "pandas.DataFrame", "pandas.Series") and frames.can_be_stored()

    def accepts(self, value: Any) -> bool:
        import pandas as pd

        if type(value) not in (pd.DataFrame, pd.Series) or not frames.can_be_stored():
            return False
        return is_exact(value, through=_trip)

    def dump(self, value: Any, sink: BinaryIO) -> None:
        dump_checked(lambda: _write(frames.to_table(value), sink), "Arrow")

    def load(self, file: StoredFile) -> Any:
        return frames.from_table(_read(_source(file)))


class ArrowTable(Serializer):
    """pyarrow tables, record batches and arrays; mapped when loaded from a local disk."""

    def accepts_type(self, kind: type) -> bool:
        array = getattr(sys.modules.get("pyarrow"), "Array", None)  # its subclasses, one for each type, are taken too
        if array is not None and issubclass(kind, array):
            return True
        return may_be(kind, "pyarrow.Table", "pyarrow.RecordBatch", "pyarrow.ChunkedArray", "pyarrow.Array")

    def accepts(self, value: Any) -> bool:
        import pyarrow as pa

        if type(value) not in (pa.Table, pa.RecordBatch, pa.ChunkedArray) and not isinstance(value, pa.Array):
            return False
        if isinstance(value, (pa.Table, pa.RecordBatch)):
            if value.num_rows and not value.num_columns:  # a pickle would lose them just so
                raise SerializationError("rows without columns are not kept by Arrow; return their number")
            if _KEY in (value.schema.metadata or {}):
                return False
        elif isinstance(value, pa.ExtensionArray) and type(value) is not value.type.__arrow_ext_class__():
            return False
        empty = _as_table(value).slice(0, 0)
        try:  # its types may not be registered, and would come back as what they are stored as
            return bool(_trip(empty).schema.equals(empty.schema, check_metadata=True))
        except (pa.ArrowException, NotImplementedError, ValueError, TypeError):
            return False

    def dump(self, value: Any, sink: BinaryIO) -> None:
        dump_checked(lambda: _write(_as_table(value), sink), "Arrow")

    def load(self, file: StoredFile) -> Any:
        import pyarrow as pa

        table = _read(_source(file))
        metadata = dict(table.schema.metadata or {})
        kind = metadata.pop(_KEY, b"Table")
        if kind == b"Table":
            return table
        if kind == b"RecordBatch":
            (batch,) = table.to_batches() or [pa.RecordBatch.from_pylist([], table.schema)]
            return batch.replace_schema_metadata(metadata or None)
        column = table.column(0)
        return column if kind == b"ChunkedArray" else column.combine_chunks()


def _as_table(value: Any) -> Any:
    import pyarrow as pa

    if isinstance(value, pa.Table):
        return value
    if isinstance(value, pa.RecordBatch):
        table = pa.Table.from_batches([value])
        return table.replace_schema_metadata({**(value.schema.metadata or {}), _KEY: b"RecordBatch"})
    kind = b"ChunkedArray" if isinstance(value, pa.ChunkedArray) else b"Array"
    return pa.table({"value": value}).replace_schema_metadata({_KEY: kind})


class PolarsArrow(Serializer):
    """polars frames, in Arrow IPC as polars writes it."""

    def accepts_type(self, kind: type) -> bool:
        return may_be(kind, "polars.DataFrame")

    def accepts(self, value: Any) -> bool:
        import polars as pl

        return type(value) is pl.DataFrame

    def dump(self, value: Any, sink: BinaryIO) -> None:
        dump_checked(lambda: value.write_ipc(sink, compression="uncompressed"), "Arrow")

    def load(self, file: StoredFile) -> Any:
        import polars as pl

        return pl.read_ipc(file.path if file.path is not None else file.open())


class PolarsSeries(PolarsArrow):
    """polars series, each the one column of a frame."""

    def accepts_type(self, kind: type) -> bool:
        return may_be(kind, "polars.Series")

    def accepts(self, value: Any) -> bool:
        import polars as pl

        return type(value) is pl.Series

    def dump(self, value: Any, sink: BinaryIO) -> None:
        super().dump(value.to_frame(), sink)

    def load(self, file: StoredFile) -> Any:
        return super().load(file).to_series()


def _trip(table: Any) -> Any:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    _write(table, sink)
    return _read(sink.getvalue())


def _write(table: Any, sink: Any) -> None:
    """Writes the file form; or the stream form, which alone has dictionaries that change from chunk to chunk."""
    import pyarrow.ipc as ipc

    changing = any(has_dictionary(column.type) and column.num_chunks > 1 for column in table.columns)
    with (ipc.new_stream if changing else ipc.new_file)(sink, table.schema) as writer:
        writer.write_table(table)


def _source(file: StoredFile) -> Any:
    import pyarrow as pa

    return pa.py_buffer(file.read()) if file.path is None else pa.memory_map(str(file.path)).read_buffer()


def _read(buffer: Any) -> Any:
    import pyarrow.ipc as ipc

    is_file = buffer.slice(0, len(_FILE_MAGIC)).to_pybytes() == _FILE_MAGIC
    return (ipc.open_file if is_file else ipc.open_stream)(buffer).read_all()
