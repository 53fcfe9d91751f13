"""The storage layer: what tasks talk to. Objects in, objects out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datanectar.contracts.naming import check_name
from datanectar.contracts.storage import StorageBackend
from datanectar.errors import ArtifactNotFound, IntegrityError, KeyNotFound
from datanectar.layer import aliases, keys
from datanectar.layer.manifest import Manifest, open_seal
from datanectar.layer.options import LayerOptions
from datanectar.layer.origins import origin_of
from datanectar.layer.presence import Presence
from datanectar.layer.reading import Reader
from datanectar.layer.signing import Signer
from datanectar.records import ObjectInfo
from datanectar.registry import Registry

if TYPE_CHECKING:
    from datanectar.layer.writing import Writer


class StorageLayer:
    """Objects in, objects out: a backend, the serializers and the commit protocol.

    Get one with `datanectar.storage_layer`. It pickles as its name or URL, never with a connection.

    Attributes:
        reference: The name or URL it was opened by.
        backend: Where the bytes are.
        options: What is configured for storages of every type.
        reader: Reads artifacts and what is known of them.
    """

    def __init__(
        self, reference: str, backend: StorageBackend, options: LayerOptions, registry: Registry, signer: Signer
    ) -> None:
        self.reference, self.backend, self.options = reference, backend, options
        self.reader = Reader(reference, backend, options, registry, signer)
        self._parts = backend, options, registry, signer
        self._moved: dict[tuple[str, str], int] = {}

    @cached_property
    def writer(self) -> Writer:
        """Commits artifacts. A process that finds all it asks for does without it."""
        from datanectar.layer.writing import Writer

        return Writer(*self._parts)

    def __repr__(self) -> str:
        return f"StorageLayer({self.reference!r}, {self.backend.url})"

    def __reduce__(self) -> tuple[Any, ...]:
        from datanectar.layer.opening import storage_layer

        return storage_layer, (self.reference,)

    # Objects

    def store(self, name: str, obj: Any, serializer: str | None = None) -> Manifest:
        """Stores a value under a name, once and for all.

        Of a name that a task object of this process has, parameters, inputs and code are recorded as well.

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
        from datanectar.layer.writing import new_attempt

        origin = origin_of(check_name(name))
        if origin is not None:
            return origin.store(self, name, obj, serializer)
        return self.writer.commit(name, new_attempt(), obj, serializer=serializer)

    def load(self, name: str) -> Any:
        """Returns a stored value, verified before it is decoded.

        Raises:
            ArtifactNotFound: There is no such artifact.
            IntegrityError: Its bytes are not those that were stored.
            UntrustedPickleError: It is a pickle that nobody with a known key signed.
            FormatError: It was stored by a newer release.
        """
        return self.reader.load_part(check_name(name), ())

    def manifest(self, name: str) -> Manifest:
        """Returns what is known of an artifact: the newest manifest that is sound.

        Raises:
            ArtifactNotFound: There is no such artifact.
            IntegrityError: Its manifest is damaged, and it has not been made anew.
        """
        return self.reader.manifest(check_name(name))

    def link(self, name: str, expires: int = 900) -> str:
        """Returns a URL that reads the artifact's file for `expires` seconds.

        Raises:
            UnsupportedError: The store makes no links, or the artifact is of several files.
        """
        return self.reader.link(check_name(name), expires)

    def local_path(self, name: str) -> Path:
        """Returns a file on this machine with the artifact's verified bytes; read it, don't change it.

        Raises:
            UnsupportedError: The artifact is of several files.
        """
        return self.reader.local_path(check_name(name))

    def logs(self, name: str) -> dict[str, str]:
        """Returns the log of each attempt that is kept, by attempt, the oldest first."""
        return self.reader.logs(check_name(name))

    # Names

    def exists(self, name: str) -> bool:
        """Whether an artifact of this name is stored."""
        return self.backend.stat(keys.manifest(check_name(name))) is not None

    def exists_many(self, names: Iterable[str]) -> dict[str, bool]:
        """Whether each artifact is stored, in few requests: one listing where many share a task."""
        return Presence(self.backend).ask([check_name(name) for name in names])

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yields the names of the stored artifacts that start with `prefix`, in order."""
        found = self.backend.list(keys.MANIFESTS + prefix)
        yield from sorted(keys.name_of(info.key) for info in found if keys.is_manifest(info.key))

    def uri(self, name: str) -> str:
        """Returns where an artifact is: the address of its manifest."""
        return f"{self.backend.url}/{keys.manifest(check_name(name))}"

    def name_of(self, uri: str) -> str:
        """Returns the artifact's name of a URI of this store; a name is returned as it is."""
        start = f"{self.backend.url}/"
        return keys.name_of(uri.removeprefix(start)) if uri.startswith(start) else check_name(uri)

    def delete(self, name: str) -> None:
        """Removes an artifact, its files and its logs. It is absent from the first moment on.

        Files of other attempts stay: somebody may be making the artifact anew at this moment.

        Raises:
            ArtifactNotFound: There is no such artifact.
        """
        standing = self.backend.stat(keys.manifest(check_name(name)))
        if standing is None:
            raise ArtifactNotFound(f"{name} is not in {self.backend.url}")
        repairs = list(keys.below(self.backend, keys.repairs_prefix(name), 1))
        attempts, until = self._attempts(name, [standing, *repairs])
        # Listed before anything is gone: logs of failed attempts, not of one that succeeds from now on.
        logs = list(keys.below(self.backend, keys.logs_prefix(name), 1))
        self.backend.delete([standing.key])
        data = list(keys.below(self.backend, keys.data_prefix(name), 2))
        # A copy may have brought the same attempt back meanwhile; then its files and logs are in use.
        returned = self._committed(name)
        data = [
            info
            for info in data
            if (attempt := _attempt_of(info)) not in returned
            and (attempt in attempts or (until is not None and info.modified <= until))
        ]
        unused = [*data, *(logs if returned.isdisjoint(attempts) else ())]
        self.backend.delete([info.key for info in (*repairs, *unused)])
        if not self._committed(name).isdisjoint(map(_attempt_of, data)):  # brought back too late: this came last
            self.backend.delete([standing.key])

    def _committed(self, name: str) -> set[str]:
        """The attempt that the manifest names, if there is one."""
        standing = self.backend.stat(keys.manifest(name))
        return set() if standing is None else self._attempts(name, [standing])[0]

    def _attempts(self, name: str, manifests: Iterable[ObjectInfo]) -> tuple[set[str], datetime | None]:
        """The attempts that manifests name, and when the last that is too damaged for that was written.

        The files of a manifest are older than itself, so its time tells them, if not for certain.
        """
        attempts: set[str] = set()
        until: datetime | None = None
        for info in manifests:
            try:  # not unsealed: a manifest of another format has an attempt, too
                document = open_seal(self.backend.read(info.key), info.key, "")
            except KeyNotFound:  # removed since it was listed
                continue
            except IntegrityError:
                document = {}
            if document.get("name") == name and isinstance(document.get("attempt"), str):
                attempts.add(document["attempt"])
            else:
                until = max(until or info.modified, info.modified)
        return attempts, until

    # Aliases

    def alias(self, name: str, alias: str, *, path: str | None = None) -> int:
        """Points an alias of the artifact's task to it, as in ``alias(model.name, "champion")``.

        Args:
            name: The artifact's name.
            alias: Such as ``champion``.
            path: The task's path; by default the name without its last segment, as the default naming has it.

        Returns:
            The number of the entry in the alias's log. What it pointed to before stays in the log, as an earlier one.

        Raises:
            ArtifactNotFound: There is no such artifact.
            InvalidKey: The alias has other characters than ``a-z 0-9 . _ -``.
        """
        if not self.exists(name):
            raise ArtifactNotFound(f"{name} is not in {self.backend.url}, so no alias can point to it")
        self.writer.prepare()
        return aliases.move_alias(self.backend, path or name.rpartition("/")[0], alias, name, self._moved)

    def aliases(self, path: str) -> dict[str, str]:
        """Returns the names that the aliases of one task's path point to, by alias: one listing, and a read each.

        Raises:
            IntegrityError: The newest entry of one is damaged.
        """
        standing: dict[str, str] = {}
        for (of, alias), name in aliases.pointed(self.backend, check_name(path) + "/").items():
            if of != path:
                continue
            if isinstance(name, IntegrityError):
                raise name
            standing[alias] = name
        return standing

    def resolve(self, text: str) -> str:
        """Returns the name that ``task_type/family/task@alias`` stands for; a name is returned as it is.

        Raises:
            ArtifactNotFound: There is no such alias.
        """
        path, at, alias = text.partition("@")
        return aliases.read_alias(self.backend, check_name(path), alias) if at else check_name(text)


def _attempt_of(info: ObjectInfo) -> str:
    return info.key.split("/")[-2]
