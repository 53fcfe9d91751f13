"""Merging registries: one behaviour each."""

from __future__ import annotations

from typing import Any

import pytest
from feast.errors import ConflictingFeatureViewNames
from feast.protos.feast.core.Registry_pb2 import Registry

from datanectar.errors import DatanectarError
from datanectar_feast.registry.merge import merge


def registry(*views: str) -> Any:
    """A registry with these views, of the project ``shop``."""
    made = Registry(registry_schema_version="1")
    for name in views:
        add_view(made, name)
    return made


def add_view(made: Any, name: str, kind: str = "feature_views", project: str = "shop") -> Any:
    view = getattr(made, kind).add()
    view.spec.name, view.spec.project = name, project
    view.meta.created_timestamp.seconds = view.meta.last_updated_timestamp.seconds = 1000
    return view


def view_of(made: Any, name: str, kind: str = "feature_views") -> Any:
    return next(view for view in getattr(made, kind) if view.spec.name == name)


def copy(made: Any) -> Any:
    copied = Registry()
    copied.CopyFrom(made)
    return copied


def names(made: Any, kind: str = "feature_views") -> list[str]:
    return [view.spec.name for view in getattr(made, kind)]


def drop(made: Any, name: str) -> None:
    kept = [copy_of for copy_of in made.feature_views if copy_of.spec.name != name]
    changed = Registry()
    changed.feature_views.extend(kept)
    made.ClearField("feature_views")
    made.feature_views.extend(changed.feature_views)


def materialize(made: Any, name: str, start: int, end: int) -> None:
    interval = view_of(made, name).meta.materialization_intervals.add()
    interval.start_time.seconds, interval.end_time.seconds = start, end


def intervals(made: Any, name: str) -> list[tuple[int, int]]:
    found = view_of(made, name).meta.materialization_intervals
    return [(interval.start_time.seconds, interval.end_time.seconds) for interval in found]


@pytest.fixture
def base() -> Any:
    return registry("clicks", "orders")


@pytest.fixture
def ours(base: Any) -> Any:
    return copy(base)


@pytest.fixture
def theirs(base: Any) -> Any:
    return copy(base)


# Definitions


def test_what_either_side_added_is_kept_theirs_first(base: Any, ours: Any, theirs: Any) -> None:
    add_view(ours, "ours")
    add_view(theirs, "theirs")
    assert names(merge(base, ours, theirs)) == ["clicks", "orders", "theirs", "ours"]


def test_nothing_that_was_passed_is_changed(base: Any, ours: Any, theirs: Any) -> None:
    add_view(ours, "ours")
    add_view(theirs, "theirs")
    before = [copy(made) for made in (base, ours, theirs)]
    merge(base, ours, theirs)
    assert [base, ours, theirs] == before


def test_what_one_side_changed_is_as_it_left_it(base: Any, ours: Any, theirs: Any) -> None:
    view_of(ours, "clicks").spec.description = "ours"
    view_of(theirs, "orders").spec.description = "theirs"
    merged = merge(base, ours, theirs)
    assert [view.spec.description for view in merged.feature_views] == ["ours", "theirs"]


@pytest.mark.parametrize("sides", [("ours", "theirs"), ("theirs", "ours")])
def test_what_one_side_deleted_is_gone(sides: tuple[str, str], base: Any, ours: Any, theirs: Any) -> None:
    deleting, other = (ours if side == "ours" else theirs for side in sides)
    drop(deleting, "clicks")
    add_view(other, "added")
    assert names(merge(base, ours, theirs)) == ["orders", "added"]


@pytest.mark.parametrize("sides", [("ours", "theirs"), ("theirs", "ours")])
def test_what_one_side_deleted_and_the_other_changed_stays(
    sides: tuple[str, str], base: Any, ours: Any, theirs: Any
) -> None:
    deleting, other = (ours if side == "ours" else theirs for side in sides)
    drop(deleting, "clicks")
    add_view(deleting, "added")
    view_of(other, "clicks").spec.description = "changed"
    merged = merge(base, ours, theirs)
    assert sorted(names(merged)) == ["added", "clicks", "orders"]
    assert view_of(merged, "clicks").spec.description == "changed"


def test_of_a_definition_that_both_changed_ours_stands_whole(base: Any, ours: Any, theirs: Any) -> None:
    view_of(ours, "clicks").spec.description = "ours"
    view_of(theirs, "clicks").spec.description = "theirs"
    view_of(theirs, "clicks").spec.owner = "them"
    merged = view_of(merge(base, ours, theirs), "clicks").spec
    assert (merged.description, merged.owner) == ("ours", "")


