"""The kit for feature stores: features as they were known at a time, and nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from datanectar.contracts.features import FeatureBatch, FeatureStore
from datanectar.errors import InvalidBatch, MissingFeatures
from datanectar.testing.flags import Conformance

_MIDNIGHT = datetime(2013, 1, 1, tzinfo=UTC)
_FEATURES = ["stats:trips"]


def _at(hours: float) -> datetime:
    return _MIDNIGHT + timedelta(hours=hours)


def _row(driver: int, hours: float, trips: int, created: float | None = None) -> dict[str, Any]:
    return {"driver": driver, "at": _at(hours), "created": _at(hours if created is None else created), "trips": trips}


class FeatureStoreConformance(Conformance):
    """What every feature store must keep. Subclass it in a test module and give two fixtures.

    The kit knows one view, ``stats``: of the entity ``driver`` (an integer) it has the feature ``trips`` (an integer),
    the time of the event ``at`` and the time when the row was made, ``created``.

    Fixtures:
        feature_store: An empty `FeatureStore`.
        definitions: That entity and view, as the store's own `apply` takes them.
    """

    @pytest.fixture
    def feature_store(self) -> FeatureStore:
        raise NotImplementedError("define the fixture `feature_store`: an empty FeatureStore")

    @pytest.fixture
    def definitions(self) -> Any:
        raise NotImplementedError(
            "define the fixture `definitions`: entity driver and view stats, in the store's words"
        )

    def table(self, rows: Sequence[dict[str, Any]]) -> Any:
        """Makes the table that the store takes; by default a pandas frame."""
        import pandas as pd

        return pd.DataFrame(rows)

    def trips(self, result: Any) -> list[int | None]:
        """Reads ``trips`` out of what `training_set` or `online` returned; by default a pandas frame's column."""
        return [None if value != value or value is None else int(value) for value in result["trips"]]

    @pytest.fixture
    def applied(self, feature_store: FeatureStore, definitions: Any) -> FeatureStore:
        """The store, which knows the view."""
        feature_store.apply(definitions)
        return feature_store

    def _publish(self, store: FeatureStore, *rows: dict[str, Any], slot: str | None = None) -> FeatureBatch:
        table = self.table(rows or [_row(1, 1, 10)])
        if not rows:
            table = table[:0]
        return store.publish("stats", table, event_timestamp="at", created_timestamp="created", slot=slot)

    def _known(self, store: FeatureStore, *asked: tuple[int, float], naive: bool = False, **options: Any) -> list[Any]:
        times = [(driver, _at(hours).replace(tzinfo=None if naive else UTC)) for driver, hours in asked]
        entities = self.table([{"driver": driver, "event_timestamp": time} for driver, time in times])
        return self.trips(store.training_set(entities, _FEATURES, **options))

    def _online(self, store: FeatureStore, *drivers: int) -> list[int | None]:
        return self.trips(store.online(_FEATURES, [{"driver": driver} for driver in drivers]))

    # Publishing

    def test_definitions_can_be_applied_again(self, applied: FeatureStore, definitions: Any) -> None:
        self._publish(applied, _row(1, 1, 10))
        applied.apply(definitions)
        known = self._known(applied, (1, 2))
        assert known == [10], f"definitions were applied twice, and what was published between is {known}, not [10]"

    def test_a_batch_says_what_it_has(self, applied: FeatureStore) -> None:
        batch = self._publish(applied, _row(1, 1, 10), _row(1, 3, 30), slot="january")
        said = (batch.view, batch.slot, batch.rows, batch.oldest, batch.newest)
        assert said == ("stats", "january", 2, _at(1), _at(3)), f"of two rows at 1 and 3 o'clock the batch says {said}"

    def test_a_batch_that_is_published_again_adds_no_row(self, applied: FeatureStore) -> None:
        for _ in range(2):
            batch = self._publish(applied, _row(1, 1, 10), _row(2, 1, 20))
            applied.materialize(batch)
        known, online = self._known(applied, (1, 2), (2, 2)), self._online(applied, 1, 2)
        assert (known, online) == ([10, 20], [10, 20]), f"one batch, twice: training set {known}, online {online}"

    def test_a_batch_replaces_that_of_its_slot(self, applied: FeatureStore) -> None:
        self._publish(applied, _row(1, 1, 10), _row(2, 1, 20), slot="january")
        self._publish(applied, _row(1, 1, 11), slot="january")
        known = self._known(applied, (1, 2), (2, 2))
        assert known == [11, None], (
            f"a batch of drivers 1 and 2 was replaced by one of driver 1 alone, and the training set says {known}, not "
            "[11, None]: a task that is run again, changed, would leave its old rows beside the new"
        )

    def test_batches_of_other_slots_stay(self, applied: FeatureStore) -> None:
        self._publish(applied, _row(1, 1, 10), slot="january")
        self._publish(applied, _row(2, 1, 20), slot="february")
        known = self._known(applied, (1, 2), (2, 2))
        assert known == [10, 20], f"two slots have a batch each, and the training set says {known}"

    def test_a_batch_of_no_rows_is_one(self, applied: FeatureStore) -> None:
        self._publish(applied, _row(2, 1, 20), slot="other")
        batch = self._publish(applied, slot="none")
        applied.materialize(batch)
        assert (batch.rows, batch.oldest, batch.newest) == (0, None, None)
        known = self._known(applied, (2, 2))
        assert known == [20], f"beside an empty batch the training set says {known}, not [20]"

    @pytest.mark.parametrize(
        ("wrong", "why"),
        [
            ([{"driver": 1, "at": _at(1), "created": _at(1)}], "has no column trips"),
            ([{**_row(1, 1, 10), "fare": 2.5}], "has a column that the view does not"),
            ([{**_row(1, 1, 10), "driver": None}], "does not say whose it is"),
            ([{**_row(1, 1, 10), "trips": "ten"}], "has text where the view has an integer"),
            ([{**_row(1, 1, 10), "at": _at(1).replace(tzinfo=None)}], "has a time that says no zone"),
            ([_row(1, 1, 10, created=5), _row(1, 1, 11, created=5)], "is there twice, with two values"),
        ],
        ids=["missing", "unknown", "null-key", "type", "naive", "duplicate"],
    )
    def test_rows_that_are_not_such_as_the_view_has_are_refused(
        self, applied: FeatureStore, wrong: list[dict[str, Any]], why: str
    ) -> None:
        self._publish(applied, _row(2, 1, 20))
        try:
            self._publish(applied, *wrong)
        except InvalidBatch:
            known = self._known(applied, (1, 2), (2, 2))
            assert known == [None, 20], f"a row that {why} was refused, but the training set says {known}"
            return
        raise AssertionError(f"a row that {why} was published: raise InvalidBatch before anything is stored")

    # Training sets

    def test_features_are_those_that_were_known_at_the_time(self, applied: FeatureStore) -> None:
        self._publish(applied, _row(1, 1, 10), _row(1, 3, 30), _row(2, 2, 20))
        known = self._known(applied, (1, 2), (1, 3), (1, 4), (2, 2))
        assert known == [10, 30, 30, 20], (
            f"at 2, 3 and 4 o'clock driver 1 had 10, 30 and 30 trips, driver 2 had 20; the training set says {known}: "
            "a model that learns from the future is worth nothing in production"
        )

    def test_of_two_rows_of_one_time_the_later_made_counts(self, applied: FeatureStore) -> None:
        self._publish(applied, _row(1, 1, 11, created=6), _row(1, 1, 10, created=5))
        known = self._known(applied, (1, 7))
        assert known == [11], f"a row was corrected later from 10 to 11, and the training set says {known}"

    def test_every_entity_row_is_there_in_order(self, applied: FeatureStore) -> None:
        self._publish(applied, _row(1, 1, 10), _row(2, 1, 20))
        known = self._known(applied, (2, 2), (9, 2), (1, 2), (2, 2), (1, 0))
        assert known == [20, None, 10, 20, None], (
            f"asked for drivers 2, 9 (unknown), 1, 2 and 1 (too early), the training set has {known}: labels that "
            "stand beside it would belong to other rows"
        )

    def test_missing_features_raise_if_asked_to(self, applied: FeatureStore) -> None:
        self._publish(applied, _row(1, 1, 10))
        assert self._known(applied, (1, 2), on_missing="raise") == [10]
        try:
            known = self._known(applied, (1, 2), (9, 2), on_missing="raise")
        except MissingFeatures:
            return
        raise AssertionError(f'on_missing="raise", and a driver without features gave {known}: raise MissingFeatures')

    def test_times_without_a_zone_are_refused(self, applied: FeatureStore) -> None:
        self._publish(applied, _row(1, 1, 10))
        try:
            known = self._known(applied, (1, 2), naive=True)
        except ValueError:
            return
        except TypeError:  # which ArgumentError is
            return
        raise AssertionError(f"a time that says no zone was taken for one: {known}; it may be hours off")

    def test_times_without_a_zone_are_of_that_which_is_given(self, applied: FeatureStore) -> None:
        self._publish(applied, _row(1, 1, 10))
        known = self._known(applied, (1, 1), (1, 3), naive=True, timezone="Africa/Maputo")  # two hours ahead, always
        assert known == [None, 10], (
            f"a row holds from 1:00 UTC; asked at 1:00 and 3:00 in Maputo, which is 23:00 and 1:00 UTC, the training "
            f"set says {known}, not [None, 10]"
        )

    def test_given_batches_are_all_that_is_read(self, applied: FeatureStore) -> None:
        first = self._publish(applied, _row(1, 1, 10), slot="january")
        self._publish(applied, _row(1, 2, 20), slot="february")
        self._publish(applied, _row(1, 1, 11), slot="january")
        known = self._known(applied, (1, 3), batches=[first])
        assert known == [10], (
            f"batches=[the first], which has 10, and the training set says {known}: what was published since is in it, "
            "so two runs of one task would differ"
        )

    # Online

    def test_online_has_the_newest_of_what_was_materialized(self, applied: FeatureStore) -> None:
        batch = self._publish(applied, _row(1, 1, 10), _row(1, 3, 30))
        before = self._online(applied, 1)
        applied.materialize(batch)
        after = self._online(applied, 1, 9)
        assert (before, after) == ([None], [30, None]), f"online was {before} before, and {after} after materialize"

    def test_online_gives_a_row_for_each_that_was_asked_for(self, applied: FeatureStore) -> None:
        applied.materialize(self._publish(applied, _row(1, 1, 10), _row(2, 1, 20)))
        asked, none = self._online(applied, 2, 1, 2), self._online(applied)
        assert (asked, none) == ([20, 10, 20], []), f"drivers 2, 1 and 2 gave {asked}, and no driver gave {none}"

    def test_an_older_row_never_replaces_a_newer_one(self, applied: FeatureStore) -> None:
        older = self._publish(applied, _row(1, 1, 10))
        applied.materialize(self._publish(applied, _row(1, 3, 30)))
        applied.materialize(older)
        online = self._online(applied, 1)
        assert online == [30], (
            f"a backfill of older rows put {online} online, where [30] was: predictions go back in time"
        )

    def test_of_two_rows_of_one_time_the_later_made_gets_online(self, applied: FeatureStore) -> None:
        self._publish(applied, _row(1, 1, 11, created=6), *(_row(driver, 1, 0) for driver in range(2, 9)), slot="later")
        earlier = self._publish(applied, _row(1, 1, 10, created=5), slot="earlier")
        applied.materialize(earlier)
        online = self._online(applied, 1)
        assert online == [11], f"a row that was corrected from 10 to 11 is online as {online}"

    def test_a_late_row_gets_online(self, applied: FeatureStore) -> None:
        applied.materialize(self._publish(applied, _row(1, 3, 30)))
        applied.materialize(self._publish(applied, _row(2, 1, 20)))
        online = self._online(applied, 1, 2)
        assert online == [30, 20], f"driver 2's row is older than what was materialised before it; online is {online}"

    def test_a_row_of_the_future_stays_out(self, applied: FeatureStore) -> None:
        soon = datetime.now(UTC) + timedelta(days=1)
        later = {"driver": 1, "at": soon, "created": soon, "trips": 99}
        done = applied.materialize(self._publish(applied, _row(1, 1, 10), later))
        online = self._online(applied, 1)
        assert online == [10], f"a row that holds from tomorrow on is not to be online; online is {online}"
        assert done.end <= datetime.now(UTC), f"the materialisation says it went to {done.end}, which is in the future"

    def test_a_lag_brings_earlier_rows_too(self, applied: FeatureStore) -> None:
        self._publish(applied, _row(1, 1, 10))
        batch = self._publish(applied, _row(2, 3, 20))
        applied.materialize(batch, lag=timedelta(hours=2))
        online = self._online(applied, 1, 2)
        assert online == [10, 20], f"a lag of two hours goes back to driver 1's row; online is {online}"

    def test_a_batch_that_was_replaced_can_be_put_in_force_again(self, applied: FeatureStore) -> None:
        first = self._publish(applied, _row(1, 1, 10), slot="january")
        self._publish(applied, _row(1, 1, 11), slot="january")
        applied.materialize(first)
        known, online = self._known(applied, (1, 2)), self._online(applied, 1)
        assert (known, online) == ([10], [10]), (
            f"the first batch was materialised again; training set {known} and online {online} are not both its 10"
        )

    # Listing

    def test_views_tell_what_is_published_and_materialised(self, applied: FeatureStore) -> None:
        first = self._publish(applied, _row(1, 1, 10), slot="january")
        second = self._publish(applied, _row(1, 3, 30), slot="february")
        done = applied.materialize(first)
        (view,) = [view for view in applied.views() if view.view == "stats"]
        assert (list(view.entities), list(view.features)) == (["driver"], ["trips"])
        assert list(view.batches) == [first, second], f"the batches in force are {view.batches}, the oldest first?"
        assert view.materialized == done, f"materialize said {done}, and views say {view.materialized}"
