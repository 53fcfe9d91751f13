"""The numbered versions of views: a number is one definition, also when two processes took it at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from datanectar_feast.registry.errors import VersionTaken
from datanectar_feast.registry.records import by_key, copy_of, definition_of
from datanectar_feast.registry.views import ViewName, name_of, view_lists, views_of

_HISTORY = "feature_view_version_history"
_LATEST = ("", "latest")

Kinds = dict[str, Callable[[], Any]]


def reconcile_versions(base: Any, ours: Any, theirs: Any, merged: Any) -> None:
    """Sets right in a merged registry what was merged version by version.

    Versions of one number that both made are one version if they say the same. Else theirs has the number, since it is
    in force; ours gets the next free one, and our view and services follow.

    Raises:
        VersionTaken: Ours was registered by its number (``version="v3"``), so it can't get another one.
    """
    if _HISTORY not in ours.DESCRIPTOR.fields_by_name:  # an older Feast
        return
    was, our, their, found = (by_key(getattr(registry, _HISTORY).records) for registry in (base, ours, theirs, merged))
    _keep_views_with_new_versions(was, (ours, our), (theirs, their), merged)
    _keep_versions_of_kept_views(was, (ours, our), (theirs, their), merged, found)
    moved = _renumber(was, our, their, found, _kinds_of(ours))
    _replace(getattr(merged, _HISTORY).records, list(found.values()))
    if moved:
        _follow(moved, ours, theirs, merged)


Records = dict[Hashable, Any]
Side = tuple[Any, Records]  # a registry, and its versions by what they are known by


def _keep_views_with_new_versions(was: Records, ours: Side, theirs: Side, merged: Any) -> None:
    """Keeps a view that one side deleted while the other made a version of it without making that the current one."""
    there = _names(merged)
    for registry, records in (ours, theirs):
        grown = {_view_of(record) for key, record in records.items() if key not in was} - there
        for field in view_lists(registry) if grown else ():
            getattr(merged, field).extend(view for view in getattr(registry, field) if name_of(view) in grown)


def _keep_versions_of_kept_views(was: Records, ours: Side, theirs: Side, merged: Any, found: Records) -> None:
    """Brings the versions back that went with a view which stays, because the other side changed it."""
    there = _names(merged)
    for (registry, records), (other, _) in ((ours, theirs), (theirs, ours)):
        kept = (there & _names(registry)) - _names(other)
        for key, record in records.items():
            if key in was and key not in found and _view_of(record) in kept:
                found[key] = record


def _renumber(
    was: Records, our: Records, their: Records, found: Records, kinds: Kinds
) -> dict[ViewName, dict[int, int]]:
    """Gives our versions other numbers where theirs have them, and returns which, by view."""
    moved: dict[ViewName, dict[int, int]] = {}
    last: dict[ViewName, int] = {}
    for record in (*our.values(), *their.values()):
        last[_view_of(record)] = max(record.version_number, last.get(_view_of(record), 0))
    added = [key for key in our if key in their and key not in was]
    for key in sorted(added, key=lambda key: int(our[key].version_number)):
        found[key] = their[key]
        if not _same_version(our[key], their[key], kinds):
            view = _view_of(our[key])
            last[view] += 1
            moved.setdefault(view, {})[our[key].version_number] = last[view]
            found["renumbered", key] = _renumbered(our[key], last[view], kinds)
    return moved


def _renumbered(record: Any, number: int, kinds: Kinds) -> Any:
    copied, view = copy_of(record), _parsed(record, kinds)
    copied.version_number = number
    if view is None:
        return copied
    if getattr(view.spec, "version", "").lower() not in _LATEST:
        name, project = _view_of(record)
        msg = (
            f"version {view.spec.version!r} of view {name!r} of project {project!r} was to be registered, and another "
            "process registered it meanwhile with another definition. Nothing of this update was committed: ask for "
            "another version, then apply again, with a new FeatureStore or after refresh_registry()"
        )
        raise VersionTaken(msg)
    if "current_version_number" in view.meta.DESCRIPTOR.fields_by_name:
        view.meta.current_version_number = number
        copied.feature_view_proto = view.SerializeToString()
    return copied


def _same_version(one: Any, other: Any, kinds: Kinds) -> bool:
    if one.feature_view_type != other.feature_view_type:
        return False
    if one.feature_view_type not in kinds:
        return bool(one.feature_view_proto == other.feature_view_proto)
    return bool(definition_of(_parsed(one, kinds)) == definition_of(_parsed(other, kinds)))


def _parsed(record: Any, kinds: Kinds) -> Any:
    """The view of a version; None, if it is of a kind that this Feast does not know."""
    if record.feature_view_type not in kinds:
        return None
    view = kinds[record.feature_view_type]()
    view.ParseFromString(record.feature_view_proto)
    return view


def _kinds_of(registry: Any) -> Kinds:
    empty = type(registry)()
    return {field.removesuffix("s"): type(getattr(empty, field).add()) for field in view_lists(registry)}


def _follow(moved: dict[ViewName, dict[int, int]], ours: Any, theirs: Any, merged: Any) -> None:
    """Has our views and services name our versions by the numbers they got."""
    our_views = {name_of(view): view for _, view in views_of(ours)}
    for _, view in views_of(merged):
        our = our_views.get(name_of(view))
        numbers = moved.get(name_of(view))
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


def _replace(records: Any, by: list[Any]) -> None:
    if list(records) != by:
        copies = [copy_of(record) for record in by]  # some are those that are replaced
        del records[:]
        records.extend(copies)


def _names(registry: Any) -> set[ViewName]:
    return {name_of(view) for _, view in views_of(registry)}


def _view_of(record: Any) -> ViewName:
    return record.feature_view_name, record.project_id
