"""What a record of Feast's registry is known by, and what it says apart from times and generated ids."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

#: Fields that name a record: of each kind of record it has some, in itself or in its ``spec``.
_NAMING = ("name", "project", "feature_view_name", "project_id", "version_number", "path", "infra_object_class_type")
#: Times, and ids that Feast makes up: they differ each time the same thing is said.
_INCIDENTAL = frozenset({"created_timestamp", "last_updated_timestamp", "version_id", "project_uuid"})


def is_repeated(field: Any) -> bool:
    """Whether a field holds several values. Protobuf 4 and 5 say so by a label, which protobuf 7 no longer has."""
    found = getattr(field, "is_repeated", None)
    return bool(field.label == field.LABEL_REPEATED if found is None else found)


def is_map(field: Any) -> bool:
    """Whether a field holds values by keys."""
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def is_message(value: Any) -> bool:
    """Whether a value has fields of its own."""
    return hasattr(value, "DESCRIPTOR")


def copy_of(message: Any) -> Any:
    """Returns a copy of a message, with what this Feast does not know of it."""
    copied = type(message)()
    copied.CopyFrom(message)
    return copied


def content_of(message: Any) -> bytes:
    """Returns a message as bytes, which are equal for equal messages in one process."""
    return bytes(message.SerializeToString(deterministic=True))


def definition_of(record: Any) -> Any:
    """Returns what a record says: a copy without what is noted about it, and without times and generated ids."""
    said = copy_of(record)
    if has_meta(said):
        said.ClearField("meta")
    _strip(said)
    return said


def has_meta(record: Any) -> bool:
    """Whether what is noted about a record is kept apart from what it says."""
    field = record.DESCRIPTOR.fields_by_name.get("meta")
    return field is not None and field.message_type is not None and not is_repeated(field)


def _strip(message: Any) -> None:
    for field, value in message.ListFields():
        if field.name in _INCIDENTAL:
            message.ClearField(field.name)
        elif is_map(field):
            if field.message_type.fields_by_name["value"].message_type is not None:
                for inner in value.values():
                    _strip(inner)
        elif field.message_type is not None:
            for inner in value if is_repeated(field) else (value,):
                _strip(inner)


def by_key(records: Iterable[Any]) -> dict[Hashable, Any]:
    """Returns records by what they are known by, in order. A second one of a name is kept beside the first."""
    found: dict[Hashable, Any] = {}
    for record in records:
        key, occurrence = _key_of(record), 0
        while (key, occurrence) in found:
            occurrence += 1
        found[key, occurrence] = record
    return found


def _key_of(record: Any) -> Hashable:
    if not is_message(record):
        return (record,)
    fields = record.DESCRIPTOR.fields_by_name
    found = _names(record)
    if "spec" in fields:
        found += _names(record.spec)
    elif "infra_object" in record.DESCRIPTOR.oneofs_by_name:
        # The chosen object has the name; what a provider keeps as bytes has none.
        chosen = record.WhichOneof("infra_object")
        found += (_names(getattr(record, chosen)) if chosen else ()) or (content_of(record),)
    return found or (content_of(record),)  # such as an interval: it is what it is


def _names(message: Any) -> tuple[Any, ...]:
    fields = message.DESCRIPTOR.fields_by_name
    return tuple(getattr(message, name) for name in _NAMING if name in fields and fields[name].message_type is None)
