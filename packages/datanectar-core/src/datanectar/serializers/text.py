"""str and bytes, stored as they are."""

from __future__ import annotations

from typing import Any, BinaryIO

from datanectar.contracts.serialization import Serializer, StoredFile
from datanectar.values.classes import may_be


class Text(Serializer):
    """A str as UTF-8, line ends untouched."""

    def accepts_type(self, kind: type) -> bool:
        return may_be(kind, str)

    def accepts(self, value: Any) -> bool:
        if type(value) is not str:
            return False
        try:
            value.encode()
        except UnicodeEncodeError:  # lone surrogates, which typed JSON can hold
            return False
        return True

    def dump(self, value: str, sink: BinaryIO) -> None:
        sink.write(value.encode())

    def load(self, file: StoredFile) -> str:
        return file.read().decode()


class Bytes(Serializer):
    """bytes."""

    def accepts_type(self, kind: type) -> bool:
        return may_be(kind, bytes)

    def accepts(self, value: Any) -> bool:
        return type(value) is bytes

    def dump(self, value: bytes, sink: BinaryIO) -> None:
        sink.write(value)

    def load(self, file: StoredFile) -> bytes:
        return file.read()
