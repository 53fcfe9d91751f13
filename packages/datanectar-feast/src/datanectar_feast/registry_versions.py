"""The numbered versions of views: a number is one definition, also when two processes took it at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from datanectar_feast.registry_errors import VersionTaken
from datanectar_feast.registry_records import by_key, copy_of, definition_of
from datanectar_feast.registry_views import ViewName, name_of, view_lists, views_of

_HISTORY = "feature_view_version_history"
_LATEST = ("", "latest")


def reconcile_versions(base: Any, ours: Any, theirs: Any, merged: Any) -> None:
    """Sets right in a merged registry what was merged version by version.

    Versions of one number that both made are one version if they say the same. Else theirs has the number, since it is
    in force; ours gets the next free one, and our view and services follow.

    Raises:
        VersionTaken: Ours was registered by its number (``version="v3"``), so it can't get another one.
    """
    if _HISTORY not in ours.DESCRIPTOR.fields_by_name:  # an older Feast
        return
    was, our, their = (_records(registry) for registry in (base, ours, theirs))
    found = _records(merged)
    _keep_views_with_new_versions(was, (our, ours), (their, theirs), merged)
    _keep_versions_of_kept_views(was, (our, ours), (their, theirs), merged, found)
    moved: dict[ViewName, dict[int, int]] = {}
    taken = [*our.values(), *their.values()]
    added = [(key, record) for key, record in our.items() if key in their and key not in was]
    for key, record in sorted(added, key=lambda pair: pair[1].version_number):
        found[key] = their[key]
        if not _same_version(record, their[key], _classes(ours)):
            view = _view_of(record)
            number = 1 + max(other.version_number for other in taken if _view_of(other) == view)
            moved.setdefault(view, {})[record.version_number] = number
            renumbered = _renumbered(record, number, _classes(ours))
            taken.append(renumbered)
            found["renumbered", key] = renumbered
    _replace(merged, list(found.values()))
    _follow(moved, ours, theirs, merged)


def _records(registry: Any) -> dict[Hashable, Any]:
    return by_key(getattr(registry, _HISTORY).records)


def _replace(registry: Any, records: list[Any]) -> None:
    history = getattr(registry, _HISTORY)
    if list(history.records) != records:
        copies = [copy_of(record) for record in records]
        del history.records[:]
        history.records.extend(copies)


def _view_of(record: Any) -> ViewName:
    return record.feature_view_name, record.project_id


Side = tuple[dict[Hashable, Any], Any]  # versions by what they are known by, and the registry they are of


def _keep_views_with_new_versions(was: dict[Hashable, Any], ours: Side, theirs: Side, merged: Any) -> None:
    """Keeps a view that one side deleted while the other made a version of it, if without making that the current."""
    names = {name_of(view) for _, view in views_of(merged)}
    for records, registry in (ours, theirs):
        grown = {_view_of(record) for key, record in records.items() if key not in was} - names
        for field in view_lists(registry) if grown else ():
            kept = [view for view in getattr(registry, field) if name_of(view) in grown]
            getattr(merged, field).extend(kept)


def _keep_versions_of_kept_views(
    was: dict[Hashable, Any], ours: Side, theirs: Side, merged: Any, found: dict[Hashable, Any]
) -> None:
    """Brings the versions back that went with a view, where the view stays because the other side changed it."""
    kept = {name_of(view) for _, view in views_of(merged)}
    for records, registry in (ours, theirs):
        names = {name_of(view) for _, view in views_of(registry)}
        other = theirs[1] if registry is ours[1] else ours[1]
        deleted = {view for view in kept & names if view not in {name_of(view) for _, view in views_of(other)}}
        for key, record in records.items():
            if key in was and key not in found and _view_of(record) in deleted:
                found[key] = record


def _classes(registry: Any) -> dict[str, Callable[[], Any]]:
    """The messages of views by their kind."""
    empty = type(registry)()
    return {field.removesuffix("s"): type(getattr(empty, field).add()) for field in view_lists(registry)}


def _parsed(record: Any, classes: dict[str, Callable[[], Any]]) -> Any:
    """The view of a version; None, if it is of a kind that this Feast does not know."""
    if record.feature_view_type not in classes:
        return None
    view = classes[record.feature_view_type]()
    view.ParseFromString(record.feature_view_proto)
    return view


def _same_version(one: Any, other: Any, classes: dict[str, Callable[[], Any]]) -> bool:
    if one.feature_view_type != other.feature_view_type:
        return False
    if one.feature_view_type not in classes:
        return bool(one.feature_view_proto == other.feature_view_proto)
    return bool(definition_of(_parsed(one, classes)) == definition_of(_parsed(other, classes)))


def _renumbered(record: Any, number: int, classes: dict[str, Callable[[], Any]]) -> Any:
    copied, view = copy_of(record), _parsed(record, classes)
    copied.version_number = number
    if view is not None:
        if getattr(view.spec, "version", "").lower() not in _LATEST:
            name, project = _view_of(record)
            msg = (
                f"version {record.version_number} of view {name!r} of project {project!r} was to be registered, and "
                "another process has registered it meanwhile with another definition. Nothing of this update was "
                f"committed: ask for another version than {view.spec.version!r}, or take theirs, and apply again"
            )
            raise VersionTaken(msg)
        if "current_version_number" in view.meta.DESCRIPTOR.fields_by_name:
            view.meta.current_version_number = number
            copied.feature_view_proto = view.SerializeToString()
    return copied


def _follow(moved: dict[ViewName, dict[int, int]], ours: Any, theirs: Any, merged: Any) -> None:
    """Has our views and services name our versions by the numbers they got."""
    if not moved:
        return
    our_views = {name_of(view): view for _, view in views_of(ours)}
    for _, view in views_of(merged):
        our = our_views.get(name_of(view))
        numbers = moved.get(name_of(view), {})
        if our is not None and numbers and definition_of(view) == definition_of(our):
            number = getattr(our.meta, "current_version_number", None)
            if number in numbers:
                view.meta.current_version_number = numbers[number]
    our_services, their_services = by_key(ours.feature_services), by_key(theirs.feature_services)
    for key, service in by_key(merged.feature_services).items():
        if key not in our_services or service.spec != our_services[key].spec:
            continue
        if key in their_services and service.spec == their_services[key].spec:
            continue
        for projection in service.spec.features:
            numbers = moved.get((projection.feature_view_name, service.spec.project), {})
            if projection.HasField("version_tag") and projection.version_tag in numbers:
                projection.version_tag = numbers[projection.version_tag]
