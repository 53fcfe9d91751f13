"""Is a table what a view's rows must be? It is refused before anything is stored, or comes out as it is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from datanectar.errors import InvalidBatch
from datanectar_feast.views import View


def checked(view: View, table: Any, event_timestamp: str, created_timestamp: str | None) -> Any:
    """Returns a table as Arrow, with exactly the view's columns and types, times in UTC, in order of keys and time.

    A column for the time when rows were made is left out where the view has one, the table does not, and none is named.

    Args:
        view: What the rows must be.
        table: A pandas, polars or Arrow table, or anything else that exports Arrow's C stream.
        event_timestamp: The column with the time of the event.
        created_timestamp: The column with the time when a row was made.

    Raises:
        InvalidBatch: A column is missing, unknown or of another type; times have no zone; a key or time is null; or
            two rows are of one entity and time.
    """
    _check_times_named(view, event_timestamp, created_timestamp)
    rows = to_arrow(table, f"publish to view {view.name!r}")
    rows = _in_schema(view, rows, _index_names(table), created_timestamp)
    _check_nulls(view, rows)
    _check_duplicates(view, rows)
    return rows


def to_arrow(table: Any, purpose: str) -> Any:
    """Returns a table as `pyarrow.Table`, without an index.

    Raises:
        InvalidBatch: It is no table, or Arrow cannot hold one of its columns.
    """
    import pyarrow as pa

    try:
        if isinstance(table, pa.Table):
            found = table
        elif type(table).__module__.partition(".")[0] == "pandas":
            found = pa.Table.from_pandas(table, preserve_index=False)
        else:
            found = pa.table(table)
    except (pa.ArrowException, TypeError, ValueError, AttributeError) as error:
        msg = f"{purpose}: a {type(table).__qualname__} is no table that Arrow can hold: {error}"
        raise InvalidBatch(msg) from error
    return found.replace_schema_metadata(None)


def _index_names(table: Any) -> list[str]:
    """The names of a pandas index, where columns are looked for in vain after a groupby."""
    return [name for name in getattr(getattr(table, "index", None), "names", []) if name is not None]


def _check_times_named(view: View, event_timestamp: str, created_timestamp: str | None) -> None:
    if event_timestamp != view.event_timestamp:
        raise InvalidBatch(
            f"event_timestamp={event_timestamp!r}, but the FileSource of view {view.name!r} has "
            f"timestamp_field={view.event_timestamp!r}: rename the column, or the field"
        )
    if created_timestamp is not None and created_timestamp != view.created_timestamp:
        has = f"created_timestamp_column={view.created_timestamp!r}" if view.created_timestamp else "none"
        raise InvalidBatch(
            f"created_timestamp={created_timestamp!r}, but the FileSource of view {view.name!r} has {has}: give both "
            "the same name"
        )


def _in_schema(view: View, rows: Any, index: list[str], created_timestamp: str | None) -> Any:
    import pyarrow as pa

    wanted = view.columns
    made = view.created_timestamp
    if made and created_timestamp is None and made not in (*rows.column_names, *index):
        del wanted[made]
    _check_names(view, rows.column_names, wanted, index)
    columns = {name: _cast(view, name, rows.column(name), wanted[name]) for name in wanted}
    return pa.table(columns).sort_by([(name, "ascending") for name in (*view.keys, *view.times) if name in wanted])


def _check_names(view: View, names: list[str], wanted: Mapping[str, Any], index: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    missing = [name for name in wanted if name not in names]
    unknown = [name for name in names if name not in wanted]
    problems = [
        f"{what} {', '.join(map(repr, found))}"
        for what, found in (("has no", missing), ("has, which the view does not,", unknown), ("has twice", twice))
        if found
    ]
    if not problems:
        return
    hint = "; they are in its index: call reset_index()" if missing and set(missing) <= set(index) else ""
    raise InvalidBatch(
        f"the table {' and '.join(problems)}{hint}. View {view.name!r} is of {', '.join(wanted)}: change the table, or "
        "the view's definition and apply it"
    )


def _cast(view: View, name: str, column: Any, wanted: Any) -> Any:
    import pyarrow as pa

    if wanted is None:
        return column
    where = f"column {name!r} for view {view.name!r}"
    if pa.types.is_timestamp(wanted):
        return _in_utc(name, column, wanted, where)
    if not is_kin(column.type, wanted):
        raise InvalidBatch(f"{where} must be {wanted}, and is {column.type}: convert it before")
    try:
        return column.cast(wanted)
    except pa.ArrowInvalid as error:
        raise InvalidBatch(f"{where} must be {wanted}, is {column.type}, and loses something: {error}") from error


def _in_utc(name: str, column: Any, wanted: Any, where: str) -> Any:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_null(kind):
        return column.cast(wanted)
    if not pa.types.is_timestamp(kind):
        raise InvalidBatch(
            f"{where} must be a time with its zone, and is {kind}: pd.to_datetime(…, utc=True) makes one"
        )
    if kind.tz is None:
        raise InvalidBatch(
            f"{where} has times without a zone, which Feast would take for UTC: say which it is, as in "
            f'table["{name}"].dt.tz_localize("Europe/Berlin")'
        )
    return column.cast(wanted, safe=False)  # to microseconds, which is what Feast keeps


def is_kin(given: Any, wanted: Any) -> bool:
    """Whether one type may become the other: numbers of numbers, text of text, lists of what may."""
    import pyarrow as pa
    from pyarrow import types

    if types.is_null(given) or given == wanted:
        return True
    if types.is_dictionary(given):
        return is_kin(given.value_type, wanted)
    if types.is_list(given) or types.is_large_list(given) or types.is_fixed_size_list(given):
        is_list = types.is_list(wanted) or types.is_large_list(wanted)
        return is_list and is_kin(given.value_type, wanted.value_type)
    families = (
        lambda kind: types.is_integer(kind) or types.is_floating(kind),
        lambda kind: types.is_string(kind) or types.is_large_string(kind) or kind == pa.string_view(),
        lambda kind: types.is_binary(kind) or types.is_large_binary(kind),
        types.is_map,
    )
    return any(family(given) and family(wanted) for family in families)


def _check_nulls(view: View, rows: Any) -> None:
    for name in (*view.keys, *view.times):
        if name in rows.column_names and rows.column(name).null_count:
            raise InvalidBatch(
                f"column {name!r} for view {view.name!r} has {rows.column(name).null_count} null of {rows.num_rows}: "
                "each row must say whose it is and when it holds"
            )


def _check_duplicates(view: View, rows: Any) -> None:
    """Refuses rows of which Feast could take either."""
    by = [name for name in (*view.keys, *view.times) if name in rows.column_names]
    counts = rows.group_by(by).aggregate([([], "count_all")])
    if counts.num_rows == rows.num_rows:
        return
    import pyarrow.compute as pc

    first = counts.filter(pc.greater(counts["count_all"], 1)).slice(0, 1).to_pylist()[0]
    count = first.pop("count_all")
    says = "" if view.created_timestamp else "; a created_timestamp_column would say which counts"
    raise InvalidBatch(
        f"{rows.num_rows - counts.num_rows} rows for view {view.name!r} have an entity and time that another row has, "
        f"such as the {count} of {said(first.items())}{says}"
    )


def said(values: Iterable[tuple[str, Any]]) -> str:
    return ", ".join(f"{name}={value!s}" for name, value in values)
