"""Feature stores: features in and out of a pipeline, point-in-time right."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureBatch:
    """Rows of a view that were published together. `FeatureStore.publish` returns it; a task may return it in turn.

    Attributes:
        view: The view whose rows they are.
        slot: Its place in the view: what is published to the same slot later replaces it.
        name: The artifact that holds the rows, in the feature store's storage layer.
        rows: How many there are.
        oldest: The time of the oldest event, in UTC; None where there are no rows.
        newest: The time of the newest event, in UTC; None where there are no rows.
        source: The artifact of the task that published it; None outside a task.
    """

    view: str
    slot: str
    name: str
    rows: int
    oldest: datetime | None
    newest: datetime | None
    source: str | None = None

    @property
    def period(self) -> str:
        """The time that its events cover, as short as it can be said: ``2013-02``, ``2013-02-03 to 2013-03-01``."""
        if self.oldest is None or self.newest is None:
            return "no time"
        first, last = f"{self.oldest:%Y-%m-%d}", f"{self.newest:%Y-%m-%d}"
        if first == last:
            return first
        return first[:7] if first[:7] == last[:7] else f"{first} to {last}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Materialization:
    """Rows of a view that were brought to the online store.

    Attributes:
        batch: The artifact of the batch that it was made for.
        source: The artifact of the task that published that batch; None if none did.
        start: The start of the window that was read, in UTC.
        end: Its end, in UTC.
        at: When it ended, in UTC.
    """

    batch: str
    source: str | None
    start: datetime
    end: datetime
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureViewState:
    """What a feature store holds of one view. `FeatureStore.views` returns it.

    Attributes:
        view: Its name.
        entities: The columns that its rows are of.
        features: The columns that it has beside these.
        batches: The batches in force, the oldest events first.
        materialized: The last materialisation, or None.
    """

    view: str
    entities: Sequence[str]
    features: Sequence[str]
    batches: Sequence[FeatureBatch] = ()
    materialized: Materialization | None = None


class FeatureStore(ABC):
    """Where features live. Native definitions of the store are used as they are.

    Subclass it, and test the subclass with `datanectar.testing.FeatureStoreConformance`.
    """

    @abstractmethod
    def apply(self, definitions: Any) -> None:
        """Registers native definitions, losing none that another process registers at the same time.

        Args:
            definitions: One of the store's own definitions, or several; what is registered already and is not among
                them stays.
        """

    @abstractmethod
    def publish(
        self,
        view: str,
        table: Any,
        *,
        event_timestamp: str,
        created_timestamp: str | None = None,
        slot: str | None = None,
    ) -> FeatureBatch:
        """Stores one immutable batch of a view's rows, and puts it in force, whole.

        Args:
            view: The view, which is registered.
            table: The rows: a column for each entity and feature, and the times.
            event_timestamp: The column that says from when on each row holds; with time zone.
            created_timestamp: The column that says when each row was made: of two rows of one entity and time, the
                later made counts.
            slot: What a later batch of the same slot replaces. By default that follows from the task that is running
                and its parameters, not from its code or its input's content: a task that is run again, changed or
                not, replaces its own batch. Outside a task it follows from the rows.

        Raises:
            InvalidBatch: The rows are not such as the view has; nothing was stored.
        """

    @abstractmethod
    def materialize(self, batch: FeatureBatch, *, lag: timedelta = timedelta(0)) -> Materialization:
        """Brings the newest rows of a batch's entities to the online store; an older row never replaces a newer one.

        Args:
            batch: What `publish` returned. If its slot has another batch by now, this one is put in force again.
            lag: How much before its oldest event to start.

        Returns:
            What was done. Rows of the future stay out until their time has come.
        """

    @abstractmethod
    def training_set(
        self,
        entity_df: Any,
        features: Any,
        *,
        on_missing: Literal["keep", "raise"] = "keep",
        timezone: str | None = None,
        batches: Sequence[FeatureBatch] | None = None,
    ) -> Any:
        """Returns every entity row, in order, with the features as they were known at its time.

        Args:
            entity_df: A table with a column for each entity, and the time of each row.
            features: Names as ``view:feature``, or what the store calls a feature service.
            on_missing: What becomes of a row without features: it is kept, with nulls, or all is refused.
            timezone: The zone of times that say none, such as ``Europe/Berlin``; without it they are refused.
            batches: Read these alone of their views, so that the result depends on nothing else: what a task
                is to do. By default all that is in force now.

        Raises:
            MissingFeatures: A row has no features, and `on_missing` is ``raise``.
        """

    @abstractmethod
    def online(self, features: Any, rows: Any) -> Mapping[str, Sequence[Any]]:
        """Returns the newest features of some entities, by column; None where there are none.

        Args:
            features: As for `training_set`.
            rows: A mapping for each entity, such as ``{"carrier": "UA"}``, or a table of them.
        """

    @abstractmethod
    def views(self) -> Sequence[FeatureViewState]:
        """Returns what is registered, published and materialised, by view, in order of their names."""
