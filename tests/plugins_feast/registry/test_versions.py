"""Numbered versions of views that two sides made at once."""

from __future__ import annotations

from typing import Any

import pytest
from feast.errors import ConcurrentVersionConflict
from feast.protos.feast.core.FeatureView_pb2 import FeatureView
from feast.protos.feast.core.Registry_pb2 import Registry

from datanectar_feast.registry.merge import merge


def registry(*descriptions: str, noted: int = 0) -> Any:
    """A registry whose view ``clicks`` was defined so often, each time with another description."""
    made = Registry()
    for number, description in enumerate(descriptions):
        define(made, description, number, noted)
    return made


def define(made: Any, description: str, number: int, noted: int = 0, version: str = "") -> Any:
    """Makes the current definition of ``clicks``, and a version of it, as Feast does."""
    del made.feature_views[:]
    view = made.feature_views.add()
    view.spec.name, view.spec.project, view.spec.description = "clicks", "shop", description
    view.spec.version = version
    view.meta.current_version_number = number
    view.meta.last_updated_timestamp.seconds = noted
    record(made, view, number, noted)
    return view


def record(made: Any, view: Any, number: int, noted: int = 0) -> None:
    made.feature_view_version_history.records.add(
        feature_view_name=view.spec.name,
        project_id=view.spec.project,
        version_number=number,
        feature_view_type="feature_view",
        feature_view_proto=view.SerializeToString(),
        version_id=f"random {noted}",
    ).created_timestamp.seconds = noted


def copy(made: Any) -> Any:
    copied = Registry()
    copied.CopyFrom(made)
    return copied


def versions(made: Any) -> dict[int, tuple[str, int]]:
    """The description of each version, and the number that it says of itself."""
    found = {}
    for kept in made.feature_view_version_history.records:
        assert kept.version_number not in found
        view = FeatureView.FromString(kept.feature_view_proto)
        found[kept.version_number] = view.spec.description, view.meta.current_version_number
    return found


def test_two_definitions_of_one_number_get_two_numbers_and_our_view_follows() -> None:
    base, ours, theirs = registry("first"), registry("first", "ours"), registry("first", "theirs")
    merged = merge(base, ours, theirs)
    assert versions(merged) == {0: ("first", 0), 1: ("theirs", 1), 2: ("ours", 2)}
    assert merged.feature_views[0].spec.description == "ours"
    assert merged.feature_views[0].meta.current_version_number == 2


def test_several_of_our_versions_are_renumbered_in_order() -> None:
    base = registry("first")
    merged = merge(base, registry("first", "our 1", "our 2"), registry("first", "their 1", "their 2"))
    assert [said for said, _ in versions(merged).values()] == ["first", "their 1", "their 2", "our 1", "our 2"]
    assert merged.feature_views[0].meta.current_version_number == 4


def test_one_definition_that_both_made_a_version_of_is_one_version() -> None:
    base, ours, theirs = registry("first"), registry("first", "same", noted=5), registry("first", "same", noted=6)
    base = registry("first", noted=5)
    for side in (ours, theirs):
        side.feature_view_version_history.records[0].CopyFrom(base.feature_view_version_history.records[0])
    merged = merge(base, ours, theirs)
    assert versions(merged) == {0: ("first", 0), 1: ("same", 1)}
    assert merged.feature_view_version_history.records[1].version_id == "random 6"


def test_a_view_that_two_processes_made_as_the_registry_began_has_both_versions() -> None:
    merged = merge(Registry(), registry("ours"), registry("theirs"))
    assert versions(merged) == {0: ("theirs", 0), 1: ("ours", 1)}
    assert merged.feature_views[0].meta.current_version_number == 1


def test_a_version_that_was_asked_for_by_its_number_is_refused_if_it_is_taken() -> None:
    base, ours, theirs = registry("first"), registry("first"), registry("first")
    define(ours, "ours", 3, version="v3")
    define(theirs, "theirs", 3, version="v3")
    with pytest.raises(ConcurrentVersionConflict, match="'v3' of view 'clicks'"):
        merge(base, ours, theirs)


