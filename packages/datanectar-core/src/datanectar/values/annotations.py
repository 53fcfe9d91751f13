"""Brings plain values to their annotated type where that loses nothing, and reads text by an annotation.

The rules, and no others: int → float, list ↔ tuple, ISO text → date, time and datetime, str → Enum. An exact
match of a union's member wins. So one value has one name, from Python, from the command line and from Luigi.
"""

from __future__ import annotations

import datetime as dt
import enum
import json
import types
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

#: What `convert` returns for a value that its annotation cannot mean.
MISMATCH: Final = object()
#: The annotation of a parameter without one, or with one that cannot be resolved.
UNKNOWN: Final = Any

_UNIONS = (typing.Union, types.UnionType)
_ISO: dict[type, Callable[[str], Any]] = {
    dt.date: dt.date.fromisoformat,
    dt.datetime: dt.datetime.fromisoformat,
    dt.time: dt.time.fromisoformat,
}
_SEQUENCES = (Sequence, Collection, Iterable)


def convert(value: Any, annotation: Any) -> Any:
    """Returns `value` as `annotation` wants it, or `MISMATCH`. Never fails on an odd annotation."""
    if type(value) is annotation or annotation is UNKNOWN or annotation is object:
        return value
    edge = getattr(type(value), "_fits", None)  # an artifact: its task's return annotation decides
    if edge is not None:
        return value if edge(value, annotation) else MISMATCH
    if annotation is None:
        return None if value is None else MISMATCH
    origin = typing.get_origin(annotation)
    if origin is None:
        return _to_class(value, annotation) if isinstance(annotation, type) else _to_form(value, annotation)
    arguments = typing.get_args(annotation)
    if origin in _UNIONS:
        return _to_union(value, arguments)
    if origin is typing.Literal:
        return next((value for item in arguments if type(item) is type(value) and item == value), MISMATCH)
    if origin is typing.Annotated:
        return convert(value, arguments[0])
    return _to_generic(value, origin, arguments)


def _to_form(value: Any, annotation: Any) -> Any:
    supertype = getattr(annotation, "__supertype__", None)  # typing.NewType
    return convert(value, supertype) if supertype is not None else value


def _to_union(value: Any, members: tuple[Any, ...]) -> Any:
    for member in members:
        if (type(value) is member) or (member is type(None) and value is None):
            return value
    for member in members:
        found = convert(value, member)
        if found is not MISMATCH:
            return found
    return MISMATCH


def _to_class(value: Any, kind: type) -> Any:
    if kind is float and type(value) is int:
        try:
            return float(value) if float(value) == value else MISMATCH
        except OverflowError:
            return MISMATCH
    if kind is complex and type(value) in (int, float):
        return value
    if kind is list and type(value) is tuple:
        return list(value)
    if kind is tuple and type(value) is list:
        return tuple(value)
    if type(value) is str:
        if kind in _ISO:
            return _attempt(_ISO[kind], value)
        if issubclass(kind, enum.Enum):
            return _to_enum(value, kind)
    try:
        return value if isinstance(value, kind) else MISMATCH
    except TypeError:  # a protocol that cannot be checked
        return value


def _to_enum(text: str, kind: type[enum.Enum]) -> Any:
    try:
        return kind(text)
    except ValueError:
        return kind.__members__.get(text, MISMATCH)


def _to_generic(value: Any, origin: Any, arguments: tuple[Any, ...]) -> Any:
    if type(value) in (list, tuple) and (origin in (list, tuple) or origin in _SEQUENCES):
        kind = origin if origin in (list, tuple) else type(value)
        return _convert_items(value, kind, _item_annotations(origin, arguments, len(value)))
    if type(value) in (set, frozenset) and isinstance(value, origin):
        return _convert_items(value, type(value), [arguments[0]] * len(value))
    if type(value) is dict and (origin is dict or origin is Mapping):
        keys = _convert_items(value.keys(), list, [arguments[0]] * len(value))
        items = _convert_items(value.values(), list, [arguments[-1]] * len(value))
        return MISMATCH if keys is MISMATCH or items is MISMATCH else dict(zip(keys, items, strict=True))
    return _to_class(value, origin) if isinstance(origin, type) else value


def _item_annotations(origin: Any, arguments: tuple[Any, ...], length: int) -> list[Any]:
    if origin is not tuple:
        return [arguments[0]] * length
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return [arguments[0]] * length
    return list(arguments)


def _convert_items(values: Collection[Any], kind: Callable[[Any], Any], annotations: list[Any]) -> Any:
    if len(values) != len(annotations):
        return MISMATCH
    items = [convert(value, annotation) for value, annotation in zip(values, annotations, strict=True)]
    return MISMATCH if any(item is MISMATCH for item in items) else kind(items)


def _attempt(reader: Callable[[Any], Any], text: Any) -> Any:
    try:
        return reader(text)
    except (ValueError, ArithmeticError):
        return MISMATCH


# Text, from the command line or an environment variable

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
    **_ISO,
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
    if annotation is UNKNOWN:
        if default is None or type(default) not in _TEXT_READERS:
            return _json_or_text(text)
        annotation = type(default)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in _UNIONS:
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
        return _attempt(_TEXT_READERS[annotation], text)
    from_text = getattr(annotation, "_from_text", None)  # File and Secret read themselves
    if from_text is not None:
        return from_text(text)
    return _parse_container(text, annotation)


def _parse_union(text: str, members: tuple[Any, ...]) -> Any:
    for member in sorted(members, key=lambda member: (member is str, member is not type(None))):
        found = parse_text(text, member)
        if found is not MISMATCH:
            return found
    return MISMATCH


def _parse_enum(text: str, kind: type[enum.Enum]) -> Any:
    by_value = next((member for member in kind if str(member.value) == text), MISMATCH)
    return kind.__members__.get(text, by_value)


def _parse_container(text: str, annotation: Any) -> Any:
    value = _json_or_text(text)
    if type(value) is str and annotation is not str:
        value = text.split(",") if text else []
    if (typing.get_origin(annotation) or annotation) in (set, frozenset) and type(value) is list:
        value = (typing.get_origin(annotation) or annotation)(value)
    found = convert(value, annotation)
    if found is MISMATCH and type(value) is list:  # "1,2" for list[int]
        (item, *_) = typing.get_args(annotation) or (UNKNOWN,)
        parsed = [parse_text(str(part), item) for part in value]
        found = MISMATCH if MISMATCH in parsed else convert(parsed, annotation)
    return found


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def describe(annotation: Any) -> str:
    """Returns an annotation as people write it."""
    return annotation.__qualname__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")
