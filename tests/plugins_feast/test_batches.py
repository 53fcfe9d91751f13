"""Batches as artifacts, and which of them is in force."""

import re
from datetime import UTC, datetime

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import datanectar as dn
from datanectar.errors import ArtifactNotFound, InvalidBatch, InvalidKey, UnsupportedError
from datanectar_feast.batches import BatchLog, _segment, check_slot


@pytest.fixture
def log(applied):
    return BatchLog(dn.storage_layer(), "eta")


def files(repo, view="stats"):
    return sorted(path.name for path in repo.joinpath("data", view).iterdir())


def test_a_batch_is_an_artifact_of_its_rows(publish, stored, at):
    batch = publish((1, 1, 10), (2, 3, 20), slot="january")
    assert stored() == [batch.name]
    loaded = dn.storage_layer().load(batch.name)
    assert loaded["batch"] == batch
    assert loaded["rows"].column("trips").to_pylist() == [10, 20]
    assert batch == dn.FeatureBatch(
        view="stats", slot="january", name=batch.name, rows=2, oldest=at(1), newest=at(3), source=None
    )


@pytest.mark.parametrize("count", [1, 20_000], ids=["inline", "a file of its own"])
def test_the_file_that_feast_reads_is_the_artifacts(publish, log, repo, count):
    batch = publish(*((who, 1, who * who) for who in range(count)), slot="all")
    file = log.file(batch.name)
    assert (file.stat().st_size > 1 << 16) == (count > 1)
    assert (repo / "data/stats/all.parquet").read_bytes() == file.read_bytes()


def test_a_file_says_of_which_batch_it_is(publish, repo):
    batch = publish((1, 1, 10), slot="january")
    schema = pq.read_schema(repo / "data/stats/january.parquet")
    assert schema.metadata[b"datanectar.batch"].decode() == batch.name


def test_publishing_again_adds_nothing(publish, stored, repo):
    first, second = publish((1, 1, 10), (2, 1, 20)), publish((2, 1, 20), (1, 1, 10))
    assert (first, stored(), files(repo)) == (second, [first.name], [f"{first.slot}.parquet"])


def test_other_rows_without_a_slot_are_another_batch_beside_the_first(publish, repo):
    first, second = publish((1, 1, 10)), publish((1, 1, 11))
    assert files(repo) == sorted(f"{batch.slot}.parquet" for batch in (first, second))


def test_of_one_slot_one_batch_is_in_force_and_all_are_kept(publish, log, stored, repo):
    first, second = publish((1, 1, 10), slot="january"), publish((1, 1, 11), slot="january")
    assert log.in_force("stats") == {"january": second.name}
    assert stored() == sorted([first.name, second.name])
    assert files(repo) == ["january.parquet"]


def test_the_same_rows_in_two_slots_are_two_batches(publish):
    first, second = publish((1, 1, 10), slot="january"), publish((1, 1, 10), slot="february")
    assert first.name != second.name


def test_when_rows_were_made_is_now_if_nobody_said(applied, rows, log):
    before = datetime.now(UTC)
    batch = applied.publish("stats", rows((1, 1, 10)).drop(columns="created"), event_timestamp="at")
    again = applied.publish("stats", rows((1, 1, 10)).drop(columns="created"), event_timestamp="at")
    assert before <= log.layer.load(batch.name)["rows"].column("created").to_pylist()[0] <= datetime.now(UTC)
    assert again == batch  # it is not made anew for that


def test_nothing_is_stored_of_what_is_refused(applied, rows, stored, repo):
    for wrong in (rows((1, 1, 10), (1, 1, 11)), rows((1, 1, 1.5)), rows((1, 1, 10), fare=1)):
        with pytest.raises(InvalidBatch):
            applied.publish("stats", wrong, event_timestamp="at", slot="january")
    assert (stored(), dn.storage_layer().aliases("feature_batch/eta/stats")) == ([], {})
    assert not (repo / "data/stats").exists()


@pytest.mark.parametrize("slot", ["", "January", "a/b", "../a", ".a", "a b", "ä", "x" * 65])
def test_a_slot_that_can_name_no_file_is_refused(publish, stored, slot):
    with pytest.raises(
        InvalidKey, match=r"is refused: a slot is at most 64 of a-z 0-9 . _ -, and starts with a letter"
    ):
        publish((1, 1, 10), slot=slot)
    assert stored() == []


def test_the_longest_slot_is_one():
    assert check_slot("x" * 64) == "x" * 64


def test_a_batch_that_was_never_stored_is_not_found(log):
    with pytest.raises(ArtifactNotFound):
        log.batch("feature_batch/eta/stats/none")


@given(st.text(min_size=1, max_size=200), st.text(min_size=1, max_size=200))
def test_every_name_of_feasts_is_a_segment_of_an_artifacts_name_and_two_are_two(one, other):
    assert re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,127}", _segment(one))
    assert (_segment(one) == _segment(other)) == (one == other)


@pytest.mark.parametrize("view", ["Trips", "trips per driver", "Fahrten_übrig", "t" * 150])
def test_views_may_be_called_as_feast_lets_them(applied, define, at, asking, values, view):
    from feast.types import Int64

    applied.apply(define(view, a=Int64, path="data/any"))
    table = pd.DataFrame({"driver": [1], "at": [at(1)], "created": [at(1)], "a": [1]})
    applied.materialize(applied.publish(view, table, event_timestamp="at", slot="all"))
    assert values(applied.training_set(asking((1, 2)), [f"{view}:a"]), "a") == [1]
    assert applied.online([f"{view}:a"], [{"driver": 1}])["a"] == [1]
    assert [found.view for found in applied.views() if found.batches] == [view]


