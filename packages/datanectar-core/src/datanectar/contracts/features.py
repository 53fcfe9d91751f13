"""Feature stores: features in and out of a pipeline, point-in-time right."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Literal


class FeatureStore(ABC):
    """Where features live. Native definitions of the store are used as they are."""

    @abstractmethod
    def apply(self, definitions: Any) -> None:
        """Registers native definitions, losing none that another process registers at the same time."""

    @abstractmethod
    def publish(self, view: str, table: Any, *, event_timestamp: str, created_timestamp: str | None = None) -> Any:
        """Stores one immutable batch of a view's rows; a re-run of the same batch adds no row."""

    @abstractmethod
    def materialize(self, batch: Any, *, lag: Any = None) -> None:
        """Brings a batch's newest rows to the online store; an older row never replaces a newer one."""

    @abstractmethod
    def training_set(self, entity_df: Any, features: Any, *, on_missing: Literal["keep", "raise"] = "keep") -> Any:
        """Returns every entity row, in order, with the features as they were known at its time."""

    @abstractmethod
    def online(self, features: Any, rows: Any) -> Any:
        """Returns the newest features of some entities."""
