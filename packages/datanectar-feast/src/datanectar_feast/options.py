"""Options of the feature store ``feast``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class FeastOptions:
    """Options of ``[feature_stores.feast]``. All that is Feast's own stands in its feature_store.yaml."""

    repo: Path = field(
        default=Path(),
        metadata={"help": "Feast's feature repository: its relative paths start there; from the configuration file"},
    )
    yaml: Path | None = field(
        default=None, metadata={"help": "A feature_store.yaml elsewhere or of another name, as for `feast -f`"}
    )
    storage_layer: str | None = field(
        default=None, metadata={"help": "The storage that keeps published batches; by default the one in force"}
    )
