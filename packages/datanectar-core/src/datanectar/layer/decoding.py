"""Files to values: each by the serializer that the manifest names, never by a guess."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from datanectar.contracts.serialization import Serializer, StoredFile
from datanectar.errors import IntegrityError, PluginNotFoundError, SerializationError, StorageError
from datanectar.layer.manifest import Manifest
from datanectar.layer.unpacking import unpack
from datanectar.records import SerializerType
from datanectar.registry import Registry
from datanectar.values import typed_json


class Decoder:
    """Makes values of one artifact's files.

    Args:
        registry: Has the serializers.
        manifest: What the artifact is made of.
        read: Gives a verified file by its number; told whether loading it can run code.
        trust_stamp: Whether a local file that was checked before is not hashed again.
    """

    def __init__(
        self,
        registry: Registry,
        manifest: Manifest,
        read: Callable[[int, bool], StoredFile],
        *,
        trust_stamp: bool,
    ) -> None:
        self._registry, self._manifest, self._read, self._trust_stamp = registry, manifest, read, trust_stamp

    def decode(self, node: dict[str, Any]) -> Any:
        """Returns the value of a tree of files.

        Raises:
            SerializationError: A serializer is missing here, or cannot load what it once wrote.
        """
        if "path" in node:
            return unpack(self._manifest, node, self._read, trust_stamp=self._trust_stamp)
        if "file" in node:
            return self._load(node["file"], node["serializer"])
        if "dict" in node:
            return {typed_json.decode(label): self.decode(item) for label, item in node["dict"]}
        if "tuple" in node:
            return tuple(self.decode(item) for item in node["tuple"])
        return [self.decode(item) for item in node["list"]]

    def _load(self, number: int, kind: str) -> Any:
        try:
            record = self._registry.find(SerializerType, kind)
        except PluginNotFoundError as error:
            raise SerializationError(f"this artifact was stored with serializer {kind!r}: {error}") from error
        serializer: Serializer = self._registry.make_once(SerializerType, kind)
        file = self._read(number, record.executes)
        try:
            return serializer.load(file)
        except (MemoryError, IntegrityError, StorageError):  # not a matter of what the file holds
            raise
        except Exception as error:  # a class may refuse to come back in any way it likes
            name = self._manifest.name
            msg = (
                f"{name} was stored with serializer {kind!r}, which cannot load it here: {type(error).__name__}: "
                f"{error}. Install or restore what it needs, or remove it with `datanectar rm {name}` and run its "
                "task again"
            )
            raise SerializationError(msg) from error
