"""Brings plain values to their annotated type where that loses nothing.

The rules, and no others: int → float, list ↔ tuple, ISO text → date, time and datetime, str → Enum. An exact
match of a union's member wins. So one value has one name, from Python, from the command line and from Luigi.
"""

from __future__ import annotations

import datetime as dt
import enum
import operator
import types
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final

#: What `convert` returns for a value that its annotation cannot mean.
MISMATCH: Final = object()
#: The annotation of a parameter without one, or with one that cannot be resolved.
UNKNOWN: Final = Any

UNIONS = (typing.Union, types.UnionType)
ISO_READERS: dict[type, Callable[[str], Any]] = {
    dt.date: dt.date.fromisoformat,
    dt.datetime: dt.datetime.fromisoformat,
    dt.time: dt.time.fromisoformat,
}
SEQUENCES = (Sequence, Collection, Iterable)


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
    if not arguments:  # typing.List and its like
        return convert(value, origin)
    if origin in UNIONS:
        return _to_union(value, arguments)
    if origin is typing.Literal:
        return next((value for item in arguments if type(item) is type(value) and item == value), MISMATCH)
    if origin is typing.Annotated:
        return convert(value, arguments[0])
    return _to_generic(value, origin, arguments)


def _to_form(value: Any, annotation: Any) -> Any:
    stood_for = meant(annotation)
    return value if stood_for is annotation else convert(value, stood_for)


def meant(annotation: Any) -> Any:
    """What a `typing.NewType` or an alias made by ``type`` stands for; other annotations as they are."""
    return getattr(annotation, "__supertype__", getattr(annotation, "__value__", annotation))


def _to_union(value: Any, members: tuple[Any, ...]) -> Any:
    found = [converted for member in members if (converted := convert(value, member)) is not MISMATCH]
    exact = (converted for converted in found if _is_unchanged(converted, value))
    return next(exact, found[0] if found else MISMATCH)


def _is_unchanged(converted: Any, value: Any) -> bool:
    if converted is value:
        return True
    if type(converted) is not type(value) or type(value) not in (list, tuple, dict, set, frozenset):
        return False
    if type(value) in (set, frozenset):
        return set(map(id, converted)) == set(map(id, value))
    pairs = list(zip(converted, value, strict=True))
    if type(value) is dict:
        pairs += zip(converted.values(), value.values(), strict=True)
    return all(_is_unchanged(*pair) for pair in pairs)


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
        if kind in ISO_READERS:
            return attempt(ISO_READERS[kind], value)
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
    if type(value) in (list, tuple) and (origin in (list, tuple) or origin in SEQUENCES):
        kind = origin if origin in (list, tuple) else type(value)
        return _convert_items(value, kind, item_annotations(origin, arguments, len(value)))
    if type(value) in (set, frozenset) and isinstance(value, origin):
        return _convert_items(value, type(value), [arguments[0]] * len(value))
    if type(value) is dict and (origin is dict or origin is Mapping):
        keys = _convert_items(value.keys(), list, [arguments[0]] * len(value))
        items = _convert_items(value.values(), list, [arguments[-1]] * len(value))
        if keys is MISMATCH or items is MISMATCH:
            return MISMATCH
        pairs = list(zip(keys, items, strict=True))
        if not all(map(operator.is_, keys, value)):
            from datanectar.values.typed_json import in_order

            pairs = in_order(pairs)
        found = dict(pairs)
        return found if len(found) == len(value) else MISMATCH  # else two keys became one
    return _to_class(value, origin) if isinstance(origin, type) else value


def item_annotations(origin: Any, arguments: tuple[Any, ...], length: int) -> list[Any]:
    """Returns the annotation of each item of a list or tuple."""
    if origin is not tuple:
        return [arguments[0]] * length
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return [arguments[0]] * length
    return list(arguments)


def _convert_items(values: Collection[Any], kind: Callable[[Any], Collection[Any]], annotations: list[Any]) -> Any:
    if len(values) != len(annotations):
        return MISMATCH
    items = [convert(value, annotation) for value, annotation in zip(values, annotations, strict=True)]
    if any(item is MISMATCH for item in items):
        return MISMATCH
    found = kind(items)
    return found if len(found) == len(values) else MISMATCH  # else two items of a set became one


def attempt(reader: Callable[[Any], Any], text: Any) -> Any:
    """Returns what `reader` makes of the text, or `MISMATCH`."""
    try:
        return reader(text)
    except (ValueError, ArithmeticError):
        return MISMATCH


def describe(annotation: Any) -> str:
    """Returns an annotation as people write it."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in (None, type(None)):
        return "None"
    if isinstance(annotation, type) and origin is None:
        return annotation.__qualname__
    if origin in UNIONS:
        return " | ".join(map(describe, arguments))
    if isinstance(origin, type) and arguments:
        return f"{origin.__qualname__}[{', '.join('…' if item is ... else describe(item) for item in arguments)}]"
    if origin is typing.Literal:
        return " or ".join(map(repr, arguments))
    return getattr(annotation, "__name__", None) or str(annotation).replace("typing.", "")
