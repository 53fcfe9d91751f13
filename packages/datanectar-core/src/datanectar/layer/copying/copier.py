"""Copies one artifact from store to store as it is: name, bytes, provenance and signature.

Its files go first, under the attempt that made them, and are verified on the way; then code and logs; then the
manifest, from which moment it is there. Killed in between, a copy has left nothing that counts, and another finishes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from datanectar.errors import AlreadyExists, ArtifactNotFound, IntegrityError, KeyNotFound
from datanectar.layer import keys
from datanectar.layer.commit import create_once
from datanectar.layer.copying.inventory import Inventory
from datanectar.layer.copying.transfer import Transfer
from datanectar.layer.manifest import REMEDY, Manifest, open_seal, seal
from datanectar.layer.storage_layer import StorageLayer
from datanectar.layer.writing import content_of

#: ``present``: the target has the same bytes, of whichever attempt. ``different``: it has others, and keeps them.
#: ``repaired``: what it had was damaged. ``logs``: nothing was ever made, but attempts were logged.
Status = Literal["copied", "repaired", "present", "different", "failed", "logs"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one artifact.

    Attributes:
        name: Its name.
        status: What was done, or would be.
        size: Bytes of its manifest and files.
        note: What there is to say about it.
    """

    name: str
    status: Status
    size: int = 0
    note: str = ""


class Copier:
    """Copies artifacts one by one; several threads may have it do so.

    Args:
        source: Where they are.
        target: Where they go.
        stock: What both have of them.
        transfer: What sends bytes.
        dry_run: Whether to say only what would be done.
        source_texts: Whether source texts of tasks go along.
    """

    def __init__(
        self,
        source: StorageLayer,
        target: StorageLayer,
        stock: Inventory,
        transfer: Transfer,
        *,
        dry_run: bool,
        source_texts: bool,
    ) -> None:
        self._source, self._target, self._stock, self._transfer = source, target, stock, transfer
        self._dry_run, self._source_texts = dry_run, source_texts
        self._known_code: set[str] = set()

    def copy(self, name: str) -> Outcome:
        """Copies one artifact, unless the target has it; of what was never made, the logs.

        Raises:
            ArtifactNotFound: It was removed from the source.
            IntegrityError: It is damaged at the source, and no repair of it is sound.
            StorageError: A store refuses or does not answer.
        """
        if name in self._stock.logs and name not in self._stock.sizes:
            self._copy_logs(name)
            return Outcome(name, "logs")
        return self._source.reader.from_sound(name, self._copy)

    def _copy(self, manifest: Manifest) -> Outcome:
        """Copies what a manifest describes; an `IntegrityError` is about the files at the source."""
        name, sealed = manifest.name, seal(manifest.document)
        size = len(sealed) + sum(file["size"] for _, file in manifest.stored_files)
        standing = self._standing(name) if name in self._stock.present else None
        if standing is not None:
            return self._compared(manifest, standing, size)
        # Removed since it was listed, it is not damaged, and a repair of it would stand in for nothing.
        damaged = name in self._stock.present and self._target.exists(name)
        if self._dry_run:
            self._check_listed(manifest, self._stock.source_data)
            return Outcome(name, "repaired" if damaged else "copied", size)
        written = self._copy_files(manifest)
        note = self._copy_code(manifest)
        self._copy_logs(name)
        copied = Manifest(manifest.document, keys.manifest(name))  # there, a repair needs to repair nothing
        with self._transfer.writing():
            standing = self._target.writer.publish(copied, sealed, repair=damaged, sleep=self._transfer.pause)
        if standing.attempt == manifest.attempt:
            self._keep_files(manifest, written)
            self._transfer.moved(len(sealed))
            return Outcome(name, "repaired" if damaged else "copied", size, note)
        self._target.backend.delete(written)  # somebody made it there meanwhile
        return self._compared(manifest, standing, size)

    def _standing(self, name: str) -> Manifest | None:
        """The manifest in force at the target, or None if what is there is no good."""
        try:
            return self._target.reader.from_sound(name, self._with_all_files)
        except (ArtifactNotFound, IntegrityError):
            return None

    def _with_all_files(self, manifest: Manifest) -> Manifest:
        self._check_listed(manifest, self._stock.data)
        return manifest

    def _check_listed(self, manifest: Manifest, listed: dict[str, int]) -> None:
        for key, file in manifest.stored_files:
            if listed.get(key) != file["size"]:
                raise IntegrityError(f"{key} is missing or has another size. {REMEDY}", key=key)

    def _compared(self, manifest: Manifest, standing: Manifest, size: int) -> Outcome:
        if content_of(standing) != content_of(manifest):
            note = f"attempt {standing.attempt} made other bytes there than {manifest.attempt} here; they stay"
            return Outcome(manifest.name, "different", size, note)
        note = "" if self._dry_run else self._copy_code(manifest)  # an earlier copy may have left source texts out
        self._copy_logs(manifest.name)
        return Outcome(manifest.name, "present", size, note)

    def _copy_files(self, manifest: Manifest) -> list[str]:
        """Returns the keys it wrote, not those that were there.

        Of files that are not all sound it keeps none, unless a manifest at the target, sound or not, may name them.
        """
        written: list[str] = []
        try:
            for key, file in manifest.stored_files:
                if self._copy_file(key, file["size"], file["sha256"]):
                    written.append(key)
        except IntegrityError:
            if not self._target.exists(manifest.name):
                self._target.backend.delete(written)
            raise
        return written

    def _keep_files(self, manifest: Manifest, written: list[str]) -> None:
        """Sends again what another copy, from a damaged source, had written and took away when it noticed."""
        found = [key for key, _ in manifest.stored_files if key not in written]
        if any(self._target.backend.stat(key) is None for key in found):
            self._copy_files(manifest)

    def _copy_file(self, key: str, size: int, digest: str) -> bool:
        """Returns whether it was sent. What a killed copy left, or another that is at work, is used if it is whole."""
        taken = key in self._stock.data
        while True:
            if taken:
                if self._transfer.arrived(key, size, digest):
                    return False
                self._target.backend.delete([key])
            try:
                self._transfer.send(key, size, digest)
                return True
            except AlreadyExists:
                taken = True

    def _copy_code(self, manifest: Manifest) -> str:
        """Copies what is known of the task's code, and returns what there is to say about it."""
        identity: dict[str, Any] = self._source.reader.details(manifest)["identity"] or {}
        digest = identity.get("code")
        if digest is None or digest in self._known_code:
            return ""
        for key in [keys.code(digest), *[keys.source(digest)] * self._source_texts]:
            if self._target.backend.stat(key) is not None:
                continue
            try:
                data = self._source.backend.read(key)
                open_seal(data, key, "It is left out")
            except KeyNotFound:
                continue
            except IntegrityError as error:
                return str(error)
            with self._transfer.writing():
                create_once(self._target.backend, key, data, sleep=self._transfer.pause)
        self._known_code.add(digest)
        return ""

    def _copy_logs(self, name: str) -> None:
        """Copies the logs that the target lacks, the oldest first, since their times tell their order."""
        for log in [] if self._dry_run else self._stock.logs.get(name, []):
            try:
                self._transfer.send(log.key, log.size, None)
            except (AlreadyExists, IntegrityError):  # another copy was first; or it was removed since it was listed
                continue
