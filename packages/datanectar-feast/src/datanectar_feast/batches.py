"""Batches in the storage layer: immutable artifacts, and which of them is in force in each slot of a view."""

from __future__ import annotations

import base64
import dataclasses
import re
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import datanectar as dn
from datanectar.errors import ArtifactNotFound, IntegrityError, InvalidKey
from datanectar_feast.views import View

#: What a file of rows says in its footer of which batch it is.
NAME_IN_FILE = b"datanectar.batch"
_SEGMENT = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}")
_SLOT = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_LATEST = "latest"


class BatchLog:
    """The batches of one Feast project.

    Each is an artifact ``feature_batch/<project>/<view>/<fingerprint>``, of the `FeatureBatch` and its rows; an alias
    of that path, called as the slot, points to the one in force. Materialisations are artifacts likewise.
    """

    def __init__(self, layer: dn.StorageLayer, project: str) -> None:
        self.layer, self._project = layer, _segment(project)
        self._known: dict[str, dn.FeatureBatch] = {}

    def _path(self, view: str, kind: str = "feature_batch") -> str:
        return f"{kind}/{self._project}/{_segment(view)}"

    def store(self, view: View, rows: Any, *, slot: str | None, source: str | None, now: datetime) -> dn.FeatureBatch:
        """Stores rows that were checked as a batch, not yet in force. What is stored already is not stored again."""
        digest = _digest_of(rows)
        slot = check_slot(f"rows-{digest[:26]}" if slot is None else slot)
        name = f"{self._path(view.name)}/{_fingerprint(slot, source or '', digest)}"
        if self._is_sound(name):
            return self.batch(name)
        oldest, newest = _period(rows.column(view.event_timestamp))
        batch = dn.FeatureBatch(
            view=view.name,
            slot=slot,
            name=name,
            rows=rows.num_rows,
            oldest=oldest,
            newest=newest,
            source=source,
        )
        table = _completed(view, rows, now).replace_schema_metadata({NAME_IN_FILE: name.encode()})
        self.layer.store(name, {"batch": batch, "rows": table})
        return self.batch(name)

    def _is_sound(self, name: str) -> bool:
        """Whether a batch is there and whole; what is left of a damaged one is removed."""
        try:
            self.layer.reader.local_path(name, ("rows",))
        except ArtifactNotFound:
            return False
        except IntegrityError:
            self.layer.delete(name)
            return False
        return True

    def batch(self, name: str) -> dn.FeatureBatch:
        """Returns what is recorded of a batch; it is read once.

        Raises:
            ArtifactNotFound: There is no such batch.
        """
        if name not in self._known:
            self._known[name] = self.layer.reader.load_part(name, ("batch",))
        return self._known[name]

    def file(self, name: str) -> Path:
        """Returns a Parquet file on this machine with the verified rows of a batch; read it, don't change it.

        Raises:
            ArtifactNotFound: They are gone.
            IntegrityError: They are damaged.
        """
        try:
            return self.layer.reader.local_path(name, ("rows",))
        except (ArtifactNotFound, IntegrityError) as error:
            source = self._source(name)
            again = f"`datanectar rm {source}` and run that task again" if source else "publish its rows again"
            raise type(error)(f"a batch of features cannot be read: {error}. To have it anew, {again}") from error

    def _source(self, name: str) -> str | None:
        """What published a batch of which not all can be read."""
        try:
            return self.batch(name).source
        except (ArtifactNotFound, IntegrityError):
            return None

    def slots(self, view: str) -> tuple[dict[str, str], list[str]]:
        """Returns the names of the batches in force, by slot; and the slots whose batch was removed from the store."""
        named = self.layer.aliases(self._path(view))
        there = self.layer.exists_many(named.values())
        standing = {slot: name for slot, name in named.items() if there[name]}
        return standing, [slot for slot in named if slot not in standing]

    def in_force(self, view: str) -> dict[str, str]:
        """Returns the names of the batches in force, by slot."""
        return self.slots(view)[0]

    def standing(self, view: str, slot: str) -> str:
        """Returns the name of the batch that is in force in a slot.

        Raises:
            ArtifactNotFound: None ever was.
        """
        return self.layer.resolve(f"{self._path(view)}@{slot}")

    def put_in_force(self, batch: dn.FeatureBatch) -> None:
        """Makes a batch the one of its slot."""
        self.layer.alias(batch.name, batch.slot)

    def record(self, view: str, done: dn.Materialization) -> None:
        """Records a materialisation; the last one recorded is the last."""
        path = self._path(view, "feature_materialization")
        name = f"{path}/{_fingerprint(*map(str, dataclasses.astuple(done)))}"
        self.layer.store(name, done)
        self.layer.alias(name, _LATEST)

    def materialized(self, view: str) -> dn.Materialization | None:
        """Returns the last materialisation of a view."""
        path = self._path(view, "feature_materialization")
        name = self.layer.aliases(path).get(_LATEST)
        return None if name is None else self.layer.load(name)


def check_slot(slot: str) -> str:
    """Returns a slot's name if a file and an alias can be called so.

    Raises:
        InvalidKey: It has other characters than ``a-z 0-9 . _ -``, or more than 64.
    """
    if _SLOT.fullmatch(slot) is None:
        raise InvalidKey(
            f"slot={slot!r} is refused: a slot is at most 64 of a-z 0-9 . _ -, and starts with a letter or digit"
        )
    return slot


def _segment(name: str) -> str:
    """A name of Feast's as a segment of an artifact's name; different names give different segments."""
    if _SEGMENT.fullmatch(name):
        return name
    plain = re.sub(r"[^a-z0-9._-]+", "_", name.lower()).strip("._-")[:100]
    return f"{plain}-{_fingerprint(name)[:8]}".lstrip("-")


def _fingerprint(*parts: str) -> str:
    digest = sha256("\n".join(parts).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:26]


def _digest_of(rows: Any) -> str:
    """Hashes the rows: in one chunk and in order, equal rows have equal bytes."""
    import pyarrow as pa

    digest = sha256()

    class Sink:
        """What Arrow can write to."""

        closed = False

        def write(self, data: Any) -> int:
            digest.update(data)
            return len(data)

        def flush(self) -> None: ...

        def close(self) -> None: ...

    whole = rows.combine_chunks()
    with pa.PythonFile(Sink(), mode="w") as sink, pa.ipc.new_stream(sink, whole.schema) as writer:
        writer.write_table(whole)
    return base64.b32encode(digest.digest()).decode().lower().rstrip("=")


def _period(times: Any) -> tuple[datetime | None, datetime | None]:
    import pyarrow.compute as pc

    found = pc.min_max(times).as_py()
    oldest, newest = (time and time.astimezone(UTC) for time in (found["min"], found["max"]))
    return oldest, newest


def _completed(view: View, rows: Any, now: datetime) -> Any:
    """Adds when the rows were made, where the view wants it and the table did not say."""
    import pyarrow as pa

    if not view.created_timestamp or view.created_timestamp in rows.column_names:
        return rows
    place = list(view.columns).index(view.created_timestamp)
    made = pa.repeat(pa.scalar(now, pa.timestamp("us", "UTC")), rows.num_rows)
    return rows.add_column(place, view.created_timestamp, made)
