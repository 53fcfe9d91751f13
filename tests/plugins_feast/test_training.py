from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datanectar.errors import ArgumentError, FeatureStoreError, MissingFeatures

pytestmark = pytest.mark.filterwarnings("ignore:On demand feature view is an experimental feature:RuntimeWarning")


@pytest.fixture
def city():
    from feast import Entity, ValueType

    return Entity(name="city", join_keys=["city"], value_type=ValueType.STRING)


@pytest.fixture
def weather(applied, city, define, at):
    """A view of another entity, with a time to live of two hours: it rains in Bern from one o'clock on."""
    from feast.types import Float64

    applied.apply([city, define("weather", entities=[city], created=None, ttl=timedelta(hours=2), rain=Float64)])
    table = pd.DataFrame({"city": ["Bern"], "at": [at(1)], "rain": [0.5]})
    applied.publish("weather", table, event_timestamp="at", slot="all")


def both(at, *asked):
    return pd.DataFrame([{"driver": who, "city": city, "event_timestamp": at(hours)} for who, city, hours in asked])


# Rows


def test_rows_keep_their_order_index_and_other_columns(applied, publish, asking, values):
    publish((1, 1, 10), (2, 1, 20))
    frame = asking((2, 3), (9, 2), (1, 2), (2, 3)).assign(label=list("abcd")).set_axis([7, 7, 3, 1], axis=0)
    before = frame.copy()
    found = applied.training_set(frame, ["stats:trips"])
    pd.testing.assert_frame_equal(found[list(frame.columns)], before)
    pd.testing.assert_frame_equal(frame, before)  # what was given is not changed
    assert values(found, "trips") == [20, None, 10, 20]


def test_a_row_holds_from_its_time_on(publish, known):
    publish((1, 1, 10))
    before, since = 1 - 1e-6 / 3600, 1 + 1e-6 / 3600
    assert known((1, before), (1, 1), (1, since)) == [None, 10, 10]


def test_a_row_holds_until_its_time_to_live_is_over(applied, weather, at, values):
    frame = pd.DataFrame(
        {"city": "Bern", "event_timestamp": [at(0.99), at(1), at(3), at(3) + timedelta(microseconds=1)]}
    )
    assert values(applied.training_set(frame, ["weather:rain"]), "rain") == [None, 0.5, 0.5, None]


def test_of_rows_of_one_time_the_last_made_counts_in_whichever_batch_it_is(applied, rows, known, at):
    # Of these, Feast's own get_historical_features answers with another for most drivers.
    for slot, hours in (("b", (2, 5)), ("a", (7, 3)), ("c", (1, 4))):
        tables = [rows(*((who, 1, made) for who in range(50))).assign(created=at(made)) for made in hours]
        applied.publish("stats", pd.concat(tables), event_timestamp="at", created_timestamp="created", slot=slot)
    assert known(*((who, 8) for who in range(50))) == [7] * 50


def test_no_rows_give_no_rows_with_the_features_columns(applied, publish, asking):
    publish((1, 1, 10))
    found = applied.training_set(asking((1, 1))[:0], ["stats:trips"])
    assert (len(found), list(found.columns)) == (0, ["driver", "event_timestamp", "trips"])


def test_a_view_to_which_nothing_but_an_empty_batch_was_published_has_no_features(publish, known):
    publish(slot="none")
    assert known((1, 1)) == [None]


def test_the_time_of_the_rows_may_be_called_as_the_view_calls_it(applied, publish, asking, values):
    publish((1, 1, 10))
    found = applied.training_set(asking((1, 2)).rename(columns={"event_timestamp": "at"}), ["stats:trips"])
    assert (list(found.columns), values(found, "trips")) == (["driver", "at", "trips"], [10])


def test_a_view_whose_times_are_called_event_timestamp_is_as_any(applied, driver, at, asking, values):
    from feast import FeatureView, Field, FileSource
    from feast.types import Int64

    source = FileSource(path="data/fares", timestamp_field="event_timestamp")
    applied.apply(FeatureView(name="fares", entities=[driver], schema=[Field(name="fare", dtype=Int64)], source=source))
    table = pd.DataFrame({"driver": [1], "event_timestamp": [at(1)], "fare": [5]})
    applied.publish("fares", table, event_timestamp="event_timestamp")
    assert values(applied.training_set(asking((1, 0), (1, 1)), ["fares:fare"]), "fare") == [None, 5]


