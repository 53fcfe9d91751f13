"""Aliases go along; what the target has under one is moved only on demand."""

import pytest

from datanectar.layer.aliases import pointed
from datanectar.layer.copying.aliases import AliasOutcome, aliases_of, copy_aliases
from datanectar.storages.memory import MemoryBackend

PATH = "train_model/classifier/eta"
ONE, TWO = f"{PATH}/one", f"{PATH}/two"
CHAMPION = f"{PATH}@champion"


@pytest.fixture
def stores(make_layer, faulty):
    """Two stores of two artifacts each."""
    layers = make_layer(faulty(MemoryBackend())), make_layer(faulty(MemoryBackend()))
    for layer in layers:
        layer.store(ONE, 1)
        layer.store(TWO, 2)
    return layers


def copy(stores, names=(ONE, TWO), *, move=False, **options):
    source, target = stores
    return list(copy_aliases(aliases_of(source, names), target, names, move=move, **options))


def test_a_free_alias_is_set(stores):
    stores[0].alias(ONE, "champion")
    assert copy(stores) == [AliasOutcome(CHAMPION, ONE, None, moved=True)]
    assert stores[1].resolve(CHAMPION) == ONE


def test_an_alias_that_points_there_already_gets_no_entry(stores):
    for layer in stores:
        layer.alias(ONE, "champion")
    before = stores[1].backend.listed("aliases/")
    assert copy(stores) == []
    assert stores[1].backend.listed("aliases/") == before


def test_an_alias_that_points_elsewhere_stays_and_is_told(stores):
    stores[0].alias(ONE, "champion")
    stores[1].alias(TWO, "champion")
    assert copy(stores) == [AliasOutcome(CHAMPION, ONE, TWO, moved=False)]
    assert stores[1].resolve(CHAMPION) == TWO


def test_on_demand_it_moves_and_what_was_there_before_is_told(stores):
    stores[0].alias(ONE, "champion")
    stores[1].alias(TWO, "champion")
    assert copy(stores, move=True) == [AliasOutcome(CHAMPION, ONE, TWO, moved=True)]
    assert stores[1].resolve(CHAMPION) == ONE
    assert len(stores[1].backend.listed("aliases/")) == 2  # the earlier one is in its log


def test_aliases_of_other_artifacts_are_left_alone(stores):
    stores[0].alias(ONE, "champion")
    stores[0].alias(TWO, "latest")
    assert [outcome.alias for outcome in copy(stores, (TWO,))] == [f"{PATH}@latest"]


def test_an_alias_under_another_path_keeps_it(stores):
    stores[0].alias(ONE, "champion", path="another/path/task")
    copy(stores)
    assert pointed(stores[1].backend) == {("another/path/task", "champion"): ONE}


def test_a_dry_run_moves_nothing(stores):
    stores[0].alias(ONE, "champion")
    assert copy(stores, move=True, dry_run=True) == [AliasOutcome(CHAMPION, ONE, None, moved=True)]
    assert stores[1].backend.listed("aliases/") == []


def test_a_damaged_entry_at_the_target_is_replaced(stores):
    for layer in stores:
        layer.alias(ONE, "champion")
    stores[1].backend.put(stores[1].backend.listed("aliases/")[0], b"nonsense")
    assert copy(stores) == [AliasOutcome(CHAMPION, ONE, None, moved=True)]
    assert stores[1].resolve(CHAMPION) == ONE


@pytest.mark.parametrize("names", [None, (ONE,)])
def test_an_alias_that_is_damaged_at_the_source_is_told(stores, names):
    source, target = stores
    source.alias(ONE, "champion")
    source.backend.put(source.backend.listed("aliases/")[0], b"nonsense")
    (outcome,) = copy_aliases(aliases_of(source, names), target, (ONE,), move=False)
    assert (outcome.alias, outcome.name, outcome.moved) == (CHAMPION, None, False)
    assert f"aliases/{PATH}/champion/000000001.json is truncated" in outcome.note
    assert target.backend.listed("aliases/") == []


def test_a_damaged_alias_of_another_task_is_not_told_where_artifacts_are_named(stores):
    source, _ = stores
    source.alias(ONE, "champion", path="other/none/task")
    source.backend.put(source.backend.listed("aliases/")[0], b"nonsense")
    assert copy(stores) == []


def test_an_alias_that_a_run_at_the_target_takes_meanwhile_stays(stores):
    source, target = stores
    source.alias(ONE, "champion")
    taken = []

    def take(key):
        if key.startswith("aliases/") and not taken:
            taken.append(key)
            target.alias(TWO, "champion")

    target.backend.before["create"] = take
    assert copy(stores) == [AliasOutcome(CHAMPION, ONE, TWO, moved=False)]
    assert target.resolve(CHAMPION) == TWO
