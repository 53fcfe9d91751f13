"""How a stored value begins: read off its verified file, never by a deserialiser that can run code.

A preview is bounded in rows, columns and width, loads no more than it shows where the format allows that, and never
fails: where there is none, a line says why.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from datanectar.cli.output import fit, size
from datanectar.configuration.active import current
from datanectar.contracts.serialization import StoredFile
from datanectar.errors import DatanectarError
from datanectar.layer.manifest import Manifest
from datanectar.layer.storage_layer import StorageLayer
from datanectar.records import SerializerType
from datanectar.registry import registry
from datanectar.values import typed_json

_LARGEST = 64 << 20  # bytes to verify unasked
_LARGEST_DOCUMENT = 4 << 20  # bytes of JSON to parse
_MOST_LINES = 20
_MOST_ROWS = 8
_MOST_COLUMNS = 16
_WIDEST_CELL = 24
_HEAD = 16 << 10  # bytes


def preview(
    layer: StorageLayer, manifest: Manifest, number: int, serializer: str, width: int, *, any_size: bool = False
) -> Iterator[str]:
    """Yields lines of at most `width` characters that show how one of an artifact's files begins.

    Args:
        layer: Where it is.
        manifest: The artifact's.
        number: The file's number.
        serializer: What wrote it.
        width: Characters a line.
        any_size: Whether a large file is read, too: it is verified as a whole before anything is shown of it.
    """
    try:
        lines = list(islice(_begin(layer, manifest, number, serializer, width, any_size), _MOST_LINES + 1))
    except Exception as error:  # a library that is missing, a file that is damaged or not what its extension says
        reason = str(error) or type(error).__name__
        lines = [f"no preview: {reason.splitlines()[0]}"]
    for line in lines[:_MOST_LINES]:
        yield fit(line, width)
    if len(lines) > _MOST_LINES:
        yield "…"


def _begin(
    layer: StorageLayer, manifest: Manifest, number: int, serializer: str, width: int, any_size: bool
) -> Iterator[str]:
    entry = manifest.files[number]
    show = _FORMATS.get(entry["extension"])
    if _runs_code(serializer):
        yield f"no preview: loading {serializer} files can run code, so it is never done for a look"
    elif show is None:
        yield f"no preview: there is none of .{entry['extension']} files"
    elif entry["size"] > _LARGEST and not any_size:
        yield f"no preview: {size(entry['size'])} would be read and verified first; --preview does"
    else:
        yield from show(layer.reader.file(manifest, number), width)


def _runs_code(serializer: str) -> bool:
    try:
        return registry(current()).find(SerializerType, serializer).executes
    except DatanectarError:  # not installed here, and not needed: it is the format that is read
        return False


def _parquet(file: StoredFile, width: int) -> Iterator[str]:
    import pyarrow.parquet

    place = file.path if file.path is not None else file.open()
    # So pages are read one by one, and not a row group's columns as a whole.
    source = pyarrow.parquet.ParquetFile(place, buffer_size=_HEAD, pre_buffer=False)
    schema = source.schema_arrow
    batches = source.iter_batches(batch_size=_MOST_ROWS, columns=schema.names[:_MOST_COLUMNS])
    yield from _table(schema, source.metadata.num_rows, next(batches, None), width)


def _arrow(file: StoredFile, width: int) -> Iterator[str]:
    import pyarrow as pa

    content = pa.memory_map(str(file.path)).read_buffer() if file.path is not None else pa.py_buffer(file.read())
    try:
        reader = pa.ipc.open_file(content)
        batches = [reader.get_batch(number) for number in range(reader.num_record_batches)]
    except pa.ArrowInvalid:  # in the form of a stream, as what changes its dictionaries is stored
        reader = pa.ipc.open_stream(content)
        batches = list(reader)
    rows = sum(batch.num_rows for batch in batches)
    yield from _table(reader.schema, rows, batches[0] if batches else None, width)


def _table(schema: Any, count: int, batch: Any, width: int) -> Iterator[str]:
    """The first rows of an Arrow record batch, as many columns as fit."""
    yield f"{count:,} rows × {len(schema.names)} columns".replace(",", " ")
    head = batch.slice(0, _MOST_ROWS).to_pylist() if batch is not None else []
    columns: list[list[str]] = []
    used = 0
    for field in list(schema)[:_MOST_COLUMNS]:
        values = [row[field.name] for row in head]
        kind = str(field.type).removeprefix("large_")
        cells = [fit(cell, _WIDEST_CELL) for cell in (field.name, kind, *map(_cell, values))]
        wide = max(map(len, cells))
        if columns and used + wide + 3 > width:
            break
        used += wide + 2
        right = all(isinstance(value, (int, float, type(None))) for value in values)
        columns.append([cell.rjust(wide) if right else cell.ljust(wide) for cell in cells])
    more = [" …"] * (len(columns) < len(schema.names))
    for line in zip(*columns, strict=True):
        yield "  ".join([*line, *more]).rstrip()
    if count > len(head):
        yield "…"


def _cell(value: Any) -> str:
    if value is None:
        return "null"
    if not isinstance(value, float):
        return str(value)
    text = f"{value:.6g}"
    return f"{text}.0" if text.lstrip("-").isdigit() else text


def _npy(file: StoredFile, width: int) -> Iterator[str]:
    import numpy as np

    array: Any = None
    if file.path is not None:
        try:
            array = np.load(file.path, mmap_mode="r", allow_pickle=False)
        except ValueError:  # nothing to map in an empty array
            pass
    if array is None:
        array = np.load(file.open(), allow_pickle=False)
    yield f"array of {' × '.join(map(str, array.shape)) or 'one'} {array.dtype}"
    corner = array
    while corner.ndim > 2:
        corner = corner[0] if len(corner) else corner.reshape(0)
    corner = corner[tuple(slice(0, most) for most in (_MOST_ROWS, _MOST_COLUMNS)[: corner.ndim])]
    text = np.array2string(np.asarray(corner), max_line_width=width, threshold=_MOST_ROWS * _MOST_COLUMNS)
    yield from text.splitlines()
    if corner.size < array.size:
        yield "…"


def _json(file: StoredFile, width: int) -> Iterator[str]:
    data = file.read()
    if len(data) > _LARGEST_DOCUMENT:
        yield from _text(file, width)
        return
    from rich.pretty import pretty_repr

    value = typed_json.decode(json.loads(data))
    yield from pretty_repr(value, max_width=width, indent_size=2, max_length=_MOST_LINES, max_string=width).splitlines()


def _text(file: StoredFile, width: int) -> Iterator[str]:
    with file.open() as stream:
        head = stream.read(_HEAD + 1)
    yield from head[:_HEAD].decode("utf-8", "replace").splitlines()
    if len(head) > _HEAD:
        yield "…"


def _bytes(file: StoredFile, width: int) -> Iterator[str]:
    with file.open() as stream:
        yield repr(stream.read(width))


_FORMATS: dict[str, Callable[[StoredFile, int], Iterator[str]]] = {
    "parquet": _parquet,
    "arrow": _arrow,
    "npy": _npy,
    "json": _json,
    "txt": _text,
    "bin": _bytes,
}
