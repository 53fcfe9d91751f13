"""Artifacts in nested lists, tuples and dicts."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

from datanectar.tasks.handle import Artifact


def substitute(value: Any, load: Callable[[Artifact[Any]], Any]) -> Any:
    """Returns a copy of `value` with every artifact in it replaced by what `load` gives for it."""
    kind = type(value)
    if kind is Artifact:
        return load(value)
    if kind in (list, tuple):
        return kind(substitute(item, load) for item in value)
    if kind is dict:
        return {key: substitute(item, load) for key, item in value.items()}
    if kind is set:
        return set(value)
    if hasattr(kind, "__dataclass_fields__") and not isinstance(value, enum.Enum):
        import copy

        return copy.deepcopy(value)
    return value


def holds_artifact(value: Any) -> bool:
    """Whether there is an artifact in `value`."""
    if type(value) in (list, tuple):
        return any(holds_artifact(item) for item in value)
    if type(value) is dict:
        return any(holds_artifact(item) for item in value.values())
    return type(value) is Artifact
