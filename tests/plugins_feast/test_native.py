"""The user's Feast: its configuration, its registry, and what goes wrong with them."""

import pandas as pd
import pytest

import datanectar as dn
from datanectar.errors import ConfigurationError, FeatureStoreError


def configure(root, **options):
    lines = "".join(f'{name} = "{value}"\n' for name, value in options.items())
    (root / "datanectar.toml").write_text(f'[profiles.local]\nfeature_store = "feast"\n[feature_stores.feast]\n{lines}')


def test_without_a_feature_store_yaml_it_says_where_it_looked(repo):
    (repo / "feature_store.yaml").unlink()
    with dn.settings(), pytest.raises(ConfigurationError) as caught:
        dn.feature_store().views()
    assert str(caught.value).startswith(
        f"there is no {repo}/feature_store.yaml: `feast init` makes a feature repository; "
    )
    assert str(caught.value).endswith('say where yours is with repo = "…" in [feature_stores.feast]')


def test_a_repository_that_is_not_there_is_named(repo):
    configure(repo, repo="features")
    with dn.settings(), pytest.raises(ConfigurationError, match=f"there is no {repo}/features/feature_store.yaml"):
        dn.feature_store().views()


def test_a_repository_and_a_yaml_are_where_the_configuration_says(repo, stats, rows):
    (repo / "features").mkdir()
    (repo / "feature_store.yaml").rename(repo / "features/eta.yaml")
    configure(repo, repo="features", yaml="features/eta.yaml")
    with dn.settings():
        store = dn.feature_store()
        store.apply(stats)
        store.publish("stats", rows((1, 1, 10)), event_timestamp="at", slot="all")
    assert (repo / "features/data/stats/all.parquet").exists()
    assert (repo / "features/data/registry.db").exists()


def test_an_unknown_option_is_named(repo):
    configure(repo, registry="data")
    with dn.settings(), pytest.raises(ConfigurationError, match=r"feature_stores.feast.*registry"):
        dn.feature_store()


def test_what_feast_refuses_in_its_yaml_is_said_with_the_file(repo):
    yaml = repo / "feature_store.yaml"
    yaml.write_text(yaml.read_text().replace("project: eta", "project: _eta"))
    with dn.settings(), pytest.raises(ConfigurationError, match=f"Feast refuses {yaml}: "):
        dn.feature_store().views()


@pytest.mark.parametrize("text", ["", "project: [", "just text"])
def test_a_yaml_that_is_none_is_said_with_the_file(repo, text):
    (repo / "feature_store.yaml").write_text(text)
    with dn.settings(), pytest.raises(ConfigurationError, match=f"Feast refuses {repo}/feature_store.yaml: "):
        dn.feature_store().views()


def test_variables_in_the_yaml_are_feasts(repo, stats, rows, asking, values, monkeypatch):
    yaml = repo / "feature_store.yaml"
    yaml.write_text(yaml.read_text().replace("data/", "${PLACE}/"))
    monkeypatch.setenv("PLACE", "data/here")
    (repo / "data").mkdir()
    with dn.settings():
        store = dn.feature_store()
        store.apply(stats)
        batch = store.publish("stats", rows((1, 1, 10)), event_timestamp="at")
        store.materialize(batch)
        found = store.training_set(asking((1, 2)), ["stats:trips"], batches=[batch])
    assert values(found, "trips") == [10]
    assert sorted(path.name for path in (repo / "data/here").iterdir()) == ["online.db", "registry.db"]


def test_a_view_that_is_named_with_a_colon_is_refused_by_feast_with_the_reason(applied, define, stats):
    from feast.types import Int64

    with pytest.raises((ValueError, FeatureStoreError), match="':'"):
        applied.apply(define("a:b", trips=Int64))
    assert [view.view for view in applied.views()] == ["stats"]


# The registry


@pytest.fixture
def registry(repo):
    return repo / "data/registry.db"


