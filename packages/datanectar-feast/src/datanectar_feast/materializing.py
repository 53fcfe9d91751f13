"""From the offline to the online store: the newest rows of a batch's entities, and none that is older than what stands.

Feast's online stores may write whatever they are given over what they have, and `materialize_incremental` never looks
back. So each batch is materialised by a window from its oldest event to the newest that is known: the newest row of
each of its entities is in it, whenever it was published. What is published meanwhile shows in the log of batches, and
then it is done again.

Feast is given files that nobody changes meanwhile, and of two rows of one time the one that was made later: its own
sorting leaves either last. The interval goes into the registry afterwards.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import datanectar as dn
from datanectar.errors import FeatureStoreError
from datanectar_feast.batches import BatchLog
from datanectar_feast.files import read_files, refresh
from datanectar_feast.locking import registry_turn
from datanectar_feast.native import Native
from datanectar_feast.views import view_of


def materialize(native: Native, log: BatchLog, batch: dn.FeatureBatch, lag: timedelta) -> dn.Materialization:
    """Brings the newest rows of a batch's entities online, and records what was done.

    Args:
        native: Feast.
        log: Where the batches are.
        batch: The batch, which is in force.
        lag: How much before its oldest event to start.

    Raises:
        FeatureStoreError: The view is not registered, or not to be served online.
    """
    definition = native.definition(batch.view)
    _check_online(definition)
    while True:
        standing, removed = log.slots(batch.view)
        refresh(native, log, view_of(definition), standing, removed)
        window = _window(log, standing, batch, lag)
        if window is not None:
            with read_files(native, log, [batch.view], ()) as store:
                store.materialize(*window, feature_views=[batch.view])
        if log.in_force(batch.view) == standing:
            break
    if window is not None:
        with registry_turn(native):
            store = native.refreshed()
            store.registry.apply_materialization(definition, store.project, *window)
    now = datetime.now(UTC)
    start, end = window or (now, now)
    done = dn.Materialization(batch=batch.name, source=batch.source, start=start, end=end, at=now)
    log.record(batch.view, done)
    return done


def _check_online(definition: Any) -> None:
    for wanted, remedy in (("online", "define it with online=True, and apply that"), ("enabled", "enable it")):
        if not getattr(definition, wanted, True):
            raise FeatureStoreError(
                f"view {definition.name!r} has {wanted}=False, so Feast does not serve it online: {remedy}, or don't "
                "materialize it"
            )


def _window(
    log: BatchLog, standing: dict[str, str], batch: dn.FeatureBatch, lag: timedelta
) -> tuple[datetime, datetime] | None:
    """From the batch's oldest event to the newest of all, which is not in the future; None where that is no time."""
    if batch.oldest is None or batch.newest is None:
        return None
    known = [found.newest for name in standing.values() if (found := log.batch(name)).newest is not None]
    start, end = batch.oldest - lag, min(max([batch.newest, *known]), datetime.now(UTC))
    return (start, end) if start <= end else None