def test_a_definition_that_we_only_registered_again_does_not_undo_their_change(
    base: Any, ours: Any, theirs: Any
) -> None:
    view_of(ours, "clicks").meta.last_updated_timestamp.seconds = 3000
    view_of(theirs, "clicks").spec.description = "theirs"
    merged = view_of(merge(base, ours, theirs), "clicks")
    assert (merged.spec.description, merged.meta.last_updated_timestamp.seconds) == ("theirs", 3000)


def test_one_definition_that_both_added_is_there_once_with_the_outermost_times(
    base: Any, ours: Any, theirs: Any
) -> None:
    for side, created, updated in ((ours, 2000, 2500), (theirs, 2100, 2400)):
        meta = add_view(side, "both").meta
        meta.created_timestamp.seconds, meta.last_updated_timestamp.seconds = created, updated
        meta.version_id = f"random {created}"
    merged = merge(base, ours, theirs)
    assert names(merged) == ["clicks", "orders", "both"]
    meta = view_of(merged, "both").meta
    assert (meta.created_timestamp.seconds, meta.last_updated_timestamp.seconds) == (2000, 2500)


def test_views_of_one_name_in_two_projects_are_two_views(base: Any, ours: Any, theirs: Any) -> None:
    add_view(ours, "fraud", project="bank")
    add_view(theirs, "fraud", project="shop")
    assert names(merge(base, ours, theirs)) == ["clicks", "orders", "fraud", "fraud"]


def test_a_time_that_was_never_noted_is_not_the_earliest(base: Any, ours: Any, theirs: Any) -> None:
    add_view(ours, "both").meta.created_timestamp.seconds = 2000
    add_view(theirs, "both").meta.ClearField("created_timestamp")
    assert view_of(merge(base, ours, theirs), "both").meta.created_timestamp.seconds == 2000


def test_a_list_with_two_records_of_one_name_keeps_both(base: Any, ours: Any, theirs: Any) -> None:
    for side in (base, ours, theirs):
        add_view(side, "clicks").spec.owner = "second"
    add_view(ours, "ours")
    add_view(theirs, "theirs")
    assert names(merge(base, ours, theirs)).count("clicks") == 2


# Materialization


def test_intervals_of_both_sides_are_united_in_time_order(base: Any, ours: Any, theirs: Any) -> None:
    for side in (base, ours, theirs):
        materialize(side, "clicks", 10, 20)
    materialize(ours, "clicks", 20, 30)
    materialize(theirs, "clicks", 5, 10)
    materialize(theirs, "clicks", 20, 40)
    assert intervals(merge(base, ours, theirs), "clicks") == [(5, 10), (10, 20), (20, 30), (20, 40)]


def test_an_interval_that_one_side_removed_is_gone(base: Any, ours: Any, theirs: Any) -> None:
    for side in (base, ours, theirs):
        materialize(side, "clicks", 10, 20)
        materialize(side, "clicks", 20, 30)
    del view_of(ours, "clicks").meta.materialization_intervals[0]
    materialize(theirs, "clicks", 30, 40)
    assert intervals(merge(base, ours, theirs), "clicks") == [(20, 30), (30, 40)]


def test_an_interval_that_both_added_is_there_once(base: Any, ours: Any, theirs: Any) -> None:
    for side in (ours, theirs):
        materialize(side, "clicks", 10, 20)
    view_of(ours, "clicks").meta.last_updated_timestamp.seconds = 2000
    assert intervals(merge(base, ours, theirs), "clicks") == [(10, 20)]


def test_a_changed_definition_keeps_the_intervals_that_the_other_side_added(base: Any, ours: Any, theirs: Any) -> None:
    view_of(ours, "clicks").spec.description = "ours"
    materialize(theirs, "clicks", 10, 20)
    view_of(theirs, "clicks").meta.state = 4
    merged = view_of(merge(base, ours, theirs), "clicks")
    assert (merged.spec.description, merged.meta.state) == ("ours", 4)
    assert intervals(merge(base, ours, theirs), "clicks") == [(10, 20)]
    assert intervals(merge(base, theirs, ours), "clicks") == [(10, 20)]


# Other records


