"""What a view's rows must look like, read from its Feast definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datanectar.errors import UnsupportedError


@dataclass(frozen=True, kw_only=True)
class View:
    """A Feast view whose rows are files.

    Attributes:
        name: Its name.
        keys: The columns of its entities, and their Arrow types; None for a type that is not checked.
        features: Its other columns likewise; all as the files have them, before Feast's field mapping.
        event_timestamp: The column with the time of the event.
        created_timestamp: The column with the time when the row was made, or an empty string.
        path: What its `FileSource` says.
        endpoint: Its ``s3_endpoint_override``, or an empty string.
    """

    name: str
    keys: Mapping[str, Any]
    features: Mapping[str, Any]
    event_timestamp: str
    created_timestamp: str
    path: str
    endpoint: str = ""

    @property
    def times(self) -> tuple[str, ...]:
        """The columns with times."""
        return tuple(filter(None, (self.event_timestamp, self.created_timestamp)))

    @property
    def columns(self) -> dict[str, Any]:
        """All columns, in the order in which they are stored, with their Arrow types."""
        import pyarrow as pa

        moment = pa.timestamp("us", "UTC")
        return {**self.keys, **dict.fromkeys(self.times, moment), **self.features}


def view_of(definition: Any) -> View:
    """Reads a Feast definition.

    Raises:
        UnsupportedError: Its rows are not Parquet files that something can be added to.
    """
    from feast.feature_view import DUMMY_ENTITY_ID

    source = _file_source(definition)
    files_call_it = {mapped: column for column, mapped in source.field_mapping.items()}
    keys = {field.name: field for field in definition.entity_columns if field.name != DUMMY_ENTITY_ID}
    return View(
        name=definition.name,
        keys={files_call_it.get(name, name): arrow_type(field.dtype) for name, field in keys.items()},
        features={
            files_call_it.get(field.name, field.name): arrow_type(field.dtype)
            for field in definition.features
            if field.name not in keys
        },
        event_timestamp=source.timestamp_field,
        created_timestamp=source.created_timestamp_column or "",
        path=source.path,
        endpoint=source.s3_endpoint_override or "",
    )


def entities_of(definition: Any) -> list[str]:
    """Returns the names of a definition's entities, without the one that Feast gives to a view of none."""
    from feast.feature_view import DUMMY_ENTITY_NAME

    return [name for name in getattr(definition, "entities", None) or [] if name != DUMMY_ENTITY_NAME]


def _file_source(definition: Any) -> Any:
    from feast import FileSource
    from feast.data_format import ParquetFormat

    source = getattr(definition, "batch_source", None)
    what = f"{type(definition).__name__} {definition.name!r}"
    if source is None:
        raise UnsupportedError(f"{what} has no rows of its own: publish those of the views that it is made of")
    if not isinstance(source, FileSource):
        raise UnsupportedError(
            f"{what} reads a {type(source).__name__}, and batches are Parquet files: they can be published to a view "
            "whose source is a FileSource. Write to this one as Feast does, with FeatureStore.write_to_offline_store"
        )
    if not isinstance(source.file_format or ParquetFormat(), ParquetFormat):
        raise UnsupportedError(f"{what} reads {type(source.file_format).__name__}; batches are Parquet files")
    if not source.timestamp_field:
        raise UnsupportedError(f"{what}: its FileSource has no timestamp_field, which says when a row holds")
    return source


def arrow_type(dtype: Any) -> Any:
    """Returns the Arrow type of a Feast type, or None where Feast has none for it."""
    import pyarrow as pa
    from feast.types import Array, Bytes, from_feast_to_pyarrow_type

    if dtype == Bytes:  # which Feast's own table lacks
        return pa.binary()
    if isinstance(dtype, Array) and dtype.base_type == Bytes:
        return pa.list_(pa.binary())
    try:
        return from_feast_to_pyarrow_type(dtype)
    except ValueError:
        return None
