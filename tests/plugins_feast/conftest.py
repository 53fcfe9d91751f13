"""A feature repository for each test: Feast's own files, and Datanectar beside it."""

from pathlib import Path

import pytest

import datanectar as dn

YAML = """\
project: eta
provider: local
registry: data/registry.db
online_store:
  type: sqlite
  path: data/online.db
entity_key_serialization_version: 3
"""


@pytest.fixture
def repo(tmp_path, monkeypatch):
    """The directory of a project with a feature repository, which is the working directory."""
    (tmp_path / "feature_store.yaml").write_text(YAML)
    (tmp_path / "datanectar.toml").write_text('[profiles.local]\nfeature_store = "feast"\n')
    monkeypatch.chdir(tmp_path)
    return Path(tmp_path)


@pytest.fixture
def store(repo):
    """The feature store of that project."""
    with dn.settings():
        yield dn.feature_store()


@pytest.fixture
def stats():
    """The entity ``driver`` and the view ``stats``, of a directory of files, as Feast has them."""
    from feast import Entity, FeatureView, Field, FileSource, ValueType
    from feast.types import Int64

    driver = Entity(name="driver", join_keys=["driver"], value_type=ValueType.INT64)
    view = FeatureView(
        name="stats",
        entities=[driver],
        schema=[Field(name="driver", dtype=Int64), Field(name="trips", dtype=Int64)],
        source=FileSource(path="data/stats", timestamp_field="at", created_timestamp_column="created"),
    )
    return [driver, view]


@pytest.fixture
def applied(store, stats):
    """The feature store, which knows the view."""
    store.apply(stats)
    return store
