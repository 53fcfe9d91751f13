"""A store: reached, read, written to and found to refuse overwriting, with nothing left behind; and its clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

from datanectar.contracts.storage import StorageBackend
from datanectar.doctor.findings import Finding
from datanectar.errors import StorageAccessError, StorageError
from datanectar.layer import keys
from datanectar.layer.commit import probed, store_document, unsafe
from datanectar.layer.storage_layer import StorageLayer
from datanectar.records import ObjectInfo

_SKEW_WARNING, _SKEW_ERROR = 60.0, 300.0  # seconds


def store(check: str, layer: StorageLayer) -> Iterator[Finding]:
    """Whether a store can be reached, read and written to."""
    backend = layer.backend
    document = store_document(backend)
    has_artifacts = next(iter(backend.list(keys.MANIFESTS)), None) is not None
    content = "has artifacts" if has_artifacts else "no artifacts yet"
    yield Finding("ok", check, f"{backend.url} can be read: {content}")
    try:
        found = _probe(backend)
    except StorageAccessError as refusal:
        if document is None and not has_artifacts:
            raise  # an empty store that takes nothing is of no use
        remedy = "loading, ls, show and plan work; for run, get the right to write or choose another storage layer"
        yield Finding("warning", check, f"read-only: {refusal}", remedy)
        return
    yield from _writing(check, layer, found.honoured)
    yield from _clock(layer.reference, found)


class _Probe(NamedTuple):
    """What came of writing to a store.

    Attributes:
        honoured: Whether the second create was refused.
        info: What the store says of the object.
        began: When writing began, by this machine's clock.
        ended: When it ended.
    """

    honoured: bool
    info: ObjectInfo | None
    began: datetime
    ended: datetime


def _probe(backend: StorageBackend) -> _Probe:
    directory = local_directory(backend)
    absent = [path for path in (directory, *directory.parents) if not path.exists()] if directory else []
    began = datetime.now(UTC)
    try:
        with probed(backend) as (key, honoured):
            ended = datetime.now(UTC)
            return _Probe(honoured, backend.stat(key), began, ended)
    finally:
        for path in absent:  # from the inside out
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()


def local_directory(backend: StorageBackend) -> Path | None:
    """Where a store is on a local disk, or None."""
    parts = urlsplit(backend.url)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None


def _writing(check: str, layer: StorageLayer, honoured: bool) -> Iterator[Finding]:
    if honoured:
        yield Finding("ok", check, "can be written to, and overwrites nothing")
    elif layer.options.unsafe_single_writer:
        found = "overwrites what it was asked to create only if absent; unsafe_single_writer = true allows it"
        yield Finding("warning", check, found, "make sure that only one process writes to it")
    else:
        raise unsafe(layer.backend)


def _clock(store: str, found: _Probe) -> Iterator[Finding]:
    if found.info is None:
        raise StorageError(f"{store} does not show an object that it took a moment ago; it cannot be relied on")
    ahead = (found.began - found.info.modified).total_seconds()
    behind = (found.info.modified - found.ended).total_seconds()
    seconds = max(ahead, behind)
    if seconds <= _SKEW_WARNING:
        yield Finding("ok", "clock", f"agrees with that of {store}")
        return
    said = f"{seconds:.0f} s {'ahead of' if ahead > behind else 'behind'} that of {store}"
    remedy = "set this machine's clock by the network, as with `timedatectl set-ntp true`"
    if seconds > _SKEW_ERROR:
        yield Finding("error", "clock", f"{said}: object stores refuse requests that are 15 minutes off", remedy)
    else:
        yield Finding("warning", "clock", said, remedy)
