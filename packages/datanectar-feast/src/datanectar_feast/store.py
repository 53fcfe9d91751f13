"""The feature store ``feast``: what `datanectar.feature_store` returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal

import datanectar as dn
from datanectar_feast.applying import apply
from datanectar_feast.batches import BatchLog
from datanectar_feast.checking import checked
from datanectar_feast.files import read_files, refresh
from datanectar_feast.materializing import materialize
from datanectar_feast.native import Native
from datanectar_feast.options import FeastOptions
from datanectar_feast.references import asked_of, columns_of, features_of
from datanectar_feast.sources import source_directory
from datanectar_feast.training import TrainingSet, as_frame, as_rows
from datanectar_feast.views import View, entities_of, view_of


class FeastStore(dn.FeatureStore):
    """Feast, by the user's own feature_store.yaml and definitions.

    Whatever this does not do is Feast's own to do: `native` is the `feast.FeatureStore`.
    """

    def __init__(self, options: FeastOptions) -> None:
        self._options = options
        self._native = Native(options)

    @property
    def native(self) -> Any:
        """The `feast.FeatureStore` of this process."""
        return self._native.store

    def _log(self) -> BatchLog:
        return BatchLog(dn.storage_layer(self._options.storage_layer), self.native.project)

    def apply(self, definitions: Any) -> None:
        """Registers Feast objects: one, several, or a module in which some are; see `FeatureStore.apply`.

        Unlike the command `feast apply` it removes nothing that is not among them.

        Raises:
            ArgumentError: There is something else among them, or nothing.
            FeatureStoreError: What was registered does not stay: other processes write over it.
        """
        apply(self._native, definitions)

    def publish(
        self,
        view: str,
        table: Any,
        *,
        event_timestamp: str,
        created_timestamp: str | None = None,
        slot: str | None = None,
    ) -> dn.FeatureBatch:
        """Stores rows as an artifact and as one file of the view's `FileSource`; see `FeatureStore.publish`.

        Args:
            view: The name of a registered view whose source is a `FileSource` of a directory.
            table: A pandas, polars or Arrow table with exactly the view's columns.
            event_timestamp: The column with the time of the event: the source's ``timestamp_field``.
            created_timestamp: The column with the time when a row was made: its ``created_timestamp_column``. Where
                the source has one and the table does not, that is now.
            slot: What a later batch of the same slot replaces; the file is called so, with ``.parquet``.

        Raises:
            InvalidBatch: The rows are not such as the view has; nothing was stored.
            FeatureStoreError: The view is not registered.
            UnsupportedError: Its rows are no Parquet files, or nothing here can write to where they are.
        """
        found = view_of(self._native.definition(view))
        source_directory(found, self._native.repo).check()
        rows = checked(found, table, event_timestamp, created_timestamp)
        step = dn.running_step()
        if slot is None and step is not None:
            slot = step.slot
        log = self._log()
        batch = log.store(found, rows, slot=slot, source=None if step is None else step.name, now=datetime.now(UTC))
        log.put_in_force(batch)
        refresh(self._native, log, found, {batch.slot: batch.name})
        return batch

    def materialize(self, batch: dn.FeatureBatch, *, lag: timedelta = timedelta(0)) -> dn.Materialization:
        """Brings the newest rows of a batch's entities to Feast's online store; see `FeatureStore.materialize`.

        The window is from the batch's oldest event to the newest of the view, or to now.

        Raises:
            FeatureStoreError: The view is not registered, or not to be served online.
        """
        log = self._log()
        if log.in_force(batch.view).get(batch.slot) != batch.name:
            log.put_in_force(batch)
        return materialize(self._native, log, batch, lag)

    def training_set(
        self,
        entity_df: Any,
        features: Any,
        *,
        on_missing: Literal["keep", "raise"] = "keep",
        timezone: str | None = None,
        batches: Sequence[dn.FeatureBatch] | None = None,
        full_feature_names: bool = False,
    ) -> Any:
        """Returns every row of a table with features as they were known at its time; see `FeatureStore.training_set`.

        Args:
            entity_df: A pandas, polars or Arrow table: the entities' columns, ``event_timestamp``, and any others.
            features: Names as ``view:feature``, a `feast.FeatureService`, or the name of one.
            on_missing: ``raise`` if a row has no feature of some view but null.
            timezone: The zone of times that say none.
            batches: Read these alone of their views.
            full_feature_names: Whether columns are called ``view__feature``, as Feast does it.

        Returns:
            A pandas frame: the rows in their order with their index, and a column for each feature.
        """
        frame, native = as_frame(entity_df), self._native.refreshed()
        asked = asked_of(native, features_of(native, features), full_names=full_feature_names)
        names = {source.view.name for one in asked for source in one.sources}
        reading = partial(read_files, self._native, self._log(), names, batches or ())
        return TrainingSet(asked, full_feature_names).of(frame, on_missing, timezone, reading)

    def online(self, features: Any, rows: Any, *, full_feature_names: bool = False) -> Mapping[str, Sequence[Any]]:
        """Returns the newest features of some entities from Feast's online store; see `FeatureStore.online`.

        As Feast does it, this looks for definitions in the registry as it was read up to ``cache_ttl_seconds`` ago.
        """
        native, entities = self.native, as_rows(rows)
        try:
            wanted = features_of(native, features, cached=True)
            columns = columns_of(wanted, full_names=full_feature_names)
            if not entities:
                return {name: [] for name in columns}
            found = native.get_online_features(wanted, entities, full_feature_names=full_feature_names).to_dict()
        except Exception:  # with the registry that was in memory; of what is wrong with a newer one, this says more
            fresh = self._native.refreshed()
            asked_of(fresh, features_of(fresh, features), full_names=full_feature_names)
            raise
        # In the order that was asked for: Feast's own is another each time.
        return {name: found[name] for name in (*entities[0], *columns) if name in found}

    def views(self) -> list[dn.FeatureViewState]:
        """Returns Feast's views, the batches in force of each and its last materialisation, by name."""
        native, log = self._native.refreshed(), self._log()
        found = sorted(native.list_all_feature_views(), key=lambda view: view.name)
        return [self._state(log, view) for view in found]

    def _state(self, log: BatchLog, definition: Any) -> dn.FeatureViewState:
        try:
            view: View | None = view_of(definition)
        except dn.errors.UnsupportedError:  # nothing is published to it
            view = None
        batches = [log.batch(name) for name in log.in_force(definition.name).values()]
        return dn.FeatureViewState(
            view=definition.name,
            entities=list(view.keys) if view else entities_of(definition),
            features=[feature.name for feature in definition.features if not view or feature.name not in view.keys],
            batches=sorted(batches, key=lambda batch: (batch.oldest is not None, batch.oldest, batch.slot)),
            materialized=log.materialized(definition.name),
        )
