"""From the offline to the online store: the newest rows of a batch's entities, and none that is older than what stands.

Feast's online stores may write whatever they are given over what they have, and `materialize_incremental` never looks
back. So each batch is materialised by a window from its oldest event to the newest that is known: the newest row of
each of its entities is in it, whenever it was published. What is published meanwhile shows in the log of batches, and
then it is done again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import datanectar as dn
from datanectar_feast.batches import BatchLog
from datanectar_feast.native import Native
from datanectar_feast.turns import registry_turn


def materialize(
    native: Native, log: BatchLog, batch: dn.FeatureBatch, lag: timedelta, refresh: Callable[[str], None]
) -> dn.Materialization:
    """Brings the newest rows of a batch's entities online, and records what was done.

    Args:
        native: Feast.
        log: Where the batches are.
        batch: The batch, which is in force.
        lag: How much before its oldest event to start.
        refresh: Brings the files of a view up to date with the log.
    """
    while True:
        standing = log.in_force(batch.view)
        refresh(batch.view)
        window = _window(log, standing, batch, lag)
        if window is not None:
            with registry_turn(native):
                native.store.refresh_registry()
                native.store.materialize(*window, feature_views=[batch.view])
        if log.in_force(batch.view) == standing:
            break
    now = datetime.now(UTC)
    start, end = window or (now, now)
    done = dn.Materialization(batch=batch.name, source=batch.source, start=start, end=end, at=now)
    log.record(batch.view, done)
    return done


def _window(
    log: BatchLog, standing: dict[str, str], batch: dn.FeatureBatch, lag: timedelta
) -> tuple[datetime, datetime] | None:
    """From the batch's oldest event to the newest of all, which is not in the future; None where that is no time."""
    if batch.oldest is None:
        return None
    newest = max(found.newest for name in standing.values() if (found := log.batch(name)).newest is not None)
    start, end = batch.oldest - lag, min(newest, datetime.now(UTC))
    return (start, end) if start <= end else None
