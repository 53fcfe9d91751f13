"""Anything else, as a pickle. The storage layer loads one only if its signature verifies."""

from __future__ import annotations

import pickle
from pathlib import PurePath
from typing import Any, BinaryIO

from datanectar.contracts.serialization import Serializer, StoredFile
from datanectar.errors import SerializationError


class Pickle(Serializer):
    """Whatever pickle holds. A path is refused: its pickle would not hold the file's content."""

    def accepts(self, value: Any) -> bool:
        return not isinstance(value, PurePath)

    def dump(self, value: Any, sink: BinaryIO) -> None:
        try:
            pickle.dump(value, sink, protocol=5)
        except (pickle.PicklingError, TypeError, AttributeError, RecursionError, ValueError) as error:
            raise SerializationError(f"pickle cannot hold this: {error}") from error

    def load(self, file: StoredFile) -> Any:
        with file.open() as stream:
            return pickle.load(stream)
