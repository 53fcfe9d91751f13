"""The files from which a training set is read: immutable ones, so that nothing changes while Feast reads them.

Feast lists a directory first and reads it later, when a batch may have been replaced. And of two rows of one entity and
time it takes whichever its sorting leaves last, not the one that was made last: so those are left out here before. Of
several files it fails if none has a row for those that are asked for: so they become one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from datanectar.errors import FeatureStoreError
from datanectar_feast.checking import is_kin
from datanectar_feast.views import View

_PLACE = "datanectar_place"


def lay_out(folder: Path, view: View, batches: Mapping[str, Path], others: Sequence[Path]) -> None:
    """Makes a directory with the rows of a view, for Feast to read.

    Args:
        folder: Where to make it.
        view: The view.
        batches: A file for each batch, by what it is called there.
        others: Files and directories that somebody else put beside them.

    Raises:
        FeatureStoreError: Some file cannot be read, or lacks the time or an entity.
    """
    import pyarrow.parquet as pq

    folder.mkdir()
    files = {**{path.name: path for path in others}, **batches}
    settled = None if any(path.is_dir() for path in others) else _settled(view, files)
    if settled is not None:
        pq.write_table(settled, folder / "rows.parquet", row_group_size=max(1, settled.num_rows))
        return
    for name, path in files.items():
        (folder / name).symlink_to(path)


def _settled(view: View, files: Mapping[str, Path]) -> Any:
    """Returns all rows of a view in one table, or None if it has but one file that is as good as that.

    That is so if no two rows have one entity and time, and the file is of the view's present definition.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schemas = [_schema(view, file, path) for file, path in files.items()]
    if len(files) == 1 and _is_alike(view, schemas[0]) and not (view.created_timestamp and _has_ties(view, files)):
        return None
    tables = [_as_view(view, pq.read_table(path), file) for file, path in files.items()]
    rows = pa.concat_tables(tables, promote_options="permissive")
    return _without_superseded(view, rows) if view.created_timestamp else rows


def _schema(view: View, file: str, path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_schema(path)
    except pa.ArrowInvalid as error:
        raise FeatureStoreError(
            f"{file} is among the files of view {view.name!r}, and is no Parquet file ({error}): move it elsewhere"
        ) from error


def _is_alike(view: View, schema: Any) -> bool:
    return all(name in schema.names and kind in (None, schema.field(name).type) for name, kind in view.columns.items())


def _has_ties(view: View, files: Mapping[str, Path]) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    by = [*view.keys, view.event_timestamp]
    rows = pa.concat_tables([pq.read_table(path, columns=by) for path in files.values()], promote_options="permissive")
    return bool(rows.group_by(by).aggregate([]).num_rows < rows.num_rows)


def _as_view(view: View, rows: Any, file: str) -> Any:
    """Returns the rows of a file with the view's columns: features that it does not have yet are null."""
    import pyarrow as pa

    columns = {}
    for name, kind in view.columns.items():
        if name in rows.column_names:
            columns[name] = _cast(view, name, rows.column(name), kind, file)
        elif name in view.features:
            columns[name] = pa.nulls(rows.num_rows, kind or pa.null())
        else:
            raise FeatureStoreError(
                f"{file}, a file of view {view.name!r}, has no column {name!r}, which the view has by now: publish "
                "its rows again"
            )
    return pa.table(columns)


def _cast(view: View, name: str, column: Any, kind: Any, file: str) -> Any:
    import pyarrow as pa

    given = column.type
    if kind is None or given == kind:
        return column
    try:
        if pa.types.is_timestamp(given) and pa.types.is_timestamp(kind):
            return column.cast(kind, safe=False)  # Feast, too, takes times without a zone for UTC
        if is_kin(given, kind):
            return column.cast(kind)
        reason = ""
    except pa.ArrowInvalid as error:
        reason = f" ({error})"
    raise FeatureStoreError(
        f"{file}, a file of view {view.name!r}, has {given} for {name!r}, which is {kind} by now{reason}: publish its "
        "rows again"
    )


def _without_superseded(view: View, rows: Any) -> Any:
    """Returns, of rows of one entity and time, the one that was made last; of those the last of the last file."""
    import pyarrow as pa
    import pyarrow.compute as pc

    by = [*view.keys, view.event_timestamp]
    rows = rows.append_column(_PLACE, pa.array(range(rows.num_rows), pa.int64()))
    ordered = rows.sort_by([(name, "ascending") for name in (*by, view.created_timestamp, _PLACE)])
    if ordered.num_rows < 2:
        return ordered.drop_columns([_PLACE])
    before, after = ordered.slice(0, ordered.num_rows - 1), ordered.slice(1)
    differs = pa.chunked_array([pa.array([False] * before.num_rows)])
    for name in by:
        differs = pc.or_(differs, pc.fill_null(pc.not_equal(before.column(name), after.column(name)), True))
    last = pa.chunked_array([*differs.chunks, pa.array([True])])
    return ordered.filter(last).drop_columns([_PLACE])
