"""Copies from store to store, N artifacts at a time; one that fails does not keep the others from it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event
from typing import Protocol

from datanectar.contracts.streaming import Abandoned
from datanectar.errors import ArtifactNotFound, DatanectarError, StorageAccessError, StorageFull, StoreNotFound
from datanectar.layer.commit import store_document
from datanectar.layer.copying.copier import Copier, Outcome
from datanectar.layer.copying.inventory import Inventory, take_inventory
from datanectar.layer.copying.transfer import Transfer
from datanectar.layer.storage_layer import StorageLayer


class Reporter(Protocol):
    """Is told how a copy goes."""

    def planned(self, inventory: Inventory) -> None:
        """Both stores were listed."""

    def moved(self, count: int) -> None:
        """Bytes went by; told by several threads. Fewer than none, where they are to go by once more."""

    def finished(self, outcome: Outcome) -> None:
        """An artifact was dealt with."""

    def close(self) -> None:
        """The copy ended, well or not."""


def copy_artifacts(
    source: StorageLayer,
    target: StorageLayer,
    names: Collection[str] | None,
    reporter: Reporter,
    *,
    jobs: int = 8,
    dry_run: bool = False,
    source_texts: bool = True,
) -> list[Outcome]:
    """Copies artifacts with their logs and what is known of their code, unless the target has them.

    Args:
        source: Where they are.
        target: Where they go.
        names: Which; None for all, and for the logs of what was never made.
        reporter: Is told how it goes.
        jobs: How many are copied at once.
        dry_run: Whether to find out only what would be done; nothing is written.
        source_texts: Whether source texts of tasks go along, where the source has any.

    Returns:
        What became of each; of a name that the source does not have, that it failed.

    Raises:
        ArtifactNotFound: The source has no artifact at all.
        FormatError: A store has a format that this release does not read.
        UnsafeStore: The target does not honour put-if-absent.
        StorageError: A store cannot be reached, or the target refuses writes or can take nothing more.
    """
    for layer in (source, target):
        store_document(layer.backend)  # raises if it is of another format
    stock = take_inventory(source.backend, target.backend, names)
    if names is None and not stock.sizes:
        raise ArtifactNotFound(f"{source.backend.url} has no artifacts, so there is nothing to copy")
    if not dry_run:
        target.writer.prepare()
    reporter.planned(stock)
    stop = Event()
    transfer = Transfer(source.backend, target.backend, reporter.moved, stop)
    copier = Copier(source, target, stock, transfer, dry_run=dry_run, source_texts=source_texts)

    def attempt(name: str) -> Outcome:
        if stop.is_set():
            raise Abandoned("the copy was stopped")
        try:
            return copier.copy(name)
        except (Abandoned, StorageFull, StoreNotFound):  # none of the others would get anywhere
            raise
        except Exception as error:  # also what a backend of a third party, or an odd manifest, is the cause of
            if isinstance(error, StorageAccessError) and error in transfer.refusals:
                raise
            told = str(error) if isinstance(error, DatanectarError) else ""
            return Outcome(name, "failed", note=told or repr(error))

    # The oldest first: what is listed by its time keeps its order, as far as many at a time allow.
    return _for_each(stock.names, attempt, reporter, jobs, stop, in_order=dry_run)


def _for_each(
    names: Iterable[str],
    attempt: Callable[[str], Outcome],
    reporter: Reporter,
    jobs: int,
    stop: Event,
    *,
    in_order: bool,
) -> list[Outcome]:
    """Keeps all threads busy; whatever ends it early, such as Ctrl-C, stops what is on its way.

    What was done is told as soon as it is; what would be done (`in_order`) the same way each time.
    """
    outcomes: list[Outcome] = []

    def collect(pending: list[Future[Outcome]]) -> list[Future[Outcome]]:
        done, _ = wait(pending[:1] if in_order else pending, return_when=FIRST_COMPLETED)
        for future in (future for future in pending if future in done):
            outcomes.append(future.result())
            reporter.finished(outcomes[-1])
        return [future for future in pending if future not in done]

    with ThreadPoolExecutor(jobs, "copy") as pool:
        pending: list[Future[Outcome]] = []
        try:
            for name in names:
                pending.append(pool.submit(attempt, name))
                if len(pending) >= 2 * jobs:  # enough for no thread to wait; not a queue of all names
                    pending = collect(pending)
            while pending:
                pending = collect(pending)
        except BaseException:
            stop.set()
            raise
    return outcomes
