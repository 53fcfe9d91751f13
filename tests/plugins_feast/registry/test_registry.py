"""The store, as Feast uses it: several feature stores on one registry, each with a cache of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from feast.infra.registry.file import FileRegistryStore
from feast.protos.feast.core.Registry_pb2 import Registry
from feast.repo_config import RegistryConfig

import datanectar as dn
from datanectar.errors import ConfigurationError, IntegrityError, PluginNotFoundError
from datanectar_feast.registry import DatanectarRegistryStore

MakeStore = Callable[..., Any]
MakeView = Callable[..., Any]


def views(store: Any) -> list[str]:
    return sorted(view.name for view in store.list_feature_views())


def stored(layer: dn.StorageLayer) -> list[str]:
    return sorted(info.key for info in layer.backend.list("registry/"))


def intervals(store: Any, view: str) -> list[int]:
    """The days of January on which a view's intervals begin."""
    return [start.day for start, _ in store.get_feature_view(view).materialization_intervals]


def materialize(store: Any, view: Any, day: int) -> None:
    """Notes an interval, as `FeatureStore.materialize` does when the rows are written."""
    start, end = datetime(2024, 1, day, tzinfo=UTC), datetime(2024, 1, day + 1, tzinfo=UTC)
    store.registry.apply_materialization(view, store.project, start, end)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was too late tries again at once."""
    monkeypatch.setattr(dn, "pause_before", lambda retry, *, longest: 0.001)


# Two at once


def test_two_stores_with_stale_caches_apply_views_and_both_are_there(
    make_store: MakeStore, make_view: MakeView, entity: Any
) -> None:
    one, two = make_store(), make_store()
    one.apply([entity, make_view("clicks")])
    two.apply([entity, make_view("orders")])
    assert views(two) == views(make_store()) == ["clicks", "orders"]


def test_what_others_committed_is_in_the_cache_after_a_commit(
    make_store: MakeStore, make_view: MakeView, entity: Any
) -> None:
    one, two = make_store(), make_store()
    one.apply([entity, make_view("clicks")])
    two.registry.apply_feature_view(make_view("orders"), "shop")
    assert sorted(view.spec.name for view in two.registry.cached_registry_proto.feature_views) == ["clicks", "orders"]


def test_threads_that_apply_at_once_lose_no_view(make_store: MakeStore, make_view: MakeView, entity: Any) -> None:
    count = 8
    ready = Barrier(count)

    def apply(number: int) -> None:
        store = make_store()  # they create the registry at once, too
        ready.wait()
        store.apply([entity, make_view(f"view{number}")])

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(apply, range(count)))
    store = make_store()
    assert views(store) == [f"view{number}" for number in range(count)]
    proto = store.registry.cached_registry_proto
    assert [project.spec.name for project in proto.projects] == ["shop"]
    assert [metadata.project for metadata in proto.project_metadata] == ["shop"]
    assert [each.spec.name for each in proto.entities].count("driver") == 1


def test_a_view_is_deleted_while_another_store_applies(make_store: MakeStore, make_view: MakeView, entity: Any) -> None:
    one, two = make_store(), make_store()
    one.apply([entity, make_view("clicks"), make_view("orders")])
    two.refresh_registry()
    one.registry.delete_feature_view("clicks", "shop")
    two.registry.apply_feature_view(make_view("views"), "shop")
    assert views(make_store()) == ["orders", "views"]
    assert make_store().list_feature_view_versions("clicks") == []


def test_intervals_that_two_stores_materialize_are_both_noted(
    make_store: MakeStore, make_view: MakeView, entity: Any
) -> None:
    one, two, view = make_store(), make_store(), make_view("clicks")
    one.apply([entity, view])
    two.refresh_registry()
    materialize(one, view, 2)
    materialize(two, view, 1)
    materialize(one, view, 3)
    assert intervals(make_store(), "clicks") == [1, 2, 3]


def test_a_view_that_two_stores_change_keeps_both_versions(
    make_store: MakeStore, make_view: MakeView, entity: Any
) -> None:
    one, two = make_store(), make_store()
    one.apply([entity, make_view("clicks")])
    two.refresh_registry()
    for store, feature in ((one, "fares"), (two, "tips")):
        store.registry.apply_feature_view(make_view("clicks", feature), "shop")
    fresh = make_store()
    assert [version["version"] for version in fresh.list_feature_view_versions("clicks")] == ["v0", "v1", "v2"]
    features = [
        [field.name for field in fresh.registry.get_feature_view_by_version("clicks", "shop", number).features]
        for number in range(3)
    ]
    assert features == [["trips"], ["fares"], ["tips"]]
    assert fresh.get_feature_view("clicks").current_version_number == 2


def test_a_name_that_another_store_took_for_another_kind_of_view_is_refused(
    make_store: MakeStore, make_view: MakeView, entity: Any, layer: dn.StorageLayer
) -> None:
    from feast.errors import ConflictingFeatureViewNames
    from feast.labeling.label_view import LabelView

    one, two = make_store(), make_store()
    one.apply([entity, make_view("clicks")])
    two.refresh_registry()
    one.registry.apply_feature_view(make_view("fraud"), "shop")
    source = make_view("fraud").batch_source
    label = LabelView(name="fraud", entities=[entity], schema=make_view("fraud").schema, source=source)
    before = stored(layer)
    with pytest.raises(ConflictingFeatureViewNames, match="is a label view here"):
        two.registry.apply_feature_view(label, "shop")
    assert stored(layer) == before
    two.refresh_registry()
    two.registry.apply_feature_view(make_view("orders"), "shop")
    assert views(make_store()) == ["clicks", "fraud", "orders"]


# The log


def test_a_commit_without_a_change_makes_no_version(
    make_store: MakeStore, make_view: MakeView, entity: Any, layer: dn.StorageLayer
) -> None:
    store = make_store()
    store.apply([entity, make_view("clicks")])
    before = stored(layer)
    store.registry.commit()
    make_store().registry.commit()
    assert stored(layer) == before


def test_the_log_keeps_a_hundred_versions_beside_the_one_in_force(layer: dn.StorageLayer, registry_store: Any) -> None:
    proto = registry_of("first")
    for number in range(105):
        proto.feature_views[0].spec.description = str(number)
        registry_store.update_registry_proto(proto)
    assert stored(layer) == [f"registry/{number:09d}.pb" for number in range(5, 106)]


@pytest.fixture
def registry_store(place: str) -> DatanectarRegistryStore:
    return DatanectarRegistryStore(RegistryConfig(path=place), None)


def registry_of(*names: str) -> Any:
    made = Registry(registry_schema_version="1")
    for name in names:
        made.feature_views.add().spec.name = name
    return made


def test_a_version_is_a_registry_that_feasts_own_file_store_reads(
    make_store: MakeStore, make_view: MakeView, entity: Any, tmp_path: Path
) -> None:
    store = make_store(path="registry of ours")
    store.apply([entity, make_view("clicks")])
    newest = max((tmp_path / "registry of ours" / "registry").glob("*.pb"))
    proto = FileRegistryStore(RegistryConfig(path=str(newest)), tmp_path).get_registry_proto()
    assert [view.spec.name for view in proto.feature_views] == ["clicks"]
    assert proto == store.registry.cached_registry_proto
    assert proto.version_id
    assert abs(proto.last_updated.ToDatetime(UTC) - datetime.now(UTC)).total_seconds() < 600


def test_a_registry_of_feasts_own_file_store_goes_on_as_version_one(
    make_store: MakeStore, make_view: MakeView, entity: Any, layer: dn.StorageLayer, tmp_path: Path
) -> None:
    stock = FileRegistryStore(RegistryConfig(path="registry.db"), tmp_path)
    stock.update_registry_proto(registry_of("old"))
    with pytest.raises(ConfigurationError, match=r"is a file.*registry/000000001.pb"):
        make_store(path="registry.db")
    layer.backend.create("registry/000000001.pb", (tmp_path / "registry.db").read_bytes())
    make_store().apply([entity, make_view("clicks")])
    names = [view.spec.name for view in make_store().registry.cached_registry_proto.feature_views]
    assert names == ["old", "clicks"]


def test_a_version_that_was_put_there_by_hand_counts(layer: dn.StorageLayer, registry_store: Any) -> None:
    """It may have no id, or that of the version it was made of."""
    registry_store.update_registry_proto(registry_of("first"))
    stale = registry_store.get_registry_proto()
    edited = registry_store.get_registry_proto()
    edited.feature_views.add().spec.name = "by hand"
    layer.backend.create("registry/000000002.pb", edited.SerializeToString())
    registry_store.get_registry_proto()
    stale.feature_views.add().spec.name = "second"
    registry_store.update_registry_proto(stale)
    assert [view.spec.name for view in stale.feature_views] == ["first", "by hand", "second"]
    edited = registry_of("without an id")
    layer.backend.create("registry/000000004.pb", edited.SerializeToString())
    found = registry_store.get_registry_proto()
    del found.feature_views[0]
    registry_store.update_registry_proto(found)
    assert len(registry_store.get_registry_proto().feature_views) == 0


def test_metadata_of_a_project_is_kept_as_by_feasts_own_stores(
    make_store: MakeStore, make_view: MakeView, entity: Any
) -> None:
    one, two = make_store(), make_store()
    one.apply([entity, make_view("clicks")])
    one.registry.set_project_metadata("shop", "visits", "3")
    two.registry.set_project_metadata("shop", "theme", "dark")
    found = [make_store().registry.get_project_metadata("shop", key) for key in ("visits", "theme")]
    assert found == ["3", "dark"]


def test_what_else_stands_beside_the_versions_is_left_alone(layer: dn.StorageLayer, registry_store: Any) -> None:
    layer.backend.create("registry/readme.txt", b"hello")
    layer.backend.create("registry/old/000000009.pb", b"hello")
    registry_store.update_registry_proto(registry_of("first"))
    assert [view.spec.name for view in registry_store.get_registry_proto().feature_views] == ["first"]
    registry_store.teardown()
    assert stored(layer) == ["registry/old/000000009.pb", "registry/readme.txt"]


# Damage and deletion


@pytest.mark.parametrize("damage", [b"", b"\xff\xff\xff", b"\x0a\x7f"])
def test_a_damaged_version_is_named_and_deleting_it_goes_back(
    damage: bytes, make_store: MakeStore, make_view: MakeView, entity: Any, layer: dn.StorageLayer
) -> None:
    store = make_store()
    store.apply([entity, make_view("clicks")])
    before = stored(layer)
    key = f"registry/{len(before) + 1:09d}.pb"
    layer.backend.create(key, damage)
    for use in (make_store, store.refresh_registry, lambda: store.apply([make_view("orders")])):
        with pytest.raises(IntegrityError, match=f"delete {key}") as caught:
            use()
        assert caught.value.key == key
    assert stored(layer) == [*before, key]
    layer.backend.delete([key])
    assert views(make_store()) == ["clicks"]


def test_a_registry_that_is_not_there_is_no_file_found(registry_store: Any) -> None:
    with pytest.raises(FileNotFoundError, match="has no registry of Feast: run `feast apply`"):
        registry_store.get_registry_proto()


def test_teardown_removes_all_versions(
    make_store: MakeStore, make_view: MakeView, entity: Any, layer: dn.StorageLayer
) -> None:
    store = make_store()
    store.apply([entity, make_view("clicks")])
    store.registry.teardown()
    assert stored(layer) == []
    store.registry.teardown()


def test_after_a_teardown_by_another_all_that_is_held_is_committed(
    make_store: MakeStore, make_view: MakeView, entity: Any
) -> None:
    one, two = make_store(), make_store()
    one.apply([entity, make_view("clicks")])
    two.refresh_registry()
    one.registry.teardown()
    two.registry.apply_feature_view(make_view("orders"), "shop")
    assert views(make_store()) == ["clicks", "orders"]


@pytest.mark.parametrize("rounds", [1, 9])
def test_in_a_registry_that_another_made_anew_all_that_is_held_is_committed(
    rounds: int, make_store: MakeStore, make_view: MakeView, entity: Any
) -> None:
    """What ours has and theirs has not was not deleted by them: theirs never had it, however far they came."""
    one, two = make_store(), make_store()
    one.apply([entity, make_view("clicks")])
    two.refresh_registry()
    one.registry.teardown()
    three = make_store()
    three.apply([entity, make_view("views")])
    for number in range(rounds):
        three.registry.apply_feature_view(make_view("views", description=str(number)), "shop")
    two.registry.apply_feature_view(make_view("orders"), "shop")
    assert views(make_store()) == ["clicks", "orders", "views"]


# Where it is


def test_a_path_without_a_scheme_is_a_directory_in_the_repository(
    make_store: MakeStore, make_view: MakeView, entity: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    make_store(path="data/registry").apply([entity, make_view("clicks")])
    assert views(make_store(path=(tmp_path / "data" / "registry").as_uri())) == ["clicks"]
    assert views(make_store(path=str(tmp_path / "data" / "registry"))) == ["clicks"]


def test_a_path_that_is_missing_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"registry\.path is missing"):
        DatanectarRegistryStore(RegistryConfig(path=""), tmp_path)


def test_a_scheme_that_nothing_opens_is_refused_as_everywhere(tmp_path: Path) -> None:
    with pytest.raises(PluginNotFoundError, match="ftp"):
        DatanectarRegistryStore(RegistryConfig(path="ftp://host/registry"), tmp_path)
