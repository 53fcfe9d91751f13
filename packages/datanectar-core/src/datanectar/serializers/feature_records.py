"""What a feature store says of what it did: records of plain values, as typed JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, BinaryIO

from datanectar.contracts.features import FeatureBatch, Materialization
from datanectar.contracts.serialization import Serializer, StoredFile
from datanectar.values import typed_json
from datanectar.values.classes import may_be

_RECORDS = {kind.__name__: kind for kind in (FeatureBatch, Materialization)}


class FeatureRecordJson(Serializer):
    """`FeatureBatch` and `Materialization`."""

    def accepts_type(self, kind: type) -> bool:
        return may_be(kind, *_RECORDS.values())

    def accepts(self, value: Any) -> bool:
        return type(value) in _RECORDS.values()

    def dump(self, value: FeatureBatch | Materialization, sink: BinaryIO) -> None:
        document = {type(value).__name__: dataclasses.asdict(value)}
        sink.write(typed_json.dumps(typed_json.encode(document)).encode("ascii"))

    def load(self, file: StoredFile) -> FeatureBatch | Materialization:
        ((kind, fields),) = typed_json.decode(json.loads(file.read())).items()
        return _RECORDS[kind](**fields)