def test_our_service_names_our_version_by_its_new_number() -> None:
    base, ours, theirs = registry("first"), registry("first", "ours"), registry("first", "theirs")
    for side in (ours, theirs):
        service = side.feature_services.add()
        service.spec.name = "ours" if side is ours else "theirs"
        service.spec.project = "shop"
        service.spec.features.add(feature_view_name="clicks", version_tag=1)
    tags = {
        service.spec.name: service.spec.features[0].version_tag
        for service in merge(base, ours, theirs).feature_services
    }
    assert tags == {"ours": 2, "theirs": 1}


def test_a_definition_of_ours_that_makes_no_version_keeps_its_number_while_they_make_one() -> None:
    """Feast makes a version where the schema changes, not of a description."""
    base, ours, theirs = registry("first"), registry("first"), registry("first", "theirs")
    ours.feature_views[0].spec.owner = "us"
    merged = merge(base, ours, theirs)
    assert versions(merged) == {0: ("first", 0), 1: ("theirs", 1)}
    assert (merged.feature_views[0].spec.owner, merged.feature_views[0].meta.current_version_number) == ("us", 0)


def test_versions_go_with_their_view() -> None:
    base, ours = registry("first"), registry()
    theirs = copy(base)
    theirs.projects.add().spec.name = "another"
    merged = merge(base, ours, theirs)
    assert (len(merged.feature_views), versions(merged)) == (0, {})


def test_a_version_that_one_side_dropped_while_the_view_stays_is_gone() -> None:
    base, ours, theirs = registry("first", "second"), registry("first", "second"), registry("first", "second")
    del ours.feature_view_version_history.records[0]
    theirs.feature_views[0].meta.materialization_intervals.add().end_time.seconds = 9
    assert versions(merge(base, ours, theirs)) == {1: ("second", 1)}


@pytest.mark.parametrize("we_delete", [True, False])
def test_a_view_that_one_side_deleted_and_the_other_changed_keeps_its_versions(we_delete: bool) -> None:
    base, deleted, changed = registry("first"), registry(), registry("first")
    changed.feature_views[0].meta.materialization_intervals.add().end_time.seconds = 9
    deleted.projects.add().spec.name = "another"
    sides = (deleted, changed) if we_delete else (changed, deleted)
    merged = merge(base, *sides)
    assert versions(merged) == {0: ("first", 0)}
    assert len(merged.feature_views) == 1


@pytest.mark.parametrize("we_delete", [True, False])
def test_a_view_of_which_the_other_side_made_a_version_is_not_deleted(we_delete: bool) -> None:
    """With ``no_promote``, Feast adds a version and leaves the view as it was."""
    base, deleted, grown = registry("first"), registry(), registry("first")
    deleted.projects.add().spec.name = "another"
    draft = FeatureView()
    draft.CopyFrom(grown.feature_views[0])
    draft.spec.description, draft.meta.current_version_number = "draft", 1
    record(grown, draft, 1)
    merged = merge(base, *((deleted, grown) if we_delete else (grown, deleted)))
    assert versions(merged) == {0: ("first", 0), 1: ("draft", 1)}
    assert [view.spec.description for view in merged.feature_views] == ["first"]


def test_a_version_made_without_promotion_gives_way_and_their_current_one_stays_current() -> None:
    base, ours, theirs = registry("first"), registry("first"), registry("first", "theirs")
    draft = FeatureView()
    draft.CopyFrom(ours.feature_views[0])
    draft.spec.description = "draft"
    record(ours, draft, 1)
    merged = merge(base, ours, theirs)
    assert versions(merged) == {0: ("first", 0), 1: ("theirs", 1), 2: ("draft", 2)}
    assert merged.feature_views[0].meta.current_version_number == 1


def test_a_version_of_a_kind_that_this_feast_does_not_know_is_kept_and_renumbered() -> None:
    sides = []
    for text in (b"ours", b"theirs"):
        side = Registry()
        side.feature_view_version_history.records.add(
            feature_view_name="clicks", project_id="shop", feature_view_type="new_kind", feature_view_proto=text
        )
        sides.append(side)
    merged = merge(Registry(), *sides).feature_view_version_history.records
    assert [(kept.version_number, kept.feature_view_proto) for kept in merged] == [(0, b"theirs"), (1, b"ours")]
