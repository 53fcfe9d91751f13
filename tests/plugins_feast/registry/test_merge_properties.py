"""Laws of merging, on registries and changes that hypothesis makes up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from feast.protos.feast.core.Registry_pb2 import Registry
from hypothesis import given
from hypothesis import strategies as st

from datanectar_feast.registry.merge import merge

Edit = tuple[str, str, int]  # what is done, to which view, and with which number

NAMES = "abcdef"
KINDS = ("define", "delete", "materialize", "touch", "service")


def edits(names: Iterable[str] = NAMES) -> st.SearchStrategy[list[Edit]]:
    edit = st.tuples(st.sampled_from(KINDS), st.sampled_from(list(names)), st.integers(1, 9))
    return st.lists(edit, max_size=8)


def apply(registry: Any, changes: list[Edit]) -> Any:
    """Returns the registry after some changes, as Feast makes them: what is changed goes to the end of its list."""
    made = Registry()
    made.CopyFrom(registry)
    for what, name, number in changes:
        records = made.feature_services if what == "service" else made.feature_views
        place = next((at for at, record in enumerate(records) if record.spec.name == name), None)
        record = type(records.add())()
        del records[-1]
        if place is not None:
            record.CopyFrom(records[place])
            del records[place]
        if what == "delete" or (place is None and what in ("materialize", "touch")):
            continue
        record.spec.name, record.spec.project = name, "shop"
        if what in ("define", "service"):
            record.spec.description = str(number)
        if what == "materialize":
            record.meta.materialization_intervals.add().end_time.seconds = number
        record.meta.last_updated_timestamp.seconds += number
        records.add().CopyFrom(record)
    return made


def content(registry: Any) -> set[bytes]:
    """The records, whatever their order."""
    records = [*registry.feature_views, *registry.feature_services]
    return {record.SerializeToString(deterministic=True) for record in records}


def known(registry: Any) -> set[tuple[str, str]]:
    return {(type(each).__name__, each.spec.name) for each in (*registry.feature_views, *registry.feature_services)}


bases = edits().map(lambda changes: apply(Registry(), changes))


@given(bases, edits())
def test_who_changed_nothing_gets_theirs(base: Any, changes: list[Edit]) -> None:
    theirs = apply(base, changes)
    assert merge(base, base, theirs) == theirs


@given(bases, edits())
def test_where_nobody_else_changed_anything_ours_is_committed_as_it_is(base: Any, changes: list[Edit]) -> None:
    ours = apply(base, changes)
    assert merge(base, ours, base) == ours


@given(bases, edits())
def test_what_is_there_already_is_not_added_again(base: Any, changes: list[Edit]) -> None:
    ours = apply(base, changes)
    assert merge(base, ours, ours) == ours


@given(bases, edits("abc"), edits("def"))
def test_changes_of_different_views_give_the_same_in_either_order(
    base: Any, ours: list[Edit], theirs: list[Edit]
) -> None:
    one, two = apply(base, ours), apply(base, theirs)
    assert content(merge(base, one, two)) == content(merge(base, two, one)) == content(apply(two, ours))


@given(bases, edits("ab"), edits("cd"), edits("ef"))
def test_changes_of_three_give_the_same_however_they_are_grouped(
    base: Any, first: list[Edit], second: list[Edit], third: list[Edit]
) -> None:
    one, two, three = apply(base, first), apply(base, second), apply(base, third)
    left = merge(base, merge(base, one, two), three)
    assert content(left) == content(merge(base, one, merge(base, two, three)))


@given(bases, edits(), edits())
def test_nothing_that_either_side_added_or_changed_is_lost(base: Any, ours: list[Edit], theirs: list[Edit]) -> None:
    one, two = apply(base, ours), apply(base, theirs)
    merged = merge(base, one, two)
    expected = {each for side in (one, two) for each in known(side) if each in known(one) & known(two)}
    for side in (one, two):
        unchanged = {
            record.SerializeToString(deterministic=True) for record in (*base.feature_views, *base.feature_services)
        }
        for record in (*side.feature_views, *side.feature_services):
            if record.SerializeToString(deterministic=True) not in unchanged:
                expected.add((type(record).__name__, record.spec.name))
    assert known(merged) == expected


@given(bases, edits(), edits())
def test_every_interval_that_either_side_added_is_there(base: Any, ours: list[Edit], theirs: list[Edit]) -> None:
    one, two = apply(base, ours), apply(base, theirs)
    merged = {view.spec.name: view for view in merge(base, one, two).feature_views}
    before = {view.spec.name: list(view.meta.materialization_intervals) for view in base.feature_views}
    for side in (one, two):
        for view in side.feature_views:
            added = [each for each in view.meta.materialization_intervals if each not in before.get(view.spec.name, [])]
            if added:
                assert all(each in list(merged[view.spec.name].meta.materialization_intervals) for each in added)
