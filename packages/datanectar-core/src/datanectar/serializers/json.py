"""Plain values as typed JSON: tuples, sets, dates, NaN and non-string keys come back as they were."""

from __future__ import annotations

import json
from typing import Any, BinaryIO

from datanectar.contracts.serialization import Serializer, StoredFile
from datanectar.errors import SerializationError
from datanectar.values import typed_json
from datanectar.values.classes import may_be

# Kept, and given text: `json.loads` would look for the encoding and `json.dumps` make an encoder, each time.
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_DECODER = json.JSONDecoder()


class TypedJson(Serializer):
    """None, bool, int, float, complex, str, bytes, dates, Decimal, UUID, NumPy scalars, and containers of them."""

    def accepts_type(self, kind: type) -> bool:
        return may_be(kind, *typed_json.ENCODERS, "uuid.UUID") or _is_numpy_scalar(kind)

    def dump(self, value: Any, sink: BinaryIO) -> None:
        try:
            document = typed_json.encode(value)
            # Keys keep their order here, unlike in fingerprints: a dict comes back as it went.
            text = _ENCODER.encode(document)
        except (typed_json.NotPlain, RecursionError) as error:
            raise SerializationError(f"typed JSON cannot hold this: {error}") from error
        sink.write(text.encode("ascii"))

    def load(self, file: StoredFile) -> Any:
        return typed_json.decode(_DECODER.decode(file.read().decode("ascii")))


def _is_numpy_scalar(kind: type) -> bool:
    return any(f"{base.__module__}.{base.__qualname__}" == "numpy.generic" for base in kind.__mro__)
