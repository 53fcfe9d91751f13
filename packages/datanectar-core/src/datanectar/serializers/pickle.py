"""Anything else, as a pickle. The storage layer loads one only if its signature verifies."""

from __future__ import annotations

import pickle
import sys
from pathlib import PurePath
from typing import Any, BinaryIO

from datanectar.contracts.serialization import Serializer, StoredFile
from datanectar.errors import SerializationError, StorageError
from datanectar.serializers.unpicklable import is_bound


class Pickle(Serializer):
    """Whatever pickle holds. What only names a file is refused: a pickle would not hold the file's content."""

    def accepts_type(self, kind: type) -> bool:
        return not is_bound(kind) and not issubclass(kind, _names_of_files())

    def dump(self, value: Any, sink: BinaryIO) -> None:
        try:
            _Pickler(sink, protocol=5).dump(value)
        except (SerializationError, StorageError, RecursionError):
            raise
        except Exception as error:  # a class may refuse in any way it likes
            raise SerializationError(f"pickle cannot hold this: {error}") from error

    def load(self, file: StoredFile) -> Any:
        with file.open() as stream:
            try:
                return pickle.load(stream)
            except (ImportError, AttributeError) as error:
                if "__main__" in str(error):
                    msg = f"it was stored by a script, as __main__; put the class into a module ({error})"
                else:
                    msg = f"this pickle needs what is not there, or was changed since it was made: {error}"
                raise SerializationError(msg) from error


class _Pickler(pickle.Pickler):
    """Refuses what only names a file, wherever in a value it is."""

    def __init__(self, sink: BinaryIO, protocol: int) -> None:
        super().__init__(sink, protocol)
        self._refused = _names_of_files()

    def reducer_override(self, value: Any) -> Any:
        if not isinstance(value, self._refused):
            return NotImplemented
        if not isinstance(value, PurePath):
            raise SerializationError("a lazy frame names its sources and has no rows; return frame.collect()")
        raise SerializationError(
            f"the path {str(value)!r} would be pickled without its file. To store the file, return the path itself, or "
            "a dict or tuple of paths, each a pathlib.Path; to store its name only, return str(path)"
        )


def _names_of_files() -> tuple[type, ...]:
    lazy_frame = getattr(sys.modules.get("polars"), "LazyFrame", None)
    return (PurePath,) if lazy_frame is None else (PurePath, lazy_frame)
