"""What this process stored a moment ago, for the steps that need it next, and for who asked for it."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from datanectar.layer.manifest import Manifest, is_inline
from datanectar.layer.storage_layer import StorageLayer


class RecentManifests:
    """Manifests of small results that this process just stored: they need not be read again.

    Values are decoded anew for each use, so that what one task does to its input never reaches another.
    """

    _MOST_BYTES = 32 << 20
    #: What a manifest takes beside its value, roughly: many tiny results count, too.
    _OWN_BYTES = 2 << 10

    def __init__(self) -> None:
        self._manifests: OrderedDict[tuple[StorageLayer, str], tuple[Manifest, int]] = OrderedDict()
        self._size = 0

    def add(self, layer: StorageLayer, manifest: Manifest) -> None:
        """Remembers a manifest, if all of its files are in it."""
        size = self._OWN_BYTES
        for file in manifest.files:
            if not is_inline(file):
                return
            size += file["size"]
        _, earlier = self._manifests.pop((layer, manifest.name), (None, 0))
        self._manifests[layer, manifest.name] = manifest, size
        self._size += size - earlier
        while self._size > self._MOST_BYTES:
            _, (_, size) = self._manifests.popitem(last=False)
            self._size -= size

    def load(self, layer: StorageLayer, name: str, part: tuple[Any, ...] = ()) -> Any:
        """Returns an artifact's value, or a part of it, from memory or from its store."""
        found = self._manifests.get((layer, name)) if self._manifests else None
        return layer.reader.load_part(name, part) if found is None else layer.reader.decode(found[0], part)

    def clear(self) -> None:
        """Forgets everything, at the end of a run."""
        self._manifests.clear()
        self._size = 0


recent = RecentManifests()
