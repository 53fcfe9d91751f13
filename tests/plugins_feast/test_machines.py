"""Batches on S3 and on Azure, and files that Feast reads from S3."""

import shutil

import pytest

import datanectar as dn
from datanectar.errors import UnsupportedError


@pytest.fixture(params=["s3", "azure"])
def lake(request) -> str:
    """The URL of a store of its own, on S3 and on Azure."""
    if request.param == "s3":
        bucket, prefix = request.getfixturevalue("s3_place")
        return f"s3://{bucket}/{prefix}"
    return f"az://{request.getfixturevalue('azure_container')}/artifacts"


@pytest.fixture
def machine(repo, lake, tmp_path_factory, monkeypatch):
    """Returns a function that goes to another machine: the same configuration and remote stores, an empty disk."""
    (repo / "datanectar.toml").write_text(
        '[profiles.local]\nfeature_store = "feast"\n[feature_stores.feast]\nstorage_layer = "lake"\n'
        f"[storage.lake]\n{table_of(lake)}\n"
    )
    configuration = (repo / "feature_store.yaml").read_text()
    ours = f"registry_store_type: datanectar_feast.registry.DatanectarRegistryStore\n  path: {lake}/registry"
    (repo / "feature_store.yaml").write_text(
        configuration.replace("registry: data/registry.db", f"registry:\n  {ours}")
    )

    def go():
        place = tmp_path_factory.mktemp("machine")
        for file in ("datanectar.toml", "feature_store.yaml"):
            shutil.copy(repo / file, place)
        monkeypatch.chdir(place)
        monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))
        return place

    return go


def table_of(url: str) -> str:
    kind, _, place = url.partition("://")
    name, _, prefix = place.partition("/")
    what = "bucket" if kind == "s3" else "container"
    return f'type = "{"s3" if kind == "s3" else "azure"}"\n{what} = "{name}"\nprefix = "{prefix}"'


def publish(store, rows, *found, slot):
    return store.publish("stats", rows(*found), event_timestamp="at", created_timestamp="created", slot=slot)


def test_another_machine_learns_from_and_serves_what_this_one_published(machine, stats, rows, asking) -> None:
    machine()
    with dn.settings():
        store = dn.feature_store()
        store.apply(stats)
        many = [(who, 1, who) for who in range(20_000)]  # more than a manifest takes
        batches = [publish(store, rows, *many, slot="many"), publish(store, rows, (1, 3, 30), slot="few")]
    there = machine()
    with dn.settings():
        store = dn.feature_store()
        found = store.training_set(asking((1, 2), (1, 4), (7, 4)), ["stats:trips"])
        assert list(found["trips"]) == [1, 30, 7]
        assert not (there / "data/stats").exists()
        store.apply(stats)  # which makes the table of this machine's online store
        store.materialize(batches[0])
        assert store.online(["stats:trips"], [{"driver": 1}, {"driver": 7}])["trips"] == [30, 7]
        assert sorted(path.name for path in (there / "data/stats").iterdir()) == ["few.parquet", "many.parquet"]
        (view,) = store.views()
        assert [batch.slot for batch in view.batches] == ["many", "few"]


@pytest.fixture
def on_s3(store, driver, define, s3_place):
    """The feature store, with ``stats`` of files on S3."""
    from feast import FileSource
    from feast.types import Int64

    bucket, prefix = s3_place
    files = FileSource(path=f"s3://{bucket}/{prefix}/stats", timestamp_field="at", created_timestamp_column="created")
    store.apply([driver, define("stats", source=files, trips=Int64)])
    return store


def test_feast_reads_from_s3_what_was_put_there(on_s3, rows, asking) -> None:
    batch = publish(on_s3, rows, (1, 1, 10), (2, 1, 20), slot="january")
    publish(on_s3, rows, (1, 1, 11), slot="january")
    stock = on_s3.native.get_historical_features(asking((1, 2)), ["stats:trips"]).to_df()
    assert list(stock["trips"]) == [11]
    assert list(on_s3.training_set(asking((1, 2), (2, 2)), ["stats:trips"])["trips"].fillna(-1)) == [11, -1]
    on_s3.materialize(batch)  # which is put in force again
    assert on_s3.online(["stats:trips"], [{"driver": 1}, {"driver": 2}])["trips"] == [10, 20]
    stock = on_s3.native.get_historical_features(asking((1, 2)), ["stats:trips"]).to_df()
    assert list(stock["trips"]) == [10]


@pytest.mark.parametrize("path", ["az://lake/stats", "abfss://lake@acme.dfs.core.windows.net/stats"])
def test_files_on_azure_are_refused_with_what_works(store, driver, define, rows, path) -> None:
    from feast import FileSource
    from feast.types import Int64

    files = FileSource(path=path, timestamp_field="at", created_timestamp_column="created")
    store.apply([driver, define("stats", source=files, trips=Int64)])
    with pytest.raises(UnsupportedError, match=r"Feast's file source cannot read Azure\. Give it a local directory"):
        publish(store, rows, (1, 1, 10), slot="january")
    assert list(dn.storage_layer().list()) == []