def test_projects_and_their_generated_ids_are_not_doubled_when_two_create_the_registry() -> None:
    sides = []
    for number in (1, 2):
        side = Registry(registry_schema_version="1")
        side.projects.add().spec.name = "shop"
        side.projects[0].meta.created_timestamp.seconds = number
        side.project_metadata.add(project="shop", project_uuid=f"random {number}")
        side.entities.add().spec.name = "__dummy"
        side.entities[0].spec.project = "shop"
        sides.append(side)
    ours, theirs = sides
    merged = merge(Registry(), ours, theirs)
    assert [len(found) for found in (merged.projects, merged.project_metadata, merged.entities)] == [1, 1, 1]
    assert merged.project_metadata[0].project_uuid == "random 2"
    assert merged.registry_schema_version == "1"


def test_metadata_that_we_changed_stands(base: Any, ours: Any, theirs: Any) -> None:
    for side, text in ((base, "{}"), (ours, '{"visits": 2}'), (theirs, '{"visits": 1}')):
        side.project_metadata.add(project="shop", project_uuid=text)
    assert merge(base, ours, theirs).project_metadata[0].project_uuid == '{"visits": 2}'


def test_tables_of_the_online_store_are_those_of_both(base: Any, ours: Any, theirs: Any) -> None:
    for side, tables in ((base, "ab"), (ours, "ac"), (theirs, "abd")):
        for table in tables:
            made = side.infra.infra_objects.add(infra_object_class_type="sqlite")
            made.sqlite_table.name, made.sqlite_table.path = table, "online.db"
    side = ours.infra.infra_objects.add(infra_object_class_type="custom")
    side.custom_infra.field = b"anything"
    merged = merge(base, ours, theirs).infra.infra_objects
    assert [made.sqlite_table.name or made.custom_infra.field for made in merged] == ["a", "d", "c", b"anything"]


def test_every_list_of_the_registry_is_merged() -> None:
    """Also one that a later Feast adds: nothing here knows its name."""
    for field in Registry.DESCRIPTOR.fields:
        if field.message_type is None or not field.is_repeated:
            continue
        base, ours, theirs = Registry(), Registry(), Registry()
        for side, name in ((ours, "ours"), (theirs, "theirs")):
            record = getattr(side, field.name).add()
            known = record.spec if "spec" in record.DESCRIPTOR.fields_by_name else record
            setattr(known, "name" if "name" in known.DESCRIPTOR.fields_by_name else "project", name)
        assert len(getattr(merge(base, ours, theirs), field.name)) == 2, field.name


def test_fields_that_this_feast_does_not_know_are_kept(base: Any, ours: Any, theirs: Any) -> None:
    unknown = bytes([0xFA, 0x3F, 0x03]) + b"new"  # field 1023, a text
    theirs = Registry.FromString(theirs.SerializeToString() + unknown)
    view = view_of(theirs, "clicks")
    view.spec.MergeFromString(unknown)
    add_view(ours, "ours")
    materialize(ours, "clicks", 1, 2)
    merged = merge(base, ours, theirs)
    assert merged.SerializeToString().count(unknown) == 2
    assert names(merged) == ["clicks", "orders", "ours"]


# Conflicts


@pytest.mark.parametrize("kind", ["on_demand_feature_views", "stream_feature_views", "label_views"])
def test_a_name_that_both_registered_as_views_of_two_kinds_is_refused(
    kind: str, base: Any, ours: Any, theirs: Any
) -> None:
    add_view(ours, "fraud", kind)
    add_view(theirs, "fraud")
    with pytest.raises(ConflictingFeatureViewNames, match="'fraud' of project 'shop'") as caught:
        merge(base, ours, theirs)
    assert isinstance(caught.value, DatanectarError)
    assert str(caught.value).count(kind.removesuffix("s").replace("_", " ")) == 1


def test_a_view_whose_kind_we_changed_while_they_changed_the_view_is_refused(base: Any, ours: Any, theirs: Any) -> None:
    drop(ours, "clicks")
    add_view(ours, "clicks", "on_demand_feature_views")
    materialize(theirs, "clicks", 1, 2)
    with pytest.raises(ConflictingFeatureViewNames, match="clicks"):
        merge(base, ours, theirs)


def test_two_kinds_that_one_side_has_by_itself_stop_nobody(base: Any, ours: Any, theirs: Any) -> None:
    add_view(theirs, "clicks", "label_views")
    add_view(ours, "ours")
    assert "ours" in names(merge(base, ours, theirs))