@pytest.mark.parametrize("project", ["Eta_2", "e" * 150])
def test_projects_of_all_names_that_feast_takes_work(repo, stats, rows, asking, values, project):
    yaml = repo / "feature_store.yaml"
    yaml.write_text(yaml.read_text().replace("project: eta", f"project: {project}"))
    with dn.settings():
        store = dn.feature_store()
        store.apply(stats)
        store.materialize(store.publish("stats", rows((1, 1, 10)), event_timestamp="at", slot="all"))
        assert values(store.training_set(asking((1, 2)), ["stats:trips"]), "trips") == [10]
        assert list(store.online(["stats:trips"], [{"driver": 1}])["trips"]) == [10]


def test_a_view_that_reads_a_warehouse_is_refused_with_the_reason(applied, define, rows):
    from feast import BigQuerySource
    from feast.types import Int64

    source = BigQuerySource(name="big", table="a.b.c", timestamp_field="at", created_timestamp_column="created")
    applied.native.registry.apply_feature_view(define("big", source=source, trips=Int64), "eta")
    with pytest.raises(UnsupportedError, match="FeatureView 'big' reads a BigQuerySource, and batches are Parquet fil"):
        applied.publish("big", rows((1, 1, 10)), event_timestamp="at")


def test_a_view_of_pushes_takes_batches_where_its_batch_source_is_files(applied, define, rows, asking, values):
    from feast import FileSource, PushSource
    from feast.types import Int64

    files = FileSource(path="data/pushed", timestamp_field="at", created_timestamp_column="created")
    applied.apply(define("pushed", source=PushSource(name="push", batch_source=files), trips=Int64))
    applied.publish("pushed", rows((1, 1, 10)), event_timestamp="at")
    assert values(applied.training_set(asking((1, 2)), ["pushed:trips"]), "trips") == [10]


@pytest.mark.filterwarnings("ignore:On demand feature view is an experimental feature:RuntimeWarning")
def test_an_on_demand_view_has_no_rows_of_its_own(applied, stats, rows):
    from feast import Field
    from feast.on_demand_feature_view import on_demand_feature_view
    from feast.types import Float64

    @on_demand_feature_view(sources=[stats[1]], schema=[Field(name="half", dtype=Float64)])
    def halves(inputs: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"half": inputs["trips"] / 2})

    applied.apply(halves)
    with pytest.raises(UnsupportedError, match="OnDemandFeatureView 'halves' has no rows of its own: publish those of"):
        applied.publish("halves", rows((1, 1, 10)), event_timestamp="at")


def test_a_table_has_the_columns_that_files_have_before_feast_maps_them(applied, driver, at, asking, values):
    from feast import FeatureView, Field, FileSource
    from feast.types import Int64

    source = FileSource(path="data/mapped", timestamp_field="at", field_mapping={"n": "trips"})
    fields = [Field(name="driver", dtype=Int64), Field(name="trips", dtype=Int64)]
    applied.apply(FeatureView(name="mapped", entities=[driver], schema=fields, source=source))
    table = pd.DataFrame({"driver": [1], "at": [at(1)], "n": [10]})
    batch = applied.publish("mapped", table, event_timestamp="at")
    applied.materialize(batch)
    assert values(applied.training_set(asking((1, 2), (1, 0)), ["mapped:trips"]), "trips") == [10, None]
    assert applied.online(["mapped:trips"], [{"driver": 1}])["trips"] == [10]
    with pytest.raises(InvalidBatch, match="has no 'n' and has, which the view does not, 'trips'"):
        applied.publish("mapped", table.rename(columns={"n": "trips"}), event_timestamp="at")


def test_features_of_every_type_go_all_the_way(applied, define, at, asking):
    from feast.types import Array, Bool, Bytes, Float32, Float64, Int32, Int64, String, UnixTimestamp

    kinds = {
        "bool": (Bool, True),
        "bytes": (Bytes, b"\x00\xff"),
        "float32": (Float32, 2.5),
        "float64": (Float64, 0.1),
        "int32": (Int32, 7),
        "text": (String, "Bern"),
        "seen": (UnixTimestamp, at(1)),
        "last": (Array(Int64), [1, 2]),
        "names": (Array(String), ["a", "b"]),
    }
    applied.apply(define("every", **{name: kind for name, (kind, _) in kinds.items()}))
    row = {"driver": 1, "at": at(1), "created": at(1), **{name: value for name, (_, value) in kinds.items()}}
    batch = applied.publish("every", pd.DataFrame([row, {**row, "driver": 2}]), event_timestamp="at", slot="all")
    applied.materialize(batch)
    features = [f"every:{name}" for name in kinds]
    found = applied.training_set(asking((2, 2)), features).iloc[0]
    online = applied.online(features, [{"driver": 1}])
    for name, (_, value) in kinds.items():
        known = found[name].tolist() if hasattr(found[name], "tolist") else found[name]
        assert known == value, name
        if name != "seen":  # Feast's online store has it as a number
            assert online[name] == [value], name


def test_views_list_what_feast_has_without_its_dummies(applied, define):
    from feast.types import Float64

    applied.apply(define("rates", entities=[], created=None, rate=Float64))
    assert [(view.view, list(view.entities), list(view.features)) for view in applied.views()] == [
        ("rates", [], ["rate"]),
        ("stats", ["driver"], ["trips"]),
    ]
