"""The registry store: what Feast reads a registry from, and commits it to."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any

from feast.infra.registry.file import FileRegistryStore
from feast.infra.registry.registry_store import RegistryStore
from feast.protos.feast.core.Registry_pb2 import Registry as RegistryProto

import datanectar as dn
from datanectar.errors import ConfigurationError, IntegrityError, KeyNotFound, StorageError, StorageUnavailable
from datanectar_feast.registry.errors import RegistryConflict
from datanectar_feast.registry.log import RegistryLog, Version, key_of_version
from datanectar_feast.registry.merge import merge
from datanectar_feast.registry.records import copy_of

_DEADLINE = 60.0  # seconds
_LONGEST_PAUSE = 2.0
_REMEMBERED = 4  # Feast works on one; threads that share its registry may still have an earlier one


class DatanectarRegistryStore(RegistryStore):  # type: ignore[misc]
    """Keeps each version of the registry as an object of its own, created if its number is free.

    Whoever finds the number taken merges with what took it. So of several processes that apply, materialize and delete
    at once, each one's changes are there in the end.
    """

    def __init__(self, registry_config: Any, repo_path: Path | None) -> None:
        self._log = RegistryLog(dn.storage_layer(_url(registry_config.path, repo_path)))
        self._lock = Lock()
        # What Feast was given, by its version_id: it tells what a registry that Feast hands back was made of.
        self._known: dict[str, Version] = {}

    def get_registry_proto(self) -> Any:
        """Returns the registry in force.

        Raises:
            FileNotFoundError: There is none; Feast then creates one.
            IntegrityError: It is damaged.
        """
        with self._lock:
            while listed := self._log.versions():
                try:
                    return self._load(listed[-1])[1]
                except KeyNotFound:  # trimmed since it was listed: a newer one is there
                    continue
        raise FileNotFoundError(f"{self._log.url} has no registry of Feast: run `feast apply`, which creates it")

    def update_registry_proto(self, registry_proto: Any) -> None:
        """Commits what was changed in a registry since it was read.

        Args:
            registry_proto: The registry, as Feast changed it. It is Feast's cache: it becomes what is in force then,
                with what others have committed meanwhile.

        Raises:
            RegistryConflict: Another process registered what cannot stand beside this; nothing was committed.
            IntegrityError: The registry in force is damaged.
            StorageError: The store refuses or does not answer, or others were faster all the time.
        """
        with self._lock:
            ours = copy_of(registry_proto)
            _renew(registry_proto, ours, self._commit(self._known.get(ours.version_id), ours))

    def teardown(self) -> None:
        """Removes all versions of the registry."""
        with self._lock:
            self._log.clear()

    # Every store of Feast has these two; they are in terms of those above.
    set_project_metadata = FileRegistryStore.set_project_metadata
    get_project_metadata = FileRegistryStore.get_project_metadata

    def _commit(self, base: Version | None, ours: Any) -> Any:
        """Commits ours, merged with what is in force, and returns what is in force then."""
        deadline = time.monotonic() + _DEADLINE
        for retry in count(1):
            doubt: StorageUnavailable | None = None
            try:
                self._log.prepare()
                committed = self._try_to_commit(base, ours)
                if committed is not None:
                    return committed
            except StorageUnavailable as error:
                doubt = error
            pause = dn.pause_before(retry, longest=_LONGEST_PAUSE)
            if time.monotonic() + pause > deadline:
                if doubt is not None:
                    raise doubt
                msg = (
                    f"the registry in {self._log.url} was to be updated, and within {_DEADLINE:.0f} s others were "
                    f"faster {retry} times. Nothing of this update is stored: apply again when fewer processes do"
                )
                raise StorageError(msg)
            time.sleep(pause)
        raise AssertionError("unreachable")

    def _try_to_commit(self, base: Version | None, ours: Any) -> Any:
        """Returns what is in force with our changes; None if others were faster."""
        listed = self._log.versions()
        if not listed:
            merged = copy_of(ours)
        else:
            try:
                head, theirs = self._load(listed[-1])
                merged = merge(self._made_of(base, head, theirs, listed), ours, theirs)
            except KeyNotFound:  # trimmed since it was listed
                return None
            if merged == theirs:
                return theirs
        merged.version_id = str(uuid.uuid4())  # tells it from all others, also from one that says the same
        merged.last_updated.FromDatetime(datetime.now(UTC))
        committed = self._log.append(listed, merged.SerializeToString())
        if committed is None:
            return None
        self._remember(merged, committed)
        return merged

    def _made_of(self, base: Version | None, head: Version, theirs: Any, listed: list[dn.ObjectInfo]) -> Any:
        """Returns what ours was made of, as far as theirs was, too: if not, nothing in it was deleted by them."""
        if base is None or not self._log.is_before(base, head, listed):
            return RegistryProto()
        return theirs if base.data == head.data else self._parse(base)

    def _load(self, info: dn.ObjectInfo) -> tuple[Version, Any]:
        known = next((version for version in self._known.values() if version.info == info), None)
        version = known or self._log.read(info)
        registry = self._parse(version)
        if self._is_unclear(registry.version_id, version):
            registry.version_id = info.key
        self._remember(registry, version)
        return version, registry

    def _is_unclear(self, version_id: str, version: Version) -> bool:
        """Whether an id does not tell which version a registry was made of: it was put there by hand."""
        known = self._known.get(version_id)
        return not version_id or (known is not None and known.data != version.data)

    def _remember(self, registry: Any, version: Version) -> None:
        self._known.pop(registry.version_id, None)
        self._known[registry.version_id] = version
        while len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]

    def _parse(self, version: Version) -> Any:
        registry, key = RegistryProto(), version.info.key
        try:
            if not version.data:  # which protobuf takes for a registry of nothing
                raise ValueError("it is empty")
            registry.ParseFromString(version.data)
        except Exception as error:  # protobuf's own is the same under all its releases by name only
            msg = (
                f"version {version.number} of the registry in {self._log.url} is damaged: {key} is no registry of "
                f"Feast ({error}). Nothing was changed. To go back to the version before, delete {key}: of those that "
                "are there, the highest number is in force"
            )
            raise IntegrityError(msg, key=key) from error
        return registry


def _url(path: str, repo_path: Path | None) -> str:
    if not path:
        raise ConfigurationError("registry.path is missing in feature_store.yaml; set a URL, or a directory beside it")
    if "://" in path:
        return path
    directory = (repo_path or Path.cwd()).joinpath(path).absolute()
    if directory.is_file():
        msg = (
            f"registry.path {path!r} is a file, and DatanectarRegistryStore keeps its versions in a directory: set "
            f"another path. To go on with the registry of that file, copy it into that directory as {key_of_version(1)}"
        )
        raise ConfigurationError(msg)
    return directory.as_uri()


def _renew(registry: Any, ours: Any, committed: Any) -> None:
    """Makes Feast's cache what was committed."""
    if registry != ours:  # another thread has changed it meanwhile, and has yet to commit that
        try:
            committed = merge(ours, registry, committed)
        except RegistryConflict:  # in what is not committed: whoever does so is told
            return
    registry.version_id = committed.version_id
    registry.last_updated.CopyFrom(committed.last_updated)
    if registry != committed:  # else it stays as it is: other threads are looking at what is in it
        registry.CopyFrom(committed)
