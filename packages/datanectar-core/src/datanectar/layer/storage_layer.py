"""The storage layer: what tasks talk to. Objects in, objects out."""

from __future__ import annotations

import os
import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from datanectar.contracts.naming import check_name
from datanectar.contracts.serialization import StoredFile
from datanectar.contracts.storage import StorageBackend
from datanectar.errors import (
    AlreadyExists,
    ArtifactNotFound,
    IntegrityError,
    KeyNotFound,
    UnsupportedError,
    UntrustedPickleError,
)
from datanectar.layer import aliases, keys, provenance
from datanectar.layer.commit import create_once, prepare_store
from datanectar.layer.encoding import Encoder, decode, descend, files_of
from datanectar.layer.manifest import FORMAT, Manifest, seal, unseal
from datanectar.layer.presence import Presence
from datanectar.layer.signing import Signer
from datanectar.layer.verification import cache_directory, check_bytes, read_verified, stamp
from datanectar.records import SerializerType
from datanectar.registry import Registry

#: Details of an artifact over this size, or with more inputs than that, go to the attempt's data.
_LARGEST_DETAILS = 16 << 10
_MOST_INPUTS = 200
_DETAILS = "details"


@dataclass(frozen=True)
class LayerOptions:
    """Options of every storage, whatever its type."""

    verify: Literal["stamp", "always"] = field(
        default="stamp",
        metadata={"help": "'stamp': a local file is hashed once and again when it changed; 'always': at each load"},
    )
    pickle: Literal["signed", "always", "never"] = field(
        default="signed",
        metadata={
            "help": "'signed': load a pickle only if its signature verifies; 'always' trusts whoever writes here"
        },
    )
    unsafe_single_writer: bool = field(
        default=False, metadata={"help": "Go on with a store that cannot tell two writers apart"}
    )


class DifferentResult(UserWarning):
    """Two executions of one task with equal inputs gave different bytes; the first one is kept."""


