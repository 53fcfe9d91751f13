"""Merges what two processes made of one registry: no definition and no materialization is lost.

Feast changes a copy of the whole registry and hands it back whole. Which of it was changed shows in comparison with
what the copy was made of; `merge` carries those changes over to what others have committed meanwhile. It goes by what
the messages say of their own fields, so lists that a later Feast adds are merged, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from datanectar_feast.registry.records import by_key, copy_of, definition_of, has_meta, is_map, is_message, is_repeated
from datanectar_feast.registry.versions import reconcile_versions
from datanectar_feast.registry.views import refuse_two_kinds

#: Of several times that were noted, the one that counts.
_TIMES: dict[str, Callable[..., Any]] = {"created_timestamp": min, "last_updated_timestamp": max}
#: What is noted about a definition and holds for none but itself.
_OF_THE_DEFINITION = ("current_version_number", "version_id")


def merge(base: Any, ours: Any, theirs: Any) -> Any:
    """Returns `theirs` with what was changed from `base` to `ours`. None of them is changed.

    Records are told apart by name and project. What one side alone changed is as it left it. What one side deleted is
    gone, unless the other changed it: a lost deletion can be repeated, a lost definition cannot. Of a definition that
    both changed, ours stands, as if it had been registered after theirs; its materialization intervals are united.

    Args:
        base: The ``Registry`` that ours was made of; an empty one, where that is not known.
        ours: The one to commit.
        theirs: The one that is in force.

    Raises:
        ConflictingViews: Both registered a view of one name, as views of different kinds.
        VersionTaken: Both registered one numbered version of a view by its number, with different content.
    """
    if theirs in (base, ours):
        return copy_of(ours)
    if ours == base:
        return copy_of(theirs)
    merged = _merge_fields(base, ours, theirs)
    reconcile_versions(base, ours, theirs, merged)
    refuse_two_kinds(ours, theirs, merged)
    return merged


def _merge_fields(base: Any, ours: Any, theirs: Any) -> Any:
    """Merges messages of which each field is a matter of its own, such as the registry with its lists."""
    merged = copy_of(theirs)  # with fields that this Feast does not know, and so did not change
    for field in ours.DESCRIPTOR.fields:
        name = field.name
        was, our, their = getattr(base, name), getattr(ours, name), getattr(theirs, name)
        if is_map(field):
            _merge_map(was, our, getattr(merged, name))
        elif is_repeated(field):
            if our not in (was, their):
                found = list(our) if their == was else _merge_records(was, our, their)
                merged.ClearField(name)
                getattr(merged, name).extend(found)
        elif name in _TIMES:
            _choose_time(field, (ours, theirs), merged)
        elif field.message_type is not None and not _is_one_value(field.message_type):
            if ours.HasField(name) or theirs.HasField(name):
                getattr(merged, name).CopyFrom(_merge_fields(was, our, their))
        elif our != was:
            _take(field, ours, merged)
    return merged


def _merge_records(base: Iterable[Any], ours: Iterable[Any], theirs: Iterable[Any]) -> list[Any]:
    was, our, their = by_key(base), by_key(ours), by_key(theirs)
    found = []
    for key, record in their.items():
        if key in our:
            found.append(_merge_record(was.get(key), our[key], record))
        elif key not in was or was[key] != record:  # added by them; or deleted by us, and changed by them
            found.append(record)
    for key, record in our.items():
        if key not in their and (key not in was or was[key] != record):
            found.append(record)
    if all(is_message(record) and "start_time" in record.DESCRIPTOR.fields_by_name for record in found):
        found.sort(key=lambda interval: (_instant(interval.start_time), _instant(interval.end_time)))
    return found


def _merge_record(base: Any, ours: Any, theirs: Any) -> Any:
    """Merges a record that both have; `base` is None if both added it."""
    if ours in (base, theirs):
        return theirs
    if theirs == base or not is_message(ours) or (base is not None and not has_meta(ours)):
        return ours
    base = type(ours)() if base is None else base
    was, our, their = definition_of(base), definition_of(ours), definition_of(theirs)
    ours_stands = our not in (was, their)
    merged = copy_of(ours if ours_stands else theirs)
    if has_meta(ours) and (ours.HasField("meta") or theirs.HasField("meta")):
        merged.meta.CopyFrom(_merge_fields(base.meta, ours.meta, theirs.meta))
        for name in _OF_THE_DEFINITION:
            if name in merged.meta.DESCRIPTOR.fields_by_name and (our != was and their != was):
                setattr(merged.meta, name, getattr((ours if ours_stands else theirs).meta, name))
    return merged


def _merge_map(base: Any, ours: Any, merged: Any) -> None:
    """Carries the changes of a map over to `merged`, which starts as theirs."""
    for key in [*ours, *(key for key in base if key not in ours)]:
        was, our, their = (dict(values).get(key) for values in (base, ours, merged))
        if our == was:
            continue
        if our is None:
            if their == was:
                del merged[key]
        elif is_message(our):
            merged[key].CopyFrom(our if their is None else _merge_record(was, our, their))
        else:
            merged[key] = our


def _choose_time(field: Any, candidates: Iterable[Any], merged: Any) -> None:
    noted = [getattr(message, field.name) for message in candidates]
    noted = [time for time in noted if _instant(time) != (0, 0)]  # to Feast, no time is 1970
    if noted:
        getattr(merged, field.name).CopyFrom(_TIMES[field.name](noted, key=_instant))


def _instant(time: Any) -> tuple[int, int]:
    return time.seconds, time.nanos


def _is_one_value(kind: Any) -> bool:
    """Whether a message is a value, such as a time or one of a choice, and not a collection of what it holds."""
    return bool(kind.file.package == "google.protobuf" or kind.oneofs)


def _take(field: Any, source: Any, target: Any) -> None:
    if field.message_type is None:
        setattr(target, field.name, getattr(source, field.name))
    elif source.HasField(field.name):
        getattr(target, field.name).CopyFrom(getattr(source, field.name))
    else:
        target.ClearField(field.name)