def actions(store, rows, asking, batch):
    yield lambda: store.views()
    yield lambda: store.publish("stats", rows((1, 1, 10)), event_timestamp="at", slot="all")
    yield lambda: store.training_set(asking((1, 2)), ["stats:trips"])
    yield lambda: store.materialize(batch)


def test_a_registry_that_was_deleted_is_filled_by_applying_again(
    applied, stats, publish, rows, asking, known, online, registry
):
    batch = publish((1, 1, 10), slot="all")
    for again in (False, True):  # a feature store that is open, and one that is opened after
        registry.unlink()
        if again:
            applied = dn.feature_store().__class__(applied._options)
        with pytest.raises(
            FeatureStoreError, match=r"view 'stats' is not registered .*: apply its definition first. Regis"
        ):
            applied.publish("stats", rows((1, 1, 10)), event_timestamp="at", slot="all")
        assert applied.views() == []
        applied.apply(stats)
        applied.materialize(batch)
        assert (known((1, 2)), online(1), [view.view for view in applied.views()]) == ([10], [10], ["stats"])


@pytest.mark.parametrize("opened", [True, False], ids=["opened before", "opened after"])
def test_a_registry_that_is_damaged_is_named(applied, stats, publish, rows, asking, registry, opened):
    batch = publish((1, 1, 10), slot="all")
    registry.write_bytes(registry.read_bytes()[:-7] + b"\xff" * 20)
    store = applied if opened else applied.__class__(applied._options)
    for action in actions(store, rows, asking, batch):
        with pytest.raises(FeatureStoreError, match=f"the Feast registry {registry} .* is damaged"):
            action()
    with pytest.raises(FeatureStoreError, match=r"is damaged.*Restore it, or remove it and apply all definitions agai"):
        store.apply(stats)


def test_a_registry_in_a_database_does_for_everything(repo, stats, rows, asking, values):
    yaml = repo / "feature_store.yaml"
    database = f"registry:\n  registry_type: sql\n  path: sqlite:///{repo}/registry.sqlite\n"
    yaml.write_text(yaml.read_text().replace("registry: data/registry.db\n", database))
    (repo / "data").mkdir()
    with dn.settings():
        store = dn.feature_store()
        store.apply(stats)
        batch = store.publish("stats", rows((1, 1, 10)), event_timestamp="at", slot="all")
        store.materialize(batch)
        for batches in (None, [batch]):
            found = store.training_set(asking((1, 2), (1, 0)), ["stats:trips"], batches=batches)
            assert values(found, "trips") == [10, None]
        assert store.online(["stats:trips"], [{"driver": 1}])["trips"] == [10]
        assert [(view.view, list(view.batches)) for view in store.views()] == [("stats", [batch])]


def test_what_is_read_in_private_is_gone_after(applied, publish, known, tmp_path_factory, monkeypatch):
    place = tmp_path_factory.mktemp("private")
    monkeypatch.setattr("tempfile.tempdir", str(place))
    first = publish((1, 1, 10), slot="january")
    publish((1, 1, 11), slot="february")
    assert known((1, 2), batches=[first]) == [10]
    assert [path for path in place.iterdir() if "feast-" in path.name and not path.name.endswith("-0")] == []


def test_the_online_store_of_the_yaml_is_not_touched_by_reading(applied, publish, known, repo):
    publish((1, 1, 10))
    before = (repo / "data/online.db").read_bytes()
    registry = (repo / "data/registry.db").read_bytes()
    known((1, 2))
    assert ((repo / "data/online.db").read_bytes(), (repo / "data/registry.db").read_bytes()) == (before, registry)


def test_native_is_feasts_own(applied, publish, asking):
    publish((1, 1, 10))
    frame = applied.native.get_historical_features(asking((1, 2)), ["stats:trips"]).to_df()
    assert isinstance(frame, pd.DataFrame)
    assert applied.native is applied.native
