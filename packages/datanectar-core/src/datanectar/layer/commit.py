"""The commit: one put-if-absent, decided by what is really there, and the probe that a store honours it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from datanectar.contracts.storage import StorageBackend
from datanectar.errors import (
    AlreadyExists,
    CommitUnknown,
    FormatError,
    KeyNotFound,
    StorageAccessError,
    StorageUnavailable,
    UnsafeStore,
)
from datanectar.layer import keys
from datanectar.layer.manifest import FORMAT, newer_format, open_seal, seal
from datanectar.values.backoff import pause_before

_DEADLINE = 60.0  # seconds
_LONGEST_PAUSE = 5.0


def create_once(
    backend: StorageBackend, key: str, data: bytes, *, sleep: Callable[[float], object] = time.sleep
) -> bytes:
    """Creates an object, and returns what stands under its key in the end: `data`, or the winner's bytes.

    A refusal does not mean that another writer won: the reply to our own create may have been lost. So the object
    is read back whenever the store's answer leaves a doubt.

    Args:
        backend: Where it goes.
        key: Its key.
        data: Its bytes.
        sleep: Waits for so many seconds before another try; what it raises ends the tries.

    Raises:
        CommitUnknown: The store gave no clear answer before the deadline; nothing was deleted.
        StorageError: The store refused outright.
    """
    deadline = time.monotonic() + _DEADLINE
    for retry in count(1):
        doubt: Exception
        try:
            backend.create(key, data)
            return data
        except (AlreadyExists, StorageUnavailable) as error:
            doubt = error
        try:
            return backend.read(key)
        except KeyNotFound:
            pass  # not there after all: try again
        except StorageUnavailable as error:
            doubt = error
        pause = pause_before(retry, longest=_LONGEST_PAUSE)
        if time.monotonic() + pause > deadline:
            msg = (
                f"{backend.url} gave no clear answer for {key} within {_DEADLINE:.0f} s; it may or may not be stored. "
                "Nothing was deleted: run again when the store answers"
            )
            raise CommitUnknown(msg) from doubt
        sleep(pause)
    raise AssertionError("unreachable")


def prepare_store(backend: StorageBackend, *, unsafe_single_writer: bool = False) -> None:
    """Checks a store before its first commit from this process: its format, and that it honours `create`.

    The answer is kept in the store as ``datanectar.json``, so each store is probed once.

    Raises:
        UnsafeStore: A second create of one key succeeded, and `unsafe_single_writer` is not set.
        FormatError: The store has a format that this release does not write.
        IntegrityError: ``datanectar.json`` is damaged.
    """
    document = store_document(backend)
    if document is None:
        with probed(backend) as (_, honoured):
            document = {"format": FORMAT, "create": honoured}
        if honoured:
            create_once(backend, keys.STORE, seal(document))
    if not document.get("create") and not unsafe_single_writer:
        raise unsafe(backend)


def store_document(backend: StorageBackend) -> dict[str, Any] | None:
    """Returns what a store says of itself, or None where nothing was committed yet.

    Raises:
        FormatError: The store has a format that this release does not write.
        IntegrityError: ``datanectar.json`` is damaged.
    """
    where = f"{backend.url}/{keys.STORE}"
    try:
        document = open_seal(backend.read(keys.STORE), where, "Remove it, and the next write makes it anew")
    except KeyNotFound:
        return None
    if document.get("format") != FORMAT:
        raise FormatError(newer_format(where, document.get("format")))
    return document


def unsafe(backend: StorageBackend) -> UnsafeStore:
    """What to say of a store that does not honour `create`."""
    return UnsafeStore(
        f"{backend.url} overwrote an object that it was asked to create only if absent: with several writers, "
        "results would be lost. Use another store; or, if there is one writer only, set "
        "unsafe_single_writer = true for it"
    )


@contextmanager
def probed(backend: StorageBackend) -> Iterator[tuple[str, bool]]:
    """Creates an object twice, and gives its key and whether the second create was refused; then it is removed.

    Who may not remove anything leaves it behind.
    """
    key = f"probes/{os.urandom(12).hex()}"
    try:
        create_once(backend, key, b"first")
        yield key, create_once(backend, key, b"second") == b"first"
    finally:
        try:
            backend.delete([key])
        except StorageAccessError:
            pass
