"""The artifacts of a storage layer as a file system of Luigi's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from luigi.target import FileAlreadyExists, FileSystem, NotADirectory

import datanectar as dn


class ArtifactFileSystem(FileSystem):
    """The names of a storage layer as paths: an artifact is a file, what names have in common is a directory.

    Paths are names of artifacts or their URIs. Directories are there as long as there is something in them. What is
    stored never changes, so nothing is written over anything.

    Args:
        storage_layer: The layer, its name or its URL; by default the one in force.
    """

    def __init__(self, storage_layer: Any = None) -> None:
        self._layer: dn.StorageLayer = dn.storage_layer(storage_layer)

    def exists(self, path: str) -> bool:
        """Whether there is an artifact of this name, or anything in this directory."""
        name = self._name(path)
        return (name != "" and self._layer.exists(name)) or self.isdir(name)

    def isdir(self, path: str) -> bool:
        """Whether there is anything in this directory."""
        return next(self._below(path), None) is not None

    def listdir(self, path: str) -> Iterator[str]:
        """Yields the URIs of all artifacts in this directory and in those below it, in the order of their names."""
        for name in self._below(path):
            yield self._layer.uri(name)

    def mkdir(self, path: str, parents: bool = True, raise_if_exists: bool = False) -> None:
        """Makes sure that there can be something in this directory.

        Raises:
            FileAlreadyExists: It is there, and `raise_if_exists`.
            NotADirectory: There is an artifact of this name.
        """
        name = self._name(path)
        if name and self._layer.exists(name):
            raise NotADirectory(f"{path} is an artifact, not a directory")
        if raise_if_exists and self.isdir(name):
            raise FileAlreadyExists(f"{path} exists")

    def remove(self, path: str, recursive: bool = True, skip_trash: bool = True) -> None:
        """Removes an artifact, or all that is in a directory.

        Raises:
            ArtifactNotFound: There is nothing.
            RuntimeError: It is a directory, and not `recursive`.
        """
        name = self._name(path)
        if name and self._layer.exists(name):
            self._layer.delete(name)
            return
        found = list(self._below(name))
        if not found:
            raise dn.errors.ArtifactNotFound(f"there is no artifact and no directory {path}")
        if not recursive:
            raise RuntimeError(f"{path} is a directory; recursive=True removes what is in it: {len(found)} artifacts")
        for each in found:
            self._layer.delete(each)

    def copy(self, path: str, dest: str) -> None:
        """Stores the value of an artifact, or those of a directory, under another name too.

        A copy has no provenance: nothing made it but this call.

        Raises:
            FileAlreadyExists: There is an artifact at `dest`.
        """
        for source, target in self._pairs(path, dest):
            self._layer.store(target, self._layer.load(source))

    def move(self, path: str, dest: str) -> None:
        """Copies, then removes what was copied; `dest` is the new name, not a directory to move it into.

        Raises:
            FileAlreadyExists: There is an artifact at `dest`.
        """
        for source, target in self._pairs(path, dest):
            self._layer.store(target, self._layer.load(source))
            self._layer.delete(source)

    def rename_dont_move(self, path: str, dest: str) -> None:
        """The same as `move`."""
        self.move(path, dest)

    def _pairs(self, path: str, dest: str) -> list[tuple[str, str]]:
        source, target = self._name(path), self._name(dest)
        names = [source] if source and self._layer.exists(source) else list(self._below(source))
        if not names:
            raise dn.errors.ArtifactNotFound(f"there is no artifact and no directory {path}")
        pairs = [(name, target + name.removeprefix(source)) for name in names]
        for taken in (new for _, new in pairs if self._layer.exists(new)):
            raise FileAlreadyExists(f"{taken} exists in {self._layer.backend.url}, and what is stored never changes")
        return pairs

    def _below(self, path: str) -> Iterator[str]:
        name = self._name(path)
        return self._layer.list(f"{name}/" if name else "")

    def _name(self, path: str) -> str:
        path = str(path)
        root = self._layer.backend.url
        if path.rstrip("/") in ("", root, f"{root}/manifests"):
            return ""
        inside = path.removeprefix(f"{root}/manifests/")
        return self._layer.name_of(path) if path.endswith(".json") else inside.strip("/")
