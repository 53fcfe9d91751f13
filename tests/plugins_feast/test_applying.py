"""Definitions on their way into the registry."""

import threading
import types
from concurrent.futures import ThreadPoolExecutor

import pytest

from datanectar.errors import ArgumentError, FeatureStoreError
from datanectar_feast.applying import definitions_in


def names(store):
    return [view.view for view in store.views()]


def test_one_several_or_a_module_of_definitions_may_be_applied(store, stats, define):
    from feast.types import Int64

    store.apply(stats[0])
    store.apply(tuple(stats))
    module = types.ModuleType("features")
    module.fares, module.alias, module.Int64, module.text = define("fares", fare=Int64), stats[1], Int64, "features"
    store.apply(module)
    assert names(store) == ["fares", "stats"]


def test_an_object_that_a_module_names_twice_is_applied_once(stats):
    module = types.ModuleType("features")
    module.one = module.other = stats[1]
    assert definitions_in(module) == [stats[1]]


@pytest.mark.parametrize("given", [7, "stats", None, ["stats"], {"stats": 1}, object])
def test_what_is_no_definition_is_refused(store, given):
    with pytest.raises(
        ArgumentError, match=r"apply\(\) takes Feast objects \(.*FeatureView.*\), or a module of them; not"
    ):
        store.apply(given)


def test_a_module_without_definitions_is_refused(store):
    with pytest.raises(ArgumentError, match=r"apply\(math\): this module defines nothing of Feast's"):
        store.apply(__import__("math"))


def test_nothing_at_all_is_refused(store):
    with pytest.raises(ArgumentError, match=r"apply\(\) was given nothing"):
        store.apply([])


def test_what_is_registered_and_not_given_stays(applied, define):
    from feast.types import Int64

    applied.apply(define("fares", fare=Int64))
    assert names(applied) == ["fares", "stats"]


def test_a_definition_that_is_changed_is_the_changed_one(applied, define):
    from feast.types import Float64, Int64

    applied.apply(define("stats", trips=Int64, fare=Float64))
    assert [list(view.features) for view in applied.views()] == [["trips", "fare"]]


def test_applying_keeps_what_was_materialised(applied, stats, publish, online):
    applied.materialize(publish((1, 1, 10)))
    applied.apply(stats)
    assert online(1) == [10]
    assert len(applied.native.get_feature_view("stats").materialization_intervals) == 1


def test_threads_that_apply_at_once_lose_nothing(applied, define):
    from feast.types import Int64

    views = [define(f"view_{number}", trips=Int64) for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(applied.apply, views))
    assert names(applied) == ["stats", *(f"view_{number}" for number in range(6))]


def test_what_another_process_wrote_over_is_written_again(applied, define, repo, monkeypatch):
    from feast.types import Int64

    registry = repo / "data/registry.db"
    before, stock, writes = registry.read_bytes(), applied.native.apply, []

    def overtaken(definitions):
        stock(definitions)
        writes.append(threading.current_thread())
        if len(writes) < 3:  # another machine, which read the registry before, writes it after
            registry.write_bytes(before)

    monkeypatch.setattr("datanectar.pause_before", lambda *_, **__: 0)
    monkeypatch.setattr(applied.native, "apply", overtaken)
    applied.apply(define("fares", fare=Int64))
    assert (len(writes), names(applied)) == (3, ["fares", "stats"])


def test_what_is_written_over_each_time_is_named_with_the_remedy(applied, define, repo, monkeypatch):
    from feast.types import Int64

    registry = repo / "data/registry.db"
    before, stock = registry.read_bytes(), applied.native.apply
    monkeypatch.setattr("datanectar.pause_before", lambda *_, **__: 0)
    monkeypatch.setattr(applied.native, "apply", lambda found: (stock(found), registry.write_bytes(before)))
    with pytest.raises(
        FeatureStoreError, match=r"applied 8 times, and each time another .* without FeatureView 'fares'. Use"
    ):
        applied.apply(define("fares", fare=Int64))


def test_a_definition_that_feast_refuses_changes_nothing(applied, define):
    from feast.errors import ConflictingFeatureViewNames
    from feast.types import Int64

    with pytest.raises(ConflictingFeatureViewNames, match="case-insensitively unique"):
        applied.apply([define("fares", fare=Int64), define("Fares", fare=Int64)])
    assert names(applied) == ["stats"]
