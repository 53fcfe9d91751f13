"""`ArtifactTarget`: an artifact as what Luigi tasks read, write and ask for."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from luigi.format import FileWrapper, get_default_format
from luigi.target import FileSystemTarget

import datanectar as dn
from datanectar.errors import UnsupportedError
from datanectar_luigi.filesystem import ArtifactFileSystem
from datanectar_luigi.spooling import SpooledFile, spooled_path


class ArtifactTarget(FileSystemTarget):
    """An artifact as a Luigi target, on any storage.

    Nothing can be seen of it before it is whole. Who writes it spools to a temporary file on this machine
    (``TMPDIR`` says where), and `open`'s ``close()``, or the end of `temporary_path`, commits that. Of several
    writers one wins, and its artifact stays: with other bytes, a loser gets a `DifferentResult` warning. It pickles
    as the artifact's name and the storage layer's, never with a connection.

    Args:
        target: A task object, the artifact that calling a task gives, an artifact's name, or its URI.
        storage_layer: A storage layer, its name or its URL; by default the one that the settings choose.
        format: What Luigi's `luigi.format` has between the program and the file; by default text. For bytes,
            `luigi.format.Nop`.

    A task object is looked into only when its name is needed, so ``output()`` can make a target of the task itself::

        def output(self):
            return ArtifactTarget(self)

    Attributes:
        format: The format.
    """

    def __init__(self, target: Any, storage_layer: str | dn.StorageLayer | None = None, *, format: Any = None) -> None:
        # Not Luigi's own: that would set `path`, which takes the task's code, parameters and inputs to compute.
        self._target = target
        self._storage_layer = storage_layer
        self.format = get_default_format() if format is None else format

    @property
    def storage_layer(self) -> dn.StorageLayer:
        """Where the artifact is, or will be. Of a task it is asked anew each time: a run may have chosen another."""
        if self._storage_layer is not None or isinstance(self._target, str):
            return dn.storage_layer(self._storage_layer)
        return dn.artifact(self._target).storage_layer

    @property
    def fs(self) -> ArtifactFileSystem:
        """The names of its storage layer as a file system."""
        return ArtifactFileSystem(self.storage_layer)

    @property
    def name(self) -> str:
        """The artifact's name."""
        if isinstance(self._target, str):
            return self.storage_layer.name_of(self.fs.name_of(self._target))
        return dn.get_artifact_name(self._target)

    @property
    def path(self) -> str:
        """Its URI."""
        return self.storage_layer.uri(self.name)

    def exists(self) -> bool:
        """Whether the artifact is stored.

        Raises:
            StorageError: The store does not tell; that is never taken for "no".
        """
        return self.storage_layer.exists(self.name)

    def open(self, mode: str = "r") -> Any:
        """Opens the artifact's file.

        Args:
            mode: ``r`` reads the verified bytes of an artifact that is one file, whoever stored it. ``w`` writes the
                artifact, a file: it is committed on ``close()``, and aborted by an exception, by ``abort()``, and
                where nobody closes it. A ``b`` or ``t`` changes nothing: text or bytes is the format's affair.

        Raises:
            ArtifactNotFound: There is nothing to read.
            IntegrityError: What is to be read is damaged.
            UnsupportedError: What is to be read is not one file.
            ValueError: `mode` is another.
        """
        plain = mode.replace("b", "").replace("t", "")
        if plain == "w":
            return self.format.pipe_writer(SpooledFile(self._file_name(), self.dump))
        if plain != "r":
            raise ValueError(f"mode must be 'r' or 'w', not {mode!r}: an artifact is written once, as a whole")
        path = self.local_path()
        if path.is_dir():
            raise UnsupportedError(f"{self.name} is a directory, so it cannot be opened: take local_path() or load()")
        return self.format.pipe_reader(FileWrapper(io.BufferedReader(io.FileIO(path))))

    def local_path(self) -> Path:
        """Returns a file (or directory) on this machine with the verified bytes; read it, don't change it.

        Raises:
            ArtifactNotFound: There is no such artifact.
            UnsupportedError: It is of several files.
        """
        return self.storage_layer.reader.local_path(self.name, self._part)

    def load(self) -> Any:
        """Returns the value; of what `open` and `temporary_path` wrote, that is a `pathlib.Path`.

        Raises:
            ArtifactNotFound: There is no such artifact.
        """
        return self.storage_layer.reader.load_part(self.name, self._part)

    def dump(self, value: Any, serializer: str | None = None) -> None:
        """Stores a value as the artifact, with the provenance of the task that it was made of.

        Args:
            value: The value.
            serializer: The serializer's name; by default the first that holds the value exactly.

        Raises:
            UnsupportedError: It was made of a part of an artifact.
            SerializationError: No serializer holds the value.
        """
        self._check_whole()
        self.storage_layer.store(self.name, value, serializer)

    @contextmanager
    def temporary_path(self) -> Iterator[str]:
        """Gives a path that other programs can write a file or a directory to; the end of the block commits it.

        Nothing is stored if the block raises.

        Raises:
            FileNotFoundError: Nothing is at the path when the block ends.
        """
        with spooled_path(self._file_name()) as path:
            yield str(path)
            if not path.exists():
                msg = f"nothing is at {path}, the temporary_path() of {self.name}, so there is nothing to store"
                raise FileNotFoundError(msg)
            self.dump(path)

    @property
    def _part(self) -> tuple[Any, ...]:
        return self._target.part if isinstance(self._target, dn.Artifact) else ()

    def _check_whole(self) -> None:
        if self._part:
            raise UnsupportedError(f"a part of {self.name} cannot be written; write the whole")

    def _file_name(self) -> str:
        """What a file in the artifact is called: nothing that differs between two attempts."""
        self._check_whole()  # before anybody writes anything
        return self.name.split("/")[-2 if "/" in self.name else -1]

    def __repr__(self) -> str:
        return f"ArtifactTarget({self._target!r})"

    def __getstate__(self) -> dict[str, Any]:
        target = self._target if isinstance(self._target, str) else dn.artifact(self._target)  # which pickles as names
        return {**self.__dict__, "_target": target, "_storage_layer": self.storage_layer.reference}
