"""`ArtifactFileSystem`: the names of a storage layer as directories and files, for what Luigi asks of those."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

from luigi.target import (
    FileAlreadyExists,
    FileSystem,
    FileSystemException,
    MissingParentDirectory,
    NotADirectory,
)

import datanectar as dn
from datanectar.errors import ArtifactNotFound, InvalidKey


class ArtifactFileSystem(FileSystem):
    """The names of a storage layer as a file system.

    An artifact is a file; what names have in common up to a ``/`` is a directory, which is there as long as an artifact
    is in it. A path is an artifact's URI, its name, or the beginning of such. Artifacts are never overwritten. Storage
    errors pass through; none is taken for "not there".

    Args:
        storage_layer: A storage layer, its name or its URL; by default the one that the settings choose.
    """

    def __init__(self, storage_layer: str | dn.StorageLayer | None = None) -> None:
        self._storage_layer = storage_layer

    @property
    def storage_layer(self) -> dn.StorageLayer:
        """What it shows."""
        return dn.storage_layer(self._storage_layer)

    def name_of(self, path: object) -> str:
        """Returns the artifact's or directory's name of a path; that of the whole store is empty.

        Raises:
            InvalidKey: The path is of another store.
        """
        text, root = str(path).rstrip("/"), self._root
        if text.startswith(root):
            return text.removeprefix(root).removesuffix(".json")
        if f"{text}/" == root or text == self.storage_layer.backend.url.rstrip("/"):
            return ""
        if "://" in text:
            msg = f"{text} is not in {self.storage_layer.backend.url}; give storage_layer= the store that it is in"
            raise InvalidKey(msg)
        return text

    def exists(self, path: object) -> bool:
        """Whether there is an artifact or a directory at a path."""
        return self._is_artifact(self.name_of(path)) or self.isdir(path)

    def isdir(self, path: object) -> bool:
        """Whether there is a directory at a path; the whole store always is one."""
        name = self.name_of(path)
        return name == "" or any(True for _ in self._below(name))

    def listdir(self, path: object) -> Iterator[str]:
        """Yields the URIs of the artifacts below a path, at whatever depth."""
        return map(self.storage_layer.uri, self._below(self.name_of(path)))

    def mkdir(self, path: object, parents: bool = True, raise_if_exists: bool = False) -> None:
        """Does what is left to do: directories come with the artifacts in them, so that is to refuse what is wrong.

        Raises:
            FileAlreadyExists: Something is there, and `raise_if_exists` is set.
            NotADirectory: An artifact is there.
            MissingParentDirectory: The directory above is not there, and `parents` is not set.
        """
        name = self.name_of(path)
        if raise_if_exists and self.exists(path):
            raise FileAlreadyExists(f"{path} is there already")
        if self._is_artifact(name):
            raise NotADirectory(f"{path} is an artifact")
        above = name.rpartition("/")[0]
        if not parents and not self.isdir(above):
            raise MissingParentDirectory(f"{above} is not there, the directory above {path}")

    def remove(self, path: object, recursive: bool = True, skip_trash: bool = True) -> None:
        """Removes an artifact, or all that is below a directory.

        Args:
            path: The artifact or directory.
            recursive: Whether a directory is removed, too.
            skip_trash: Without effect: there is no trash.

        Raises:
            ArtifactNotFound: There is nothing at the path.
            FileSystemException: It is a directory and `recursive` is not set; or it is the whole store.
        """
        name = self.name_of(path)
        if name == "":
            raise FileSystemException(f"{path} is the whole store: name a directory in it to remove that")
        if self._is_artifact(name):
            self.storage_layer.delete(name)
            return
        found = list(self._below(name))
        if not found:
            raise self._not_found(path)
        if not recursive:
            raise FileSystemException(f"{path} is a directory with {len(found)} artifacts; recursive=True removes it")
        for each in found:
            self._delete(each)

    def copy(self, path: object, dest: object) -> None:
        """Copies an artifact, or all that is below a directory, to other names of the store.

        A copy has no provenance: nothing made it but this call.

        Raises:
            ArtifactNotFound: There is nothing at `path`.
            FileAlreadyExists: Something is at `dest`.
        """
        for source, copy in self._pairs(path, dest).items():
            self._copy(source, copy)

    def move(self, path: object, dest: object) -> None:
        """Copies as `copy` does, and when all is copied removes what was copied.

        Raises:
            ArtifactNotFound: There is nothing at `path`.
            FileAlreadyExists: Something is at `dest`; all that was at `path` still is.
        """
        pairs = self._pairs(path, dest)
        for source, copy in pairs.items():
            self._copy(source, copy)
        for source in pairs:
            self._delete(source)

    def rename_dont_move(self, path: object, dest: object) -> None:
        """Is `move`, which never moves into a directory, and never overwrites.

        Raises:
            ArtifactNotFound: There is nothing at `path`.
            FileAlreadyExists: Something is at `dest`; all that was at `path` still is.
        """
        self.move(path, dest)

    @property
    def _root(self) -> str:
        return self.storage_layer.uri("x").removesuffix("x.json")

    def _is_artifact(self, name: str) -> bool:
        return name != "" and self.storage_layer.exists(name)

    def _below(self, name: str) -> Iterator[str]:
        return self.storage_layer.list(f"{name}/" if name else "")

    def _not_found(self, path: object) -> ArtifactNotFound:
        return ArtifactNotFound(f"{path} is not in {self.storage_layer.backend.url}")

    def _delete(self, name: str) -> None:
        try:
            self.storage_layer.delete(name)
        except ArtifactNotFound:  # somebody else was faster
            pass

    def _pairs(self, path: object, dest: object) -> dict[str, str]:
        """What is copied, each to what."""
        source, copy = self.name_of(path), self.name_of(dest)
        if self.exists(dest):  # asked first: who renames what somebody else has renamed already is told so
            raise self._taken(copy)
        if self._is_artifact(source):
            pairs = {source: copy}
        else:
            pairs = {each: f"{copy}{each.removeprefix(source)}" for each in self._below(source)}
        if not pairs:
            raise self._not_found(path)
        return pairs

    def _copy(self, source: str, copy: str) -> None:
        layer, attempt = self.storage_layer, uuid4().hex
        standing = layer.writer.commit(
            copy,
            attempt,
            layer.load(source),
            serializer=layer.manifest(source).value.get("serializer"),
        )
        if standing.attempt != attempt:  # somebody else was faster
            raise self._taken(copy)

    def _taken(self, name: str) -> FileAlreadyExists:
        url = self.storage_layer.backend.url
        return FileAlreadyExists(f"{name} is in {url} already, and artifacts are never overwritten: remove it first")
