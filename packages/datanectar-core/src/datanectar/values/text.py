"""Reads text, from the command line or an environment variable, by an annotation."""

from __future__ import annotations

import enum
import json
import typing
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from datanectar.values.annotations import (
    ISO_READERS,
    MISMATCH,
    SEQUENCES,
    UNIONS,
    UNKNOWN,
    attempt,
    convert,
    item_annotations,
    meant,
)

_BOOLEANS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
_TEXT_READERS: dict[type, Callable[[str], Any]] = {
    **ISO_READERS,
    str: str,
    bool: lambda text: _BOOLEANS.get(text.lower(), MISMATCH),
    int: int,
    float: float,
    complex: complex,
    bytes: str.encode,
    Decimal: Decimal,
}


def parse_text(text: str, annotation: Any, default: Any = None) -> Any:
    """Returns the value that `text` means for a parameter, or `MISMATCH`.

    Without an annotation the default's type decides; without one of those, text that is a JSON number, boolean,
    null, list or object is that, and everything else is a str.
    """
    annotation = meant(annotation)
    if annotation is UNKNOWN or annotation is object:
        if default is None or type(default) not in _TEXT_READERS:
            return _json_or_text(text)
        annotation = type(default)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in UNIONS:
        return _parse_union(text, arguments)
    if origin is typing.Literal:
        return next((item for item in arguments if str(item) == text), MISMATCH)
    if origin is typing.Annotated:
        return parse_text(text, arguments[0], default)
    if annotation in (None, type(None)):
        return None if text.lower() in ("none", "null", "") else MISMATCH
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return _parse_enum(text, annotation)
    if annotation in _TEXT_READERS:
        return attempt(_TEXT_READERS[annotation], text)
    if f"{getattr(annotation, '__module__', '')}.{getattr(annotation, '__qualname__', '')}" == "uuid.UUID":
        return attempt(annotation, text)
    from_text = getattr(annotation, "_from_text", None)  # File and Secret read themselves
    if from_text is not None:
        return from_text(text)
    return _parse_container(text, annotation)


def _parse_union(text: str, members: tuple[Any, ...]) -> Any:
    for member in sorted(members, key=_rank):
        found = parse_text(text, member)
        if found is not MISMATCH:
            return found
    return MISMATCH


def _rank(member: Any) -> int:
    """None and numbers before what most text can be read as; a str is what nothing else can be."""
    kind = meant(member)
    return _FIRST_TRIED.index(kind) if kind in _FIRST_TRIED else len(_FIRST_TRIED) + (kind is str)


_FIRST_TRIED = (type(None), int, float, bool)


def _parse_enum(text: str, kind: type[enum.Enum]) -> Any:
    by_value = next((member for member in kind if str(member.value) == text), MISMATCH)
    return kind.__members__.get(text, by_value)


def _parse_container(text: str, annotation: Any) -> Any:
    origin, arguments = typing.get_origin(annotation) or annotation, typing.get_args(annotation)
    value = _json_or_text(text)
    if origin not in (list, tuple, set, frozenset, *SEQUENCES):
        return convert(value, annotation)
    if type(value) is not list:  # "1,2" for list[int]
        parts = text.split(",") if text else []
        items = item_annotations(origin, arguments, len(parts)) if arguments else [UNKNOWN] * len(parts)
        if len(items) != len(parts):
            return MISMATCH
        value = [parse_text(part, item) for part, item in zip(parts, items, strict=True)]
    if any(item is MISMATCH for item in value):
        return MISMATCH
    return convert(origin(value) if origin in (set, frozenset) else value, annotation)


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
