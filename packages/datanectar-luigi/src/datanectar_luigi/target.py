"""An artifact as a target of Luigi's: whole or absent, on every storage."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from luigi.format import FileWrapper, get_default_format
from luigi.target import FileSystemTarget

import datanectar as dn
from datanectar_luigi.filesystem import ArtifactFileSystem


class ArtifactTarget(FileSystemTarget):
    """The artifact that a task makes, or one of a given name.

    ::

        class Clean(luigi.Task):
            def output(self):
                return ArtifactTarget(self)

            def run(self):
                with self.output().open("w") as file:
                    file.write("…")

    Nothing is visible before the file is closed; then the artifact is there, whole. An exception, `abort()` and the
    garbage collector leave nothing. If somebody else has stored the artifact first, that one stays.

    Args:
        target: A task object, an artifact, the artifact's name or its URI.
        storage_layer: Where it is: a storage's name or URL; by default what the settings choose for the task.
        format: One of Luigi's formats; text by default. `luigi.format.Nop` is for bytes.
    """

    def __init__(self, target: Any, storage_layer: Any = None, *, format: Any = None) -> None:
        self._target = target
        self._layer = getattr(storage_layer, "reference", storage_layer)
        self.format = format if format is not None else get_default_format()

    def __reduce__(self) -> tuple[Any, ...]:
        return _revived, (self.name, self.storage_layer.reference, self.format)

    def __repr__(self) -> str:
        return f"ArtifactTarget({self.path})"

    @property
    def storage_layer(self) -> dn.StorageLayer:
        """Where it is. Of a task it is asked anew each time: a run may have chosen another."""
        if self._layer is None and not isinstance(self._target, str):
            return dn.artifact(self._target).storage_layer
        return dn.storage_layer(self._layer)

    @property
    def name(self) -> str:
        """The artifact's name."""
        if isinstance(self._target, str):
            return self.storage_layer.name_of(self._target)
        return dn.get_artifact_name(self._target)

    @property
    def path(self) -> str:
        """The artifact's URI."""
        return self.storage_layer.uri(self.name)

    @property
    def fs(self) -> ArtifactFileSystem:
        """The storage layer as a file system."""
        return ArtifactFileSystem(self.storage_layer)

    def exists(self) -> bool:
        """Whether it is stored; a store that does not answer is an error, never a no."""
        return self.storage_layer.exists(self.name)

    def remove(self) -> None:
        """Removes it from the store."""
        self.storage_layer.delete(self.name)

    def load(self) -> Any:
        """Returns its value, verified."""
        return self.storage_layer.load(self.name)

    def dump(self, value: Any, serializer: str | None = None) -> None:
        """Stores a value as the artifact; see `StorageLayer.store`."""
        self.storage_layer.store(self.name, value, serializer)

    def open(self, mode: str = "r") -> Any:
        """Opens it for reading, or for writing it once and for all.

        Raises:
            ArtifactNotFound: It is to be read, and is not there.
            UnsupportedError: It is to be read, and is of several files: `load` gives its value.
            ValueError: Another mode than ``r`` and ``w``; bytes are a matter of the format.
        """
        if mode == "r":
            path = self.storage_layer.local_path(self.name)
            if path.is_dir():
                raise dn.errors.UnsupportedError(f"{self.name} is a directory: load() gives its path")
            return self.format.pipe_reader(FileWrapper(io.BufferedReader(io.FileIO(path))))
        if mode == "w":
            return self.format.pipe_writer(_Upload(self))
        raise ValueError(f"mode must be 'r' or 'w', not {mode!r}; for bytes give the target format=luigi.format.Nop")

    @contextmanager
    def temporary_path(self) -> Iterator[str]:
        """Gives a path for a file or directory, which is the artifact once the block has ended well."""
        with tempfile.TemporaryDirectory(prefix="datanectar-") as directory:
            path = Path(directory, self._filename())
            yield str(path)
            if not path.exists():
                raise FileNotFoundError(f"nothing was written to {path}, which temporary_path() gave for {self.name}")
            self.dump(path)

    def _filename(self) -> str:
        """What a file in the artifact is called: nothing that differs between two attempts."""
        return self.name.split("/")[-2 if "/" in self.name else -1]


class _Upload(io.BufferedWriter):
    """A private file that becomes the artifact when it is closed."""

    def __init__(self, target: ArtifactTarget) -> None:
        self._target: ArtifactTarget | None = target
        self._directory = tempfile.mkdtemp(prefix="datanectar-")
        self._path = Path(self._directory, target._filename())
        super().__init__(io.FileIO(self._path, "w"))

    def close(self) -> None:
        if self.closed:
            return
        try:
            super().close()
            target, self._target = self._target, None
            if target is not None:
                target.dump(self._path)
        finally:
            shutil.rmtree(self._directory, ignore_errors=True)

    def abort(self) -> None:
        """Closes the file and forgets it."""
        self._target = None
        self.close()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def __del__(self) -> None:
        self.abort()


def _revived(name: str, reference: str, format: Any) -> ArtifactTarget:
    return ArtifactTarget(name, reference, format=format)
