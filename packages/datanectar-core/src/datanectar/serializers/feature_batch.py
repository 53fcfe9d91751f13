"""What a feature store says of a batch it published: a record of plain values, as typed JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, BinaryIO

from datanectar.contracts.features import FeatureBatch
from datanectar.contracts.serialization import Serializer, StoredFile
from datanectar.values import typed_json
from datanectar.values.classes import may_be


class FeatureBatchJson(Serializer):
    """`FeatureBatch` records."""

    def accepts_type(self, kind: type) -> bool:
        return may_be(kind, FeatureBatch)

    def accepts(self, value: Any) -> bool:
        return type(value) is FeatureBatch

    def dump(self, value: FeatureBatch, sink: BinaryIO) -> None:
        sink.write(typed_json.dumps(typed_json.encode(dataclasses.asdict(value))).encode("ascii"))

    def load(self, file: StoredFile) -> FeatureBatch:
        return FeatureBatch(**typed_json.decode(json.loads(file.read())))