def test_tables_of_polars_and_arrow_are_answered_with_a_pandas_frame(applied, publish, asking, values):
    import polars as pl
    import pyarrow as pa

    publish((1, 1, 10))
    arrow = pa.Table.from_pandas(asking((1, 2)))
    for table in (arrow, pl.from_arrow(arrow)):
        found = applied.training_set(table, ["stats:trips"])
        assert isinstance(found, pd.DataFrame)
        assert values(found, "trips") == [10]


def test_what_is_no_table_is_refused(applied):
    with pytest.raises(ArgumentError, match="a list is no table: give a pandas, polars or Arrow table"):
        applied.training_set([{"driver": 1}], ["stats:trips"])


# Entities


@pytest.mark.parametrize("dtype", ["int32", "Int64", "float64", "int64[pyarrow]", "category", object])
def test_keys_may_be_of_any_type_of_numbers(applied, publish, asking, values, dtype):
    publish((1, 1, 10), (2, 1, 20))
    frame = asking((2, 2), (1, 2)).astype({"driver": dtype})
    assert values(applied.training_set(frame, ["stats:trips"]), "trips") == [20, 10]


def test_a_row_that_is_of_nobody_has_no_features(applied, publish, asking, values):
    publish((1, 1, 10))
    frame = asking((1, 2), (1, 2)).assign(driver=pd.array([None, 1], dtype="Int64"))
    assert values(applied.training_set(frame, ["stats:trips"]), "trips") == [None, 10]


def test_keys_of_another_type_are_refused(applied, publish, asking):
    publish((1, 1, 10))
    for keys in (["1"], [1.5], [True]):
        with pytest.raises(ArgumentError, match=r"entity_df: column 'driver' is not what the view has, int64 .*: conv"):
            applied.training_set(asking((1, 2)).assign(driver=keys), ["stats:trips"])


def test_a_missing_key_is_named(applied, publish, asking):
    publish((1, 1, 10))
    with pytest.raises(ArgumentError, match="entity_df has no column 'driver', which stats is joined by"):
        applied.training_set(asking((1, 2)).drop(columns="driver"), ["stats:trips"])


def test_a_column_that_is_there_twice_is_refused(applied, publish, asking):
    frame = asking((1, 2))
    with pytest.raises(ArgumentError, match="entity_df has column 'driver' twice: rename one of them"):
        applied.training_set(pd.concat([frame, frame[["driver"]]], axis=1), ["stats:trips"])


def test_text_may_be_of_categories(applied, weather, at, values):
    frame = pd.DataFrame({"city": pd.Categorical(["Bern", "Basel"]), "event_timestamp": at(2)})
    assert values(applied.training_set(frame, ["weather:rain"]), "rain") == [0.5, None]


def test_a_view_of_no_entity_is_joined_by_time_alone(applied, define, at, asking, values):
    from feast.types import Float64

    applied.apply(define("rates", entities=[], created=None, rate=Float64))
    applied.publish("rates", pd.DataFrame({"at": [at(1), at(3)], "rate": [0.1, 0.3]}), event_timestamp="at")
    found = applied.training_set(asking((1, 0), (1, 1), (1, 2), (2, 4), (3, 4)), ["rates:rate"])
    assert values(found, "rate") == [None, 0.1, 0.1, 0.3, 0.3]


# Several views


def test_a_row_that_one_view_does_not_know_keeps_the_others_features(applied, publish, weather, at, values):
    # Feast drops it: of these three rows its get_historical_features returns the last alone.
    publish((1, 1, 10))
    frame = both(at, (1, "Bern", 0.5), (1, "Bern", 9), (1, "Bern", 2))
    found = applied.training_set(frame, ["stats:trips", "weather:rain"])
    assert (values(found, "trips"), values(found, "rain")) == ([None, 10, 10], [None, None, 0.5])
    assert len(applied.native.get_historical_features(frame, ["stats:trips", "weather:rain"]).to_df()) == 1


