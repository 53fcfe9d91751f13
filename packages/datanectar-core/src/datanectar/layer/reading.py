"""Reading: the manifest first, then files that are verified before anything decodes them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from datanectar.contracts.serialization import StoredFile
from datanectar.contracts.storage import StorageBackend
from datanectar.errors import (
    ArtifactNotFound,
    IntegrityError,
    KeyNotFound,
    PartNotFound,
    UnsupportedError,
    UntrustedPickleError,
)
from datanectar.layer import keys
from datanectar.layer.decoding import Decoder
from datanectar.layer.fetching import read_verified
from datanectar.layer.local_copies import copy_path, is_sound, new_copy
from datanectar.layer.manifest import DETAILS, REMEDY, Manifest, unseal
from datanectar.layer.options import LayerOptions
from datanectar.layer.parts import part_names
from datanectar.layer.repairs import read_repair
from datanectar.layer.signing import Signer
from datanectar.layer.trees import descend
from datanectar.layer.verification import check_bytes
from datanectar.registry import Registry

T = TypeVar("T")


class Reader:
    """Reads the artifacts of one store; never writes to it."""

    def __init__(
        self, reference: str, backend: StorageBackend, options: LayerOptions, registry: Registry, signer: Signer
    ) -> None:
        self._reference, self._backend = reference, backend
        self._options, self._registry, self._signer = options, registry, signer

    def manifest(self, name: str) -> Manifest:
        """Returns the manifest, or the one that repaired it."""
        key = keys.manifest(name)
        try:
            try:
                return unseal(self._backend.read(key), key, name)
            except IntegrityError:
                return unseal(self._backend.read(key), key, name)  # perhaps the network's fault
        except KeyNotFound as error:
            raise ArtifactNotFound(f"{name} is not in {self._backend.url}") from error
        except IntegrityError:
            repaired = read_repair(self._backend, name)
            if repaired is None:
                raise
            return repaired

    def details(self, manifest: Manifest) -> dict[str, Any]:
        """Returns ``identity`` and ``inputs`` of an artifact, from its manifest or beside it."""
        if DETAILS in manifest.document:
            node = {"file": manifest.document[DETAILS], "serializer": "json"}
            return self._decode(manifest, node)  # type: ignore[no-any-return]
        return {"identity": manifest.identity, "inputs": manifest.document.get("inputs", [])}

    def load_part(self, name: str, part: tuple[Any, ...]) -> Any:
        """Returns a part of a stored value, reading no more files than it needs.

        Raises:
            PartNotFound: The value has no such part.
        """
        return self.from_sound(name, self.decode, part)

    def from_sound(self, name: str, use: Callable[..., T], *arguments: Any) -> T:
        """Uses an artifact's manifest; if its files turn out to be damaged, the one that repaired it."""
        manifest = self.manifest(name)
        try:
            return use(manifest, *arguments)
        except IntegrityError:
            repaired = read_repair(self._backend, name)
            if repaired is None or repaired.key == manifest.key:
                raise
            return use(repaired, *arguments)

    def decode(self, manifest: Manifest, part: tuple[Any, ...] = ()) -> Any:
        """Returns the value (or a part of it) that a manifest describes."""
        node, rest = descend(manifest.value, part)
        value = self._decode(manifest, node)
        for key in rest:
            try:
                value = value[key]
            except (LookupError, TypeError) as error:
                raise PartNotFound(f"{manifest.name} has no part {key!r}: {error!r}") from error
        return value

    def _decode(self, manifest: Manifest, node: dict[str, Any]) -> Any:
        read = partial(self._read_file, manifest)
        trusted = self._options.verify == "stamp"
        return Decoder(self._registry, manifest, read, trust_stamp=trusted).decode(node)

    def file(self, manifest: Manifest, number: int) -> StoredFile:
        """Returns one of an artifact's files, verified, to be read as what it is; nothing is decoded."""
        return self._read_file(manifest, number, False)

    def _read_file(self, manifest: Manifest, number: int, executes: bool) -> StoredFile:
        entry = manifest.files[number]
        if executes:
            self._check_trust(manifest)
        inline = manifest.inline(number)
        if inline is not None:
            if executes:  # the signature covers the digest, so the bytes must match it
                check_bytes(f"{manifest.key}, file {number}", inline, entry["size"], entry["sha256"])
            return StoredFile(inline)
        key = self._data_key(manifest, number)
        trusted = self._options.verify == "stamp"
        return read_verified(
            self._backend, key, entry["size"], entry["sha256"], trust_stamp=trusted, in_memory=executes
        )

    def _check_trust(self, manifest: Manifest) -> None:
        if self._options.pickle == "always" or (self._options.pickle == "signed" and self._signer.verifies(manifest)):
            return
        if self._options.pickle == "never":
            why = 'this store is configured with pickle = "never"'
            ways = 'set pickle = "signed" for it, which loads what a key known here signed'
        else:
            why = "its signature is missing or was not made with a key known here"
            # The standing artifact would be found again, so running the task is no way out while it is there.
            ways = (
                "name the writer's key here, in DATANECTAR_SIGNING_KEY or signing_keys; or remove it with "
                f"`datanectar rm {manifest.name}` and run the task here"
            )
        msg = (
            f"{manifest.name} is a pickle, which can run any code when loaded, and {why}. Ways out: {ways}; or, if you "
            f'trust everyone who can write to {self._reference!r}, set pickle = "always" in its [storage] table'
        )
        raise UntrustedPickleError(msg)

    def _data_key(self, manifest: Manifest, number: int) -> str:
        return keys.data(manifest.name, manifest.attempt, number, manifest.files[number]["extension"])

    def logs(self, name: str) -> dict[str, str]:
        """Returns the kept logs by attempt, the oldest first."""
        found = sorted(keys.below(self._backend, keys.logs_prefix(name), 1), key=lambda info: info.modified)
        logs = {
            info.key.rpartition("/")[2].removesuffix(".log"): self._backend.read(info.key).decode("utf-8", "replace")
            for info in found
        }
        try:
            manifest = self.manifest(name)
        except (ArtifactNotFound, IntegrityError):
            return logs
        if "log" in manifest.document:
            logs.setdefault(manifest.attempt, manifest.document["log"]["text"])
        return logs

    def local_path(self, name: str, part: tuple[Any, ...] = ()) -> Path:
        """Returns a local file with the verified bytes; what is not a file on a local disk goes to the user's cache."""
        return self.from_sound(name, self._local_file, part)

    def _local_file(self, manifest: Manifest, part: tuple[Any, ...]) -> Path:
        node, rest = descend(manifest.value, part)
        if "path" in node and not rest:  # a file or directory with a name of its own
            return self._decode(manifest, node)  # type: ignore[no-any-return]
        number = self._only_file(manifest, part)
        entry, inline = manifest.files[number], manifest.inline(number)
        if inline is None:
            key, trusted = self._data_key(manifest, number), self._options.verify == "stamp"
            file = read_verified(
                self._backend, key, entry["size"], entry["sha256"], trust_stamp=trusted, in_memory=False
            )
            if file.path is not None:
                return file.path
            inline = file.read()
        check_bytes(f"{manifest.key}, file {number}", inline, entry["size"], entry["sha256"])
        path = copy_path(entry["sha256"], entry["extension"])
        if not is_sound(path, entry["size"], entry["sha256"], trust_stamp=False):
            with new_copy(path) as copy:
                copy.write(inline)
        return path

    def link(self, name: str, expires: int, part: tuple[Any, ...] = ()) -> str:
        """Returns a URL of the artifact's file, or of its manifest where the value is in that."""
        return self.from_sound(name, self._link, expires, part)

    def _link(self, manifest: Manifest, expires: int, part: tuple[Any, ...]) -> str:
        number = self._only_file(manifest, part)
        if manifest.inline(number) is not None:
            return self._backend.link(manifest.key, expires)
        key, (size, digest) = self._data_key(manifest, number), manifest.digests[number]
        found = self._backend.stat(key)
        if found is None or found.size != size:  # its bytes are checked by whoever loads it, not here
            got = "nothing" if found is None else f"{found.size} bytes"
            msg = f"{key} should have {size} bytes, got {got}. {REMEDY}"
            raise IntegrityError(msg, key=key, expected=digest, got=got)
        return self._backend.link(key, expires)

    def _only_file(self, manifest: Manifest, part: tuple[Any, ...]) -> int:
        node, rest = descend(manifest.value, part)
        number = node.get("file", node.get("content"))
        if rest and number is None:
            raise PartNotFound(f"{manifest.name} has no part {rest[0]!r}; it has {part_names(node)}")
        if rest:
            raise UnsupportedError(f"{manifest.name} has no file of its own for its part {rest[0]!r}; load that")
        if type(number) is not int:
            msg = f"{manifest.name} is stored part by part: load it, or name one of its parts: {part_names(node)}"
            raise UnsupportedError(msg)
        return number
