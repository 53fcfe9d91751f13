"""pandas frames and series as Arrow tables, and back as they were.

Arrow and pandas' own notes in the table keep most of a frame. The rest (labels that are no distinct strings, names of
an index that are none, a frequency, levels, Python's UTC, attrs, flags, that it was a series) is kept beside them,
under a key of the schema.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from datanectar.errors import SerializationError
from datanectar.serializers.levels import describe_levels, restore_levels
from datanectar.values import typed_json

_KEY = b"datanectar"


def to_table(value: Any) -> Any:
    """Returns the Arrow table of a frame or series.

    Raises:
        Exception: Arrow has no such thing, or labels, names or attrs are no plain values.
    """
    import pandas as pd
    import pyarrow as pa

    is_series = isinstance(value, pd.Series)
    frame = value.to_frame(name="value") if is_series else value.copy(deep=False)
    notes: dict[str, Any] = {"class": type(value).__name__}
    if is_series:
        notes["name"] = typed_json.encode(value.name)
    if value.attrs:
        notes["attrs"] = typed_json.encode(value.attrs)
        frame.attrs = {}
    if not value.flags.allows_duplicate_labels:
        notes["unique"] = True
        frame = frame.set_flags(allows_duplicate_labels=True)
    levels = {"index": describe_levels(frame.index), "columns": describe_levels(frame.columns)}
    if any(map(any, levels.values())):
        notes["levels"] = levels
    if not _are_field_names(frame.columns):
        notes["columns"] = _describe(frame.columns)
        frame.columns = _field_names(frame.columns)
    _take_out_of_index(frame, notes)
    utc = {"columns": _in_utc(frame.dtypes), "levels": _in_utc(index_dtypes(frame))}
    if any(utc.values()):
        notes["utc"] = utc
    table = pa.Table.from_pandas(frame)
    if notes == {"class": "DataFrame"}:
        return table
    return table.replace_schema_metadata({**table.schema.metadata, _KEY: json.dumps(notes).encode()})


def from_table(table: Any) -> Any:
    """Returns the frame or series of a table that `to_table` made; it can be written to."""
    import pandas as pd

    notes = json.loads((table.schema.metadata or {}).get(_KEY, b"{}"))
    frame = table.to_pandas()
    for number, dtype in enumerate(frame.dtypes):
        if isinstance(dtype, pd.CategoricalDtype):  # its codes are Arrow's own memory, which is read-only
            frame.isetitem(number, frame.iloc[:, number].copy())
    if "utc" in notes:
        _restore_utc(frame, **notes["utc"])
    if "names" in notes:
        frame.index = frame.index.set_names(typed_json.decode(notes["names"]))
    if "freq" in notes:
        frame.index = type(frame.index)(frame.index, freq=notes["freq"])
    if "columns" in notes:
        frame.columns = _restored(notes["columns"])
    for axis, levels in notes.get("levels", {}).items():
        if any(levels):
            setattr(frame, axis, restore_levels(getattr(frame, axis), levels))
    value = frame.iloc[:, 0].rename(typed_json.decode(notes["name"])) if notes.get("class") == "Series" else frame
    if "attrs" in notes:
        value.attrs = typed_json.decode(notes["attrs"])
    return value.set_flags(allows_duplicate_labels=False) if "unique" in notes else value


def _take_out_of_index(frame: Any, notes: dict[str, Any]) -> None:
    """Notes what Arrow would lose of an index, and takes it away."""
    import pandas as pd

    names = list(frame.index.names)
    given = [name for name in names if name is not None]
    if not all(type(name) is str for name in given) or len({*given, *frame.columns}) < len(given) + frame.shape[1]:
        notes["names"] = [typed_json.encode(name) for name in names]
        frame.index = frame.index.set_names([None] * len(names))
    times = (pd.DatetimeIndex, pd.TimedeltaIndex)
    if isinstance(frame.index, times) and frame.index.freq is not None:
        notes["freq"] = frame.index.freqstr


def _in_utc(dtypes: Any) -> list[int]:
    """Where the time zone is Python's own UTC, which Arrow's way to pandas makes one of `zoneinfo`."""
    return [number for number, dtype in enumerate(dtypes) if getattr(dtype, "tz", None) is dt.UTC]


def _restore_utc(frame: Any, columns: list[int], levels: list[int]) -> None:
    for number in columns:
        frame.isetitem(number, frame.iloc[:, number].dt.tz_convert(dt.UTC))
    for number in levels:
        if frame.index.nlevels == 1:
            frame.index = frame.index.tz_convert(dt.UTC)
        else:
            frame.index = frame.index.set_levels(frame.index.levels[number].tz_convert(dt.UTC), level=number)


def _are_field_names(columns: Any) -> bool:
    return (
        columns.nlevels == 1
        and columns.is_unique
        and all(type(label) is str for label in columns)
        and (columns.name is None or type(columns.name) is str)
        and columns.dtype == "str"
    )


def _field_names(columns: Any) -> list[str]:
    """Distinct names that tell of the labels, for whoever reads the file without these notes."""
    names: dict[str, None] = {}
    for label in columns:
        name, number = str(label), 1
        while name in names:
            number += 1
            name = f"{label}_{number}"
        names[name] = None
    return list(names)


def _describe(columns: Any) -> dict[str, Any]:
    import pandas as pd

    names = [typed_json.encode(name) for name in columns.names]
    if isinstance(columns, pd.RangeIndex):
        return {"range": [columns.start, columns.stop, columns.step], "names": names}
    labels = typed_json.encode(list(columns))
    dtypes = [str(dtype) for dtype in columns.dtypes] if isinstance(columns, pd.MultiIndex) else [str(columns.dtype)]
    return {"labels": labels, "dtypes": dtypes, "names": names}


def _restored(notes: dict[str, Any]) -> Any:
    import pandas as pd

    names = typed_json.decode(notes["names"])
    if "range" in notes:
        return pd.RangeIndex(*notes["range"], name=names[0])
    labels = typed_json.decode(notes["labels"])
    if len(names) == 1:
        return pd.Index(labels, dtype=notes["dtypes"][0], name=names[0])
    levels = zip(*labels, strict=True) if labels else [()] * len(names)
    arrays = [pd.Index(level, dtype=dtype) for level, dtype in zip(levels, notes["dtypes"], strict=True)]
    return pd.MultiIndex.from_arrays(arrays, names=names)


def index_dtypes(value: Any) -> list[Any]:
    """The dtype of each level of the index."""
    return [value.index.get_level_values(number).dtype for number in range(value.index.nlevels)]


def can_be_stored() -> bool:
    """Refuses frames where pyarrow is missing: else the format of a result would depend on what is installed."""
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        msg = (
            f"pandas objects are stored with pyarrow: pip install pyarrow ({error}). Or name another serializer, as in "
            'serializer="pickle"'
        )
        raise SerializationError(msg) from error
    return True