def test_rows_of_one_entity_of_the_first_view_stay_apart(applied, publish, weather, at, values):
    # Feast drops the second: after the first view, it keeps each driver and time once.
    publish((1, 1, 10))
    frame = both(at, (1, "Bern", 2), (1, "Basel", 2), (1, "Genf", 2))
    found = applied.training_set(frame, ["stats:trips", "weather:rain"])
    assert (values(found, "trips"), values(found, "rain")) == ([10, 10, 10], [0.5, None, None])
    assert len(applied.native.get_historical_features(frame, ["stats:trips", "weather:rain"]).to_df()) == 1


def test_features_of_one_name_need_full_names(applied, publish, define, rows, asking, values):
    from feast.types import Int64

    applied.apply(define("yesterday", trips=Int64))
    publish((1, 1, 10))
    applied.publish("yesterday", rows((1, 1, 9)), event_timestamp="at")
    features = ["stats:trips", "yesterday:trips"]
    with pytest.raises(ArgumentError, match="both 'stats' and 'yesterday' have a feature 'trips': give full_feature_n"):
        applied.training_set(asking((1, 2)), features)
    found = applied.training_set(asking((1, 2)), features, full_feature_names=True)
    assert (values(found, "stats__trips"), values(found, "yesterday__trips")) == ([10], [9])


def test_a_column_that_is_called_as_a_feature_is_not_written_over(applied, publish, asking, values):
    publish((1, 1, 10))
    frame = asking((1, 2)).assign(trips=[99])
    with pytest.raises(ArgumentError, match="entity_df has a column 'trips', and so is a feature of view 'stats' call"):
        applied.training_set(frame, ["stats:trips"])
    found = applied.training_set(frame, ["stats:trips"], full_feature_names=True)
    assert (values(found, "trips"), values(found, "stats__trips")) == ([99], [10])


# Feature services and on-demand views


def test_a_service_may_call_views_and_keys_otherwise(applied, stats, publish, asking, values):
    from feast import FeatureService

    publish((1, 1, 10), (2, 1, 20))
    first, second = (stats[1].with_name(name).with_join_key_map({"driver": name}) for name in ("pickup", "dropoff"))
    applied.apply(FeatureService(name="trip", features=[first, second]))
    frame = asking((1, 2), (2, 2)).rename(columns={"driver": "pickup"}).assign(dropoff=[2, 9])
    found = applied.training_set(frame, "trip", full_feature_names=True)
    assert (values(found, "pickup__trips"), values(found, "dropoff__trips")) == ([10, 20], [20, None])


def test_a_service_has_the_features_that_it_names(applied, driver, define, at, asking):
    from feast import FeatureService
    from feast.types import Int64

    view = define("fares", fare=Int64, tip=Int64)
    applied.apply([view, FeatureService(name="pricing", features=[view[["tip"]]])])
    table = pd.DataFrame({"driver": [1], "at": [at(1)], "created": [at(1)], "fare": [5], "tip": [1]})
    applied.publish("fares", table, event_timestamp="at")
    assert list(applied.training_set(asking((1, 2)), "pricing").columns) == ["driver", "event_timestamp", "tip"]


@pytest.fixture
def surge(applied, stats):
    """On-demand views: of ``stats`` alone, and of it and a column of the question."""
    from feast import Field, RequestSource
    from feast.on_demand_feature_view import on_demand_feature_view
    from feast.types import Float64, Int64

    @on_demand_feature_view(sources=[stats[1]], schema=[Field(name="half", dtype=Float64)])
    def halves(inputs: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"half": inputs["trips"] / 2})

    request = RequestSource(name="request", schema=[Field(name="factor", dtype=Int64)])

    @on_demand_feature_view(sources=[stats[1], request], schema=[Field(name="times", dtype=Float64)])
    def multiples(inputs: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"times": inputs["trips"] * inputs["factor"] * 1.0})

    applied.apply([halves, multiples])


def test_an_on_demand_view_computes_from_what_was_known(applied, publish, surge, asking, values):
    publish((1, 1, 10), (1, 3, 30))
    found = applied.training_set(asking((1, 2), (9, 2), (1, 4), (1, 0)), ["halves:half"])
    assert (list(found.columns), values(found, "half")) == (["driver", "event_timestamp", "half"], [5, None, 15, None])


