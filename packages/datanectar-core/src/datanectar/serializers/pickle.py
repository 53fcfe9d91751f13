"""Anything else, as a pickle. The storage layer loads one only if its signature verifies."""

from __future__ import annotations

import pickle
from pathlib import PurePath
from typing import Any, BinaryIO

from datanectar.contracts.serialization import Serializer, StoredFile
from datanectar.errors import SerializationError, StorageError
from datanectar.serializers.unpicklable import is_bound


class Pickle(Serializer):
    """Whatever pickle holds. What only names a file is refused: a pickle would not hold the file's content."""

    def accepts_type(self, kind: type) -> bool:
        return not is_bound(kind)

    def dump(self, value: Any, sink: BinaryIO) -> None:
        if isinstance(value, PurePath):
            raise SerializationError("a pure path holds no file; return pathlib.Path(path), whose file is stored")
        if f"{type(value).__module__}.{type(value).__qualname__}" == "polars.lazyframe.frame.LazyFrame":
            raise SerializationError("a lazy frame names its sources and has no rows; return frame.collect()")
        try:
            pickle.dump(value, sink, protocol=5)
        except StorageError:
            raise
        except Exception as error:  # a class may refuse in any way it likes
            raise SerializationError(f"pickle cannot hold this: {error}") from error

    def load(self, file: StoredFile) -> Any:
        with file.open() as stream:
            try:
                return pickle.load(stream)
            except (ImportError, AttributeError) as error:
                msg = f"this pickle needs what is not there, or was changed since it was made: {error}"
                raise SerializationError(msg) from error