class StorageLayer:
    """Objects in, objects out: a backend, the serializers and the commit protocol.

    Get one with `datanectar.storage_layer`. It pickles as its name or URL, never with a connection.

    Attributes:
        reference: The name or URL it was opened by.
        backend: Where the bytes are.
    """

    def __init__(
        self,
        reference: str,
        backend: StorageBackend,
        options: LayerOptions,
        registry: Registry,
        signer: Signer,
    ) -> None:
        self.reference, self.backend = reference, backend
        self._options, self._registry, self._signer = options, registry, signer
        self._prepared = False
        self._known_code: set[str] = set()

    def __repr__(self) -> str:
        return f"StorageLayer({self.reference!r}, {self.backend.url})"

    def __reduce__(self) -> tuple[Any, ...]:
        from datanectar.layer.opening import storage_layer

        return storage_layer, (self.reference,)

    # Objects

    def store(self, name: str, obj: Any, serializer: str | None = None) -> Manifest:
        """Stores a value under a name, once and for all.

        Args:
            name: The artifact's name, as `get_artifact_name` gives it.
            obj: The value.
            serializer: The serializer's name; by default the first that holds the value exactly.

        Returns:
            The manifest that stands in the end. If the name was taken, that is the earlier one, and a
            `DifferentResult` warning is given if its bytes differ.

        Raises:
            InvalidKey: `name` is not an artifact name.
            SerializationError: No serializer holds the value.
            StorageError: The store refuses, is full or does not answer.
        """
        return self.commit(check_name(name), new_attempt(), obj, serializer=serializer)

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
        encoder = Encoder(self._registry, self.backend, name, attempt, pickles=self._options.pickle != "never")
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
        except BaseException:
            self._drop(name, attempt, encoder.files)
            raise
        manifest = Manifest(document, "")
        if encoded.executes:
            document["signature"] = self._signer.sign(manifest)
        return self._create_manifest(manifest, repair)

    def _add_details(
        self,
        document: dict[str, Any],
        encoder: Encoder,
        identity: dict[str, Any] | None,
        inputs: list[list[str]],
    ) -> None:
        details = {"identity": identity, "inputs": inputs}
        if len(inputs) > _MOST_INPUTS or (identity is not None and len(str(identity)) > _LARGEST_DETAILS):
            (number, _), *_ = files_of(encoder.encode(details, "json").value)
            document[_DETAILS] = number
        else:
            document.update(details)

    def _create_manifest(self, manifest: Manifest, repair: bool) -> Manifest:
        name, attempt = manifest.name, manifest.attempt
        sealed = seal(manifest.document)
        number = self._last_repair(name) + 1 if repair else 0
        key = keys.repair(name, number) if repair else keys.manifest(name)
        standing = create_once(self.backend, key, sealed)
        if standing is not sealed:
            winner = unseal(standing, key)
            if winner.attempt != attempt:
                self._drop(name, attempt, manifest.files)
                if winner.digests != manifest.digests:
                    msg = (
                        f"{name} was stored by another attempt meanwhile, with other bytes: the task is not "
                        f"deterministic. Kept: attempt {winner.attempt}; dropped: {attempt}"
                    )
                    warnings.warn(DifferentResult(msg), stacklevel=4)
                return winner
        manifest.key = key
        self._stamp(manifest)
        return manifest

    def _stamp(self, manifest: Manifest) -> None:
        """What was hashed while it was written need not be hashed when it is read."""
        for number, file in enumerate(manifest.files):
            if manifest.inline(number) is None:
                path = self.backend.local_path(self._data_key(manifest, number))
                if path is not None and self._options.verify == "stamp":
                    stamp(path, file["sha256"])

    def _drop(self, name: str, attempt: str, files: list[dict[str, Any]]) -> None:
        written = [
            keys.data(name, attempt, number, file["extension"])
            for number, file in enumerate(files)
            if "text" not in file and "base64" not in file
        ]
        if written:
            self.backend.delete(written)

    def load(self, name: str) -> Any:
        """Returns a stored value, verified before it is decoded.

        Raises:
            ArtifactNotFound: There is no such artifact.
            IntegrityError: Its bytes are not those that were stored.
            UntrustedPickleError: It is a pickle that nobody with a known key signed.
            FormatError: It was stored by a newer release.
        """
        return self.load_part(check_name(name), ())

    def load_part(self, name: str, part: tuple[Any, ...]) -> Any:
        """Returns a part of a stored value, reading no more files than it needs.

        Raises:
            LookupError: The value has no such part.
        """
        manifest = self.manifest(name)
        try:
            return self.decode(manifest, part)
        except IntegrityError:
            repaired = self._repaired(name)
            if repaired is None or repaired.key == manifest.key:
                raise
            return self.decode(repaired, part)

    def decode(self, manifest: Manifest, part: tuple[Any, ...] = ()) -> Any:
        """Returns the value (or a part of it) that a manifest describes."""
        node, rest = descend(manifest.value, part)
        value = decode(self._registry, node, lambda number, executes: self._read_file(manifest, number, executes))
        for key in rest:
            try:
                value = value[key]
            except (LookupError, TypeError) as error:
                raise ArtifactNotFound(f"{manifest.name} has no part {key!r}: {error!r}") from error
        return value

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
        return read_verified(self.backend, key, entry["size"], entry["sha256"], trust_stamp=trusted, in_memory=executes)

    def _check_trust(self, manifest: Manifest) -> None:
        if self._options.pickle == "always" or (self._options.pickle == "signed" and self._signer.verifies(manifest)):
            return
        if self._options.pickle == "never":
            why = 'this store is configured with pickle = "never"'
        else:
            why = "its signature is missing or was not made with a key known here"
        msg = (
            f"{manifest.name} is a pickle, which can run any code when loaded, and {why}. Ways out: share the writer's "
            'key (DATANECTAR_SIGNING_KEY or signing_keys); run the task here; or set pickle = "always" for '
            f"{self.reference!r} if you trust everyone who can write to it"
        )
        raise UntrustedPickleError(msg)

    def _data_key(self, manifest: Manifest, number: int) -> str:
        return keys.data(manifest.name, manifest.attempt, number, manifest.files[number]["extension"])

    # Names

    def exists(self, name: str) -> bool:
        """Whether an artifact of this name is stored."""
        return self.backend.stat(keys.manifest(check_name(name))) is not None

    def exists_many(self, names: Iterable[str]) -> dict[str, bool]:
        """Whether each artifact is stored, in few requests: one listing where many share a task."""
        return Presence(self.backend).ask([check_name(name) for name in names])

    def manifest(self, name: str) -> Manifest:
        """Returns what is known of an artifact: the newest manifest that is sound.

        Raises:
            ArtifactNotFound: There is no such artifact.
            IntegrityError: Its manifest is damaged, and it has not been made anew.
        """
        key = keys.manifest(check_name(name))
        try:
            return unseal(self.backend.read(key), key)
        except KeyNotFound as error:
            raise ArtifactNotFound(f"{name} is not in {self.backend.url}") from error
        except IntegrityError:
            repaired = self._repaired(name)
            if repaired is None:
                raise
            return repaired

    def _last_repair(self, name: str) -> int:
        return max((keys.number_of(info.key) for info in self.backend.list(keys.repairs_prefix(name))), default=0)

    def _repaired(self, name: str) -> Manifest | None:
        number = self._last_repair(name)
        key = keys.repair(name, number)
        return unseal(self.backend.read(key), key) if number else None

    def details(self, manifest: Manifest) -> dict[str, Any]:
        """Returns ``identity`` and ``inputs`` of an artifact, from its manifest or beside it."""
        if _DETAILS in manifest.document:
            node = {"file": manifest.document[_DETAILS], "serializer": "json"}
            return decode(self._registry, node, lambda number, _: self._read_file(manifest, number, False))  # type: ignore[no-any-return]
        return {"identity": manifest.identity, "inputs": manifest.document.get("inputs", [])}

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yields the names of the stored artifacts that start with `prefix`, in order."""
        found = self.backend.list(keys.MANIFESTS + prefix)
        yield from sorted(keys.name_of(info.key) for info in found)

    def uri(self, name: str) -> str:
        """Returns where an artifact is: the address of its manifest."""
        return f"{self.backend.url}/{keys.manifest(check_name(name))}"

    def name_of(self, uri: str) -> str:
        """Returns the artifact's name of a URI of this store; a name is returned as it is."""
        start = f"{self.backend.url}/{keys.MANIFESTS}"
        return keys.name_of(keys.MANIFESTS + uri.removeprefix(start)) if uri.startswith(start) else check_name(uri)

    def link(self, name: str, expires: int = 900) -> str:
        """Returns a URL that reads the artifact's file for `expires` seconds.

        Raises:
            UnsupportedError: The store makes no links, or the artifact is of several files.
        """
        manifest = self.manifest(name)
        number = self._only_file(manifest)
        key = manifest.key if manifest.inline(number) is not None else self._data_key(manifest, number)
        return self.backend.link(key, expires)

    def local_path(self, name: str) -> Path:
        """Returns a file on this machine with the artifact's verified bytes; read it, don't change it.

        Raises:
            UnsupportedError: The artifact is of several files.
        """
        manifest = self.manifest(name)
        number = self._only_file(manifest)
        entry = manifest.files[number]
        file = self._read_file(manifest, number, False)
        if file.path is not None:
            return file.path
        folder = cache_directory() / "files"
        path = folder / f"{entry['sha256']}.{entry['extension']}"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as temporary:
                temporary.write(file.read())
            os.replace(temporary.name, path)
        return path

    def _only_file(self, manifest: Manifest) -> int:
        if "file" not in manifest.value:
            raise UnsupportedError(f"{manifest.name} is stored part by part; name one part of it, or load it")
        return manifest.value["file"]  # type: ignore[no-any-return]

    def delete(self, name: str) -> None:
        """Removes an artifact, its files and its logs. It is absent from the first moment on.

        Raises:
            ArtifactNotFound: There is no such artifact.
        """
        if not self.exists(name):
            raise ArtifactNotFound(f"{name} is not in {self.backend.url}")
        self.backend.delete([keys.manifest(name)])
        prefixes = (keys.repairs_prefix(name), keys.data_prefix(name), keys.logs_prefix(name))
        self.backend.delete([info.key for prefix in prefixes for info in self.backend.list(prefix)])

    # Aliases

    def alias(self, name: str, alias: str) -> None:
        """Points an alias of the artifact's task to it, as in ``alias(model.name, "champion")``.

        Raises:
            ArtifactNotFound: There is no such artifact.
        """
        if not self.exists(name):
            raise ArtifactNotFound(f"{name} is not in {self.backend.url}, so no alias can point to it")
        self.prepare()
        aliases.move_alias(self.backend, name.rpartition("/")[0], alias, name)

    def resolve(self, text: str) -> str:
        """Returns the name that ``task_type/family/task@alias`` stands for; a name is returned as it is.

        Raises:
            ArtifactNotFound: There is no such alias.
        """
        path, at, alias = text.partition("@")
        return aliases.read_alias(self.backend, check_name(path), alias) if at else check_name(text)

    # Around the artifact

    def prepare(self) -> None:
        """Checks the store before the first write of this process."""
        if not self._prepared:
            prepare_store(self.backend, unsafe_single_writer=self._options.unsafe_single_writer)
            self._prepared = True

    def record_code(self, digest: str, document: dict[str, Any]) -> None:
        """Stores what is known of one version of a task's code, once."""
        if digest not in self._known_code:
            self._known_code.add(digest)
            try:
                self.backend.create(keys.code(digest), seal(document))
            except AlreadyExists:
                pass

    def write_log(self, name: str, attempt: str, log: bytes) -> str:
        """Stores an attempt's log beside the artifact and returns its key."""
        key = keys.log(name, attempt)
        self.backend.write(key, log)
        return key

    def logs(self, name: str) -> dict[str, str]:
        """Returns the log of each attempt that is kept, by attempt, the oldest first."""
        found = sorted(self.backend.list(keys.logs_prefix(name)), key=lambda info: info.modified)
        logs = {
            info.key.rpartition("/")[2].removesuffix(".log"): self.backend.read(info.key).decode("utf-8", "replace")
            for info in found
        }
        try:
            manifest = self.manifest(name)
        except (ArtifactNotFound, IntegrityError):
            return logs
        if "log" in manifest.document:
            logs.setdefault(manifest.attempt, manifest.document["log"]["text"])
        return logs

    def check_serializer(self, name: str) -> None:
        """Raises if there is no serializer of this name."""
        self._registry.find(SerializerType, name)


def new_attempt() -> str:
    """Returns an id that no other attempt has."""
    return os.urandom(12).hex()
