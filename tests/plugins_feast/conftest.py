"""A feature repository for each test: Feast's own files, and Datanectar beside it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import datanectar as dn
from datanectar.testing import services  # noqa: F401  a fixture

YAML = """\
project: eta
provider: local
registry: data/registry.db
online_store:
  type: sqlite
  path: data/online.db
entity_key_serialization_version: 3
"""
MIDNIGHT = datetime(2013, 1, 1, tzinfo=UTC)


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
def driver():
    """The entity ``driver``."""
    from feast import Entity, ValueType

    return Entity(name="driver", join_keys=["driver"], value_type=ValueType.INT64)


@pytest.fixture
def define(driver):
    """Defines views: ``define("fares", fare=Float64)`` is of ``driver`` and of the directory ``data/fares``."""
    from feast import FeatureView, Field, FileSource
    from feast.types import Int64, String

    kinds = {"driver": Int64, "city": String}

    def make(name, *, entities=None, created="created", source=None, path=None, ttl=None, online=True, **features):
        entities = [driver] if entities is None else entities
        keys = [Field(name=entity.join_key, dtype=kinds[entity.join_key]) for entity in entities]
        fields = [Field(name=feature, dtype=dtype) for feature, dtype in features.items()]
        files = FileSource(path=path or f"data/{name}", timestamp_field="at", created_timestamp_column=created)
        return FeatureView(
            name=name, entities=entities, schema=[*keys, *fields], source=source or files, ttl=ttl, online=online
        )

    return make


@pytest.fixture
def stats(driver, define):
    """The entity ``driver`` and the view ``stats``, of a directory of files, as Feast has them."""
    from feast.types import Int64

    return [driver, define("stats", trips=Int64)]


@pytest.fixture
def applied(store, stats):
    """The feature store, which knows the view."""
    store.apply(stats)
    return store


@pytest.fixture
def at():
    """The time so many hours after a midnight in UTC: ``at(1.5)``."""
    return lambda hours: MIDNIGHT + timedelta(hours=hours)


@pytest.fixture
def rows(at):
    """A frame of rows of ``stats``: ``rows((1, 2, 10))`` has 10 trips of driver 1 from two o'clock on."""
    import pandas as pd

    def make(*found, **more):
        table = [{"driver": who, "at": at(hours), "created": at(hours), "trips": trips} for who, hours, trips in found]
        return pd.DataFrame(table, columns=["driver", "at", "created", "trips"]).assign(**more)

    return make


@pytest.fixture
def publish(applied, rows):
    """Publishes rows of ``stats``: ``publish((1, 2, 10), slot="january")``."""

    def put(*found, slot=None):
        return applied.publish("stats", rows(*found), event_timestamp="at", created_timestamp="created", slot=slot)

    return put


@pytest.fixture
def asking(at):
    """A frame of entity rows: ``asking((1, 3))`` asks for driver 1 as of three o'clock."""
    import pandas as pd

    def make(*asked):
        return pd.DataFrame(
            {
                "driver": [who for who, _ in asked],
                "event_timestamp": pd.DatetimeIndex([at(hours) for _, hours in asked]),
            }
        )

    return make


@pytest.fixture
def known(applied, asking):
    """What training sets know of ``stats:trips``: ``known((1, 3))`` is ``[10]``."""

    def ask(*asked, features=("stats:trips",), **options):
        return values(applied.training_set(asking(*asked), list(features), **options), "trips")

    return ask


@pytest.fixture
def online(applied):
    """What is online of ``stats:trips``: ``online(1, 2)`` is ``[10, None]``."""
    return lambda *who: list(applied.online(["stats:trips"], [{"driver": one} for one in who])["trips"])


def values(frame, column):
    return [None if value is None or value != value else value for value in frame[column]]


@pytest.fixture(name="values")
def values_fixture():
    """The values of a column, with None for null."""
    return values


@pytest.fixture
def stored():
    """The names of what the storage layer holds of a kind, such as ``feature_batch``."""
    return lambda kind="feature_batch": [name for name in dn.storage_layer().list(kind + "/")]