def test_an_on_demand_view_computes_from_what_is_asked(applied, publish, surge, asking, values):
    publish((1, 1, 10))
    frame = asking((1, 2), (1, 2), (1, 2)).assign(factor=[1, 2, 1])
    found = applied.training_set(frame, ["multiples:times", "stats:trips"])
    assert (values(found, "times"), values(found, "trips")) == ([10, 20, 10], [10, 10, 10])


def test_an_on_demand_view_of_which_a_source_knows_nothing_computes_from_the_others(
    applied, stats, publish, weather, at, values
):
    from feast import Field
    from feast.on_demand_feature_view import on_demand_feature_view
    from feast.types import Float64

    rain = applied.native.get_feature_view("weather")

    @on_demand_feature_view(sources=[stats[1], rain], schema=[Field(name="sum", dtype=Float64)])
    def together(inputs: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"sum": inputs["trips"].fillna(0) + inputs["rain"].fillna(0)})

    applied.apply(together)
    publish((1, 1, 10))
    frame = both(at, (1, "Bern", 2), (1, "Bern", 9), (2, "Bern", 2), (1, "Basel", 2))
    found = applied.training_set(frame, ["together:sum"], full_feature_names=True)
    assert values(found, "together__sum") == [10.5, 10, 0.5, 10]


def test_what_an_on_demand_view_asks_for_must_be_there(applied, publish, surge, asking):
    publish((1, 1, 10))
    with pytest.raises(ArgumentError, match="entity_df has no column 'factor', which multiples is joined by"):
        applied.training_set(asking((1, 2)), ["multiples:times"])


# What is missing


def test_rows_without_features_are_named_if_they_are_not_to_be(publish, known):
    publish((1, 1, 10))
    with pytest.raises(MissingFeatures) as caught:
        known((1, 2), (9, 2), (9, 2), (1, 0), on_missing="raise")
    assert str(caught.value) == (
        "2 of 3 distinct rows have no features of view 'stats' at their time, such as driver=9, "
        'event_timestamp=2013-01-01 02:00:00+00:00. on_missing="keep" keeps them, with nulls'
    )


def test_only_keep_and_raise_are_known(known):
    with pytest.raises(ArgumentError, match="on_missing='drop' must be 'keep' or 'raise'"):
        known((1, 2), on_missing="drop")


# Batches


def test_given_batches_are_read_whatever_was_published_since(publish, known):
    first = publish((1, 1, 10), slot="january")
    publish((1, 1, 11), slot="january")
    publish((1, 2, 12), slot="february")
    assert (known((1, 3), batches=[first]), known((1, 3))) == ([10], [12])


def test_batches_of_one_view_leave_others_as_they_are(applied, publish, weather, at, values):
    first = publish((1, 1, 10), slot="january")
    publish((1, 1, 11), slot="january")
    found = applied.training_set(both(at, (1, "Bern", 2)), ["stats:trips", "weather:rain"], batches=[first])
    assert (values(found, "trips"), values(found, "rain")) == ([10], [0.5])


def test_a_feature_that_came_later_is_null_in_older_batches(applied, driver, define, publish, at, asking, values):
    from feast.types import Float64, Int64

    publish((1, 1, 10), slot="january")
    applied.apply(define("stats", trips=Int64, fare=Float64))
    table = pd.DataFrame({"driver": [2], "at": [at(1)], "created": [at(1)], "trips": [20], "fare": [2.5]})
    applied.publish("stats", table, event_timestamp="at", slot="february")
    found = applied.training_set(asking((1, 2), (2, 2)), ["stats:trips", "stats:fare"])
    assert (values(found, "trips"), values(found, "fare")) == ([10, 20], [None, 2.5])


def test_a_batch_of_a_type_that_the_view_had_before_is_named(applied, define, publish, asking):
    from feast.types import Bool

    batch = publish((1, 1, 10), slot="january")
    applied.apply(define("stats", trips=Bool))
    name = batch.name.rpartition("/")[2]
    with pytest.raises(FeatureStoreError, match=f"{name}.parquet, a file of view 'stats', has int64 for 'trips', whic"):
        applied.training_set(asking((1, 2)), ["stats:trips"])


