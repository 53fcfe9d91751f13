"""The kit for feature stores: features as they were known at a time, and nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from datanectar.contracts.features import FeatureStore
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

    def _publish(self, store: FeatureStore, *rows: dict[str, Any]) -> Any:
        return store.publish("stats", self.table(rows), event_timestamp="at", created_timestamp="created")

    def _known(self, store: FeatureStore, *asked: tuple[int, float], **options: Any) -> list[int | None]:
        entities = self.table([{"driver": driver, "event_timestamp": _at(hours)} for driver, hours in asked])
        return self.trips(store.training_set(entities, _FEATURES, **options))

    def _online(self, store: FeatureStore, *drivers: int) -> list[int | None]:
        return self.trips(store.online(_FEATURES, [{"driver": driver} for driver in drivers]))

    def test_definitions_can_be_applied_again(self, applied: FeatureStore, definitions: Any) -> None:
        self._publish(applied, _row(1, 1, 10))
        applied.apply(definitions)
        known = self._known(applied, (1, 2))
        assert known == [10], f"definitions were applied twice, and what was published between is {known}, not [10]"

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
        except Exception:  # which error it is, the contract does not say yet
            return
        raise AssertionError(f'on_missing="raise", and a driver without features gave {known}')

    def test_a_batch_that_is_published_again_adds_no_row(self, applied: FeatureStore) -> None:
        for _ in range(2):
            batch = self._publish(applied, _row(1, 1, 10), _row(2, 1, 20))
            applied.materialize(batch)
        known, online = self._known(applied, (1, 2), (2, 2)), self._online(applied, 1, 2)
        assert (known, online) == ([10, 20], [10, 20]), f"one batch, twice: training set {known}, online {online}"

    def test_online_has_the_newest_of_what_was_materialized(self, applied: FeatureStore) -> None:
        batch = self._publish(applied, _row(1, 1, 10), _row(1, 3, 30))
        before = self._online(applied, 1)
        applied.materialize(batch)
        after = self._online(applied, 1, 9)
        assert (before, after) == ([None], [30, None]), f"online was {before} before, and {after} after materialize"

    def test_an_older_row_never_replaces_a_newer_one(self, applied: FeatureStore) -> None:
        older = self._publish(applied, _row(1, 1, 10))
        applied.materialize(self._publish(applied, _row(1, 3, 30)))
        applied.materialize(older)
        online = self._online(applied, 1)
        assert online == [30], (
            f"a backfill of older rows put {online} online, where [30] was: predictions go back in time"
        )
