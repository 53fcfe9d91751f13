"""Prints what to ask a feature server to know that it serves features: JSON, or null where none is registered."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from datanectar_feast.native import Native
from datanectar_feast.options import FeastOptions

#: An entity of each type, which need not be there: the server then answers that it is not.
_ENTITIES: dict[str, Any] = {"STRING": "", "INT32": 0, "INT64": 0, "FLOAT": 0.0, "DOUBLE": 0.0, "BOOL": False}


def known_feature(store: Any) -> dict[str, Any] | None:
    """Returns a request for the first feature that can be asked for, of a `feast.FeatureStore`."""
    for view in sorted(store.list_feature_views(), key=lambda view: str(view.name)):
        types = {column.name: column.dtype.to_value_type().name for column in view.entity_columns}
        if view.online and view.features and types and set(types.values()) <= {*_ENTITIES}:
            entities = {name: [_ENTITIES[kind]] for name, kind in types.items()}
            return {"features": [f"{view.name}:{view.features[0].name}"], "entities": entities}
    return None


if __name__ == "__main__":
    opened = Native(FeastOptions(repo=Path(sys.argv[1]), yaml=Path(sys.argv[2]))).open()
    print(json.dumps(known_feature(opened)))