def test_files_that_somebody_else_put_there_are_read_too(publish, rows, known):
    publish((1, 1, 10), slot="january")
    rows((2, 1, 20)).to_parquet("data/stats/mine.parquet", index=False)
    assert known((1, 2), (2, 2)) == [10, 20]


def test_a_file_that_is_not_parquet_is_named(publish, known, repo):
    publish((1, 1, 10), slot="january")
    (repo / "data/stats/notes.txt").write_text("monthly")
    with pytest.raises(FeatureStoreError, match=r"notes.txt is among the files of view 'stats', and is no Parquet fil"):
        known((1, 2))


def test_a_view_to_which_feast_alone_wrote_is_read_by_feast(applied, rows, known, repo):
    (repo / "data/stats").mkdir(parents=True)
    rows((1, 1, 10)).to_parquet("data/stats/mine.parquet", index=False)
    assert known((1, 2), (1, 0)) == [10, None]


# The law

_HOURS = st.integers(0, 5)
_ROWS = st.lists(st.tuples(st.integers(1, 3), _HOURS, _HOURS, st.one_of(st.none(), st.integers(0, 9))), max_size=10)
_MIDNIGHT = datetime(2013, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def law(tmp_path_factory):
    """A feature store of this module, with a view that forgets after three hours, and a count of examples."""
    from feast import Entity, FeatureView, Field, FileSource, ValueType
    from feast.types import Int64

    import datanectar as dn

    repo = tmp_path_factory.mktemp("law")
    yaml = "project: law\nprovider: local\nregistry: r.db\nentity_key_serialization_version: 3\n"
    (repo / "feature_store.yaml").write_text(yaml + "online_store:\n  type: sqlite\n  path: online.db\n")
    (repo / "datanectar.toml").write_text('[profiles.local]\nfeature_store = "feast"\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(repo)
        with dn.settings():
            store = dn.feature_store()
            driver = Entity(name="driver", join_keys=["driver"], value_type=ValueType.INT64)
            store.apply([driver])
            count = iter(range(1000))

            def view():
                source = FileSource(path=f"v{next(count)}", timestamp_field="at", created_timestamp_column="created")
                return FeatureView(
                    name="stats",
                    entities=[driver],
                    schema=[Field(name="driver", dtype=Int64), Field(name="trips", dtype=Int64)],
                    source=source,
                    ttl=timedelta(hours=3),
                )

            yield store, view


def _at(hours):
    return _MIDNIGHT + timedelta(hours=hours)


def _known(rows, who, when):
    """What was known of a driver at a time: of its last three hours the last row, and of that the last made."""
    seen = [(hours, made, trips) for one, hours, made, trips in rows if one == who and when - 3 <= hours <= when]
    return max(seen, key=lambda row: row[:2])[2] if seen else None


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_ROWS, max_size=3), st.lists(st.tuples(st.integers(1, 4), _HOURS), max_size=8))
def test_what_is_known_is_what_a_plain_search_finds(law, batches, asked):
    store, view = law
    store.apply(view())
    every: dict = {}
    published = []
    for number, found in enumerate(batches):
        rows = {row[:3]: row for row in found if row[:3] not in every}  # one row an entity, time and making
        every |= rows
        table = pd.DataFrame(
            [{"driver": who, "at": _at(h), "created": _at(m), "trips": trips} for who, h, m, trips in rows.values()],
            columns=["driver", "at", "created", "trips"],
        )
        table = table.astype({"trips": "Int64"})
        for column in ("at", "created"):
            table[column] = pd.to_datetime(table[column], utc=True)
        published.append(
            store.publish("stats", table, event_timestamp="at", created_timestamp="created", slot=f"law-{number}")
        )
    if not published:
        return
    frame = pd.DataFrame(
        {
            "driver": pd.array([who for who, _ in asked], dtype="int64"),
            "event_timestamp": pd.to_datetime([_at(hours) for _, hours in asked], utc=True),
        }
    )
    found = store.training_set(frame, ["stats:trips"], batches=published)["trips"]
    assert [None if value != value or value is None else int(value) for value in found] == [
        _known(every.values(), who, hours) for who, hours in asked
    ]
