"""`datanectar features`: what the feature store holds of each view, where it came from and how far it is online."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

from datanectar.cli.options import chosen, json_option, profile_option, storage_layer_option
from datanectar.cli.output import age, print_json, print_table
from datanectar.contracts.features import FeatureViewState
from datanectar.errors import ArgumentError
from datanectar.features import feature_store as open_feature_store

_COLUMNS = ("view", "batch", "rows", "artifact", "source", "materialized")
_NONE = "-"


@click.command()
@profile_option
@storage_layer_option
@click.option("--feature-store", metavar="NAME", help="Where features live.")
@click.argument("view", default="")
@json_option
def features(
    profile: str | None, storage_layer: str | None, feature_store: str | None, view: str, as_json: bool
) -> None:
    """List views, or VIEW: their batches, the task's artifact each is from, and what was last brought online."""
    with chosen(profile, storage_layer):
        found = open_feature_store(feature_store).views()
    shown = [state for state in found if view in ("", state.view)]
    if view and not shown:
        known = ", ".join(state.view for state in found) or "none"
        raise ArgumentError(f"there is no view {view!r}; registered: {known}")
    if as_json:
        print_json([_document(state) for state in shown])
        return
    print_table(_COLUMNS, [row for state in shown for row in _rows(state, datetime.now(UTC))])
    if not shown:
        click.echo("the feature store has no views yet; apply() registers them", err=True)


def _document(state: FeatureViewState) -> dict[str, Any]:
    return {
        "view": state.view,
        "entities": list(state.entities),
        "features": list(state.features),
        "batches": [_plain(batch) for batch in state.batches],
        "materialized": _plain(state.materialized) if state.materialized else None,
    }


def _plain(record: Any) -> dict[str, Any]:
    values = dataclasses.asdict(record)
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in values.items()}


def _rows(state: FeatureViewState, now: datetime) -> Iterator[list[str]]:
    """A row for each batch in force; and one for what is online, where that is from another."""
    online = state.materialized
    for batch in state.batches:
        last = _online(state, now) if online is not None and online.batch == batch.name else _NONE
        yield [state.view, batch.period, str(batch.rows), batch.name, batch.source or _NONE, last]
    if online is not None and online.batch not in {batch.name for batch in state.batches}:
        yield [state.view, "replaced", _NONE, online.batch, online.source or _NONE, _online(state, now)]
    elif not state.batches:
        yield [state.view, *[_NONE] * (len(_COLUMNS) - 1)]


def _online(state: FeatureViewState, now: datetime) -> str:
    """How far the online store is, and since when."""
    done = state.materialized
    assert done is not None
    when = f"{age(now - done.at)} ago" if sys.stdout.isatty() else f"at {done.at.isoformat(timespec='seconds')}"
    return f"to {done.end:%Y-%m-%d %H:%M}, {when}"
