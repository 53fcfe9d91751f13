"""Writing: a value's files first, under an attempt's own id; then the manifest, which makes them an artifact."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, BinaryIO

from datanectar.contracts.storage import StorageBackend
from datanectar.errors import (
    AlreadyExists,
    FormatError,
    IntegrityError,
    StorageAccessError,
    StorageError,
    StorageFull,
    StorageUnavailable,
)
from datanectar.layer import keys, provenance
from datanectar.layer.commit import create_once, prepare_store
from datanectar.layer.encoding import Encoder
from datanectar.layer.foresight import Foresight
from datanectar.layer.manifest import DETAILS, FORMAT, Manifest, seal, stored_files, unseal
from datanectar.layer.options import LayerOptions
from datanectar.layer.repairs import last_repair, read_repair
from datanectar.layer.signing import Signer
from datanectar.layer.trees import files_of
from datanectar.layer.verification import stamp
from datanectar.registry import Registry

#: Details of an artifact over this size, or with more inputs than that, go to the attempt's data.
_LARGEST_DETAILS = 16 << 10
_MOST_INPUTS = 200


class DifferentResult(UserWarning):
    """Two executions of one task with equal inputs gave different bytes; the first one is kept."""


class Writer:
    """Commits values to one store."""

    def __init__(self, backend: StorageBackend, options: LayerOptions, registry: Registry, signer: Signer) -> None:
        self._backend, self._options, self._registry, self._signer = backend, options, registry, signer
        self._prepared = False
        self._known_code: set[str] = set()

    def foresee(self, task: str, annotation: Any, serializer: str | None) -> None:
        """Refuses a task whose annotated result this store could not take; see `Foresight`."""
        Foresight(self._registry, serializer, pickles=self._options.pickle != "never").check(task, annotation)

    def commit(
        self,
        name: str,
        attempt: str,
        value: Any,
        *,
        serializer: str | None = None,
        started: float | None = None,
        seconds: float = 0.0,
        identity: dict[str, Any] | None = None,
        inputs: list[list[str]] | None = None,
        log: bytes = b"",
        repair: bool = False,
    ) -> Manifest:
        """Writes a value's files, then creates its manifest; used by `store` and by the runner."""
        self.prepare()
        encoder = Encoder(self._registry, self._backend, name, attempt, pickles=self._options.pickle != "never")
        try:
            encoded = encoder.encode(value, serializer)
            document: dict[str, Any] = {
                "format": FORMAT,
                "name": name,
                "attempt": attempt,
                "files": encoded.files,
                "value": encoded.value,
                "started": datetime.fromtimestamp(started or time.time(), UTC).isoformat(timespec="milliseconds"),
                "seconds": round(seconds, 6),
                **provenance.of_process(),
            }
            self._add_details(document, encoder, identity, inputs or [])
            if log:
                document["log"] = {"size": len(log), "text": log.decode("utf-8", "replace")}
            manifest = Manifest(document, keys.manifest(name))
            if encoded.executes:
                document["signature"] = self._signer.sign(manifest)
            sealed = seal(document)
        except BaseException:
            self._drop(name, attempt, encoder.files)
            raise
        standing = self._publish_or_drop(manifest, sealed, repair)
        if standing.attempt == attempt:
            self._stamp(manifest)
            return manifest
        self._drop(name, attempt, manifest.files)
        if content_of(standing) != content_of(manifest):
            msg = (
                f"{name} was stored by another attempt meanwhile, with other bytes: the task is not "
                f"deterministic. Kept: attempt {standing.attempt}; dropped: {attempt}"
            )
            warnings.warn(DifferentResult(msg), stacklevel=3)
        return standing

    def _add_details(
        self,
        document: dict[str, Any],
        encoder: Encoder,
        identity: dict[str, Any] | None,
        inputs: list[list[str]],
    ) -> None:
        details = {"identity": identity, "inputs": inputs}
        if len(inputs) > _MOST_INPUTS or (identity is not None and len(str(identity)) > _LARGEST_DETAILS):
            document[DETAILS] = encoder.attach(details)
        else:
            document.update(details)

    def publish(
        self,
        manifest: Manifest,
        sealed: bytes,
        *,
        repair: bool = False,
        sleep: Callable[[float], object] = time.sleep,
    ) -> Manifest:
        """Creates a manifest, whose files are there, and returns the one that stands in the end.

        Args:
            manifest: The manifest. Its key becomes that of the repair, where it is one.
            sealed: Its bytes.
            repair: Whether it is to stand in for what is damaged.
            sleep: What waits before another try, as for `create_once`.

        Returns:
            The manifest, or that of another attempt, which was there first.
        """
        name = manifest.name
        if repair:
            manifest.key = keys.repair(name, last_repair(self._backend, name) + 1)
        try:
            standing = create_once(self._backend, manifest.key, sealed, sleep=sleep)
            return manifest if standing is sealed else unseal(standing, manifest.key, name)
        except IntegrityError:
            # The key is taken by a damaged manifest, which nothing overwrites: a repair stands in for it.
            earlier = None if repair else self._earlier_repair(name)
            return earlier or self.publish(manifest, sealed, repair=True, sleep=sleep)

    def _publish_or_drop(self, manifest: Manifest, sealed: bytes, repair: bool) -> Manifest:
        try:
            return self.publish(manifest, sealed, repair=repair)
        except FormatError:
            self._drop(manifest.name, manifest.attempt, manifest.files)
            raise
        except (StorageAccessError, StorageFull):
            # Refused for good, so the files are of no use; unless the refusal came after the deed.
            if self._backend.stat(manifest.key) is None:
                self._drop(manifest.name, manifest.attempt, manifest.files)
            raise

    def _earlier_repair(self, name: str) -> Manifest | None:
        try:
            return read_repair(self._backend, name)
        except IntegrityError:
            return None

    def _stamp(self, manifest: Manifest) -> None:
        """What was hashed while it was written need not be hashed when it is read."""
        if self._options.verify != "stamp":
            return
        for key, file in manifest.stored_files:
            path = self._backend.local_path(key)
            if path is not None:
                stamp(path, file["sha256"])

    def _drop(self, name: str, attempt: str, files: list[dict[str, Any]]) -> None:
        written = [key for key, _ in stored_files(name, attempt, files)]
        if not written:
            return
        try:
            self._backend.delete(written)
        except StorageError:  # they are in nobody's way, and an earlier error is the one to tell
            pass

    def prepare(self) -> None:
        """Checks the store before the first write of this process."""
        if not self._prepared:
            prepare_store(self._backend, unsafe_single_writer=self._options.unsafe_single_writer)
            self._prepared = True

    def record_code(
        self,
        digest: str,
        functions: dict[str, str],
        sources: dict[str, str] | None = None,
        libraries: Callable[[], dict[str, str]] = dict,
    ) -> None:
        """Stores what is known of one version of a task's code, once.

        Args:
            digest: The code's digest.
            functions: The digests it is made of, by the function's, class's or global's name.
            sources: The source texts, where the store is to keep them. They have a key of their own, so that they can
                be added to code that is known already.
            libraries: Finds the versions of the libraries that it uses: asked once, not at every step.
        """
        if keys.code(digest) not in self._known_code:
            document = {"digest": digest, "functions": functions, "libraries": libraries()}
            self._create_code(keys.code(digest), document)
        if sources is not None:
            self._create_code(keys.source(digest), {"digest": digest, "source": sources})

    def _create_code(self, key: str, document: dict[str, Any]) -> None:
        if key not in self._known_code:
            sealed = seal(document)
            try:
                self._backend.create(key, sealed)
            except AlreadyExists:
                pass
            except StorageUnavailable:  # as a busy store may say; the work that is done is not lost for that
                create_once(self._backend, key, sealed)
            self._known_code.add(key)

    def write_log(self, name: str, attempt: str, log: BinaryIO) -> str:
        """Stores an attempt's log beside the artifact and returns its key."""
        key = keys.log(name, attempt)
        try:
            self._backend.write(key, log)
        except AlreadyExists:  # a worker kept it and was killed before it could say so
            pass
        return key


def content_of(manifest: Manifest) -> tuple[Any, ...]:
    """What two attempts at one artifact should have in common: the digests of its value, part by part."""
    return manifest.value, [manifest.digests[number] for number in files_of(manifest.value)]


def new_attempt() -> str:
    """Returns an id that no other attempt has."""
    return os.urandom(12).hex()
