"""The files of views: brought up to date with the log of batches, and laid out for Feast to read."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import datanectar as dn
from datanectar_feast.batches import BatchLog
from datanectar_feast.native import Native
from datanectar_feast.snapshots import lay_out
from datanectar_feast.sources import source_directory
from datanectar_feast.views import View, view_of


def refresh(
    native: Native, log: BatchLog, view: View, standing: Mapping[str, str], removed: Sequence[str] = ()
) -> None:
    """Brings files of a view's FileSource up to date with the log: some may be missing here, or another batch's.

    Args:
        native: Feast.
        log: Where the batches are.
        view: The view.
        standing: The names of batches in force, by slot.
        removed: Slots whose batch is no more in the store.
    """
    directory = source_directory(view, native.repo)
    for slot in removed:
        directory.remove(slot)
    for slot, name in standing.items():
        while not directory.has(slot, name):
            directory.put(slot, log.file(name))
            name = log.standing(view.name, slot)  # put in force meanwhile, its file may have been there before ours


@contextmanager
def read_files(
    native: Native, log: BatchLog, views: Collection[str], batches: Sequence[dn.FeatureBatch]
) -> Iterator[Any]:
    """Opens a `feast.FeatureStore` that reads the batches in force when this is called, whatever becomes of them then.

    Args:
        native: Feast.
        log: Where the batches are.
        views: The views that are read.
        batches: What is read of their views in place of what is in force.
    """
    given: dict[str, list[str]] = {}
    for batch in batches:
        given.setdefault(batch.view, []).append(batch.name)
    with tempfile.TemporaryDirectory(prefix="datanectar-feast-") as place:
        folders = {}
        for number, name in enumerate(sorted(views)):
            standing, removed = ({}, []) if name in given else log.slots(name)
            names = given.get(name) or list(standing.values())
            if not names and not removed:  # nobody published to it: Feast reads what there is
                continue
            view = view_of(native.definition(name))
            if removed:
                refresh(native, log, view, {}, removed)
            if not names:
                continue
            fetched = Path(place, f"{number}-fetched")
            fetched.mkdir()
            others = [] if name in given else source_directory(view, native.repo).others(standing, fetched)
            files = {f"{one.rpartition('/')[2]}.parquet": log.file(one) for one in names}
            folders[name] = Path(place, str(number))
            lay_out(folders[name], view, files, list(others))
        with native.reading(folders) as store:
            yield store
