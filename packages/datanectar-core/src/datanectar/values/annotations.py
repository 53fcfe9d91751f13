"""Brings plain values to their annotated type where that loses nothing, and reads text by an annotation.

The rules, and no others: int → float, list ↔ tuple, ISO text → date, time and datetime, str → Enum. An exact
match of a union's member wins. So one value has one name, from Python, from the command line and from Luigi.
"""

from __future__ import annotations

import datetime as dt
import enum
import json
import operator
import types
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from datanectar.values.typed_json import NotPlain, dumps, encode

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
    if not arguments:  # typing.List and its like
        return convert(value, origin)
    if origin in _UNIONS:
        return _to_union(value, arguments)
    if origin is typing.Literal:
        return next((value for item in arguments if type(item) is type(value) and item == value), MISMATCH)
    if origin is typing.Annotated:
        return convert(value, arguments[0])
    return _to_generic(value, origin, arguments)


def _to_form(value: Any, annotation: Any) -> Any:
    meant = _meant(annotation)
    return value if meant is annotation else convert(value, meant)


def _meant(annotation: Any) -> Any:
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
        if keys is MISMATCH or items is MISMATCH:
            return MISMATCH
        pairs = list(zip(keys, items, strict=True))
        found = dict(pairs if all(map(operator.is_, keys, value)) else in_order(pairs))
        return found if len(found) == len(value) else MISMATCH  # else two keys became one
    return _to_class(value, origin) if isinstance(origin, type) else value


def _item_annotations(origin: Any, arguments: tuple[Any, ...], length: int) -> list[Any]:
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


def in_order(items: Iterable[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Returns a dict's items in an order that its keys alone decide: names don't depend on a dict's order."""
    return sorted(items, key=lambda item: _order(item[0]))


def _order(key: Any) -> str:
    try:
        return dumps(encode(key))
    except NotPlain:  # an enum's member
        return repr(key)


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
    annotation = _meant(annotation)
    if annotation is UNKNOWN or annotation is object:
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
    if f"{getattr(annotation, '__module__', '')}.{getattr(annotation, '__qualname__', '')}" == "uuid.UUID":
        return _attempt(annotation, text)
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
    kind = _meant(member)
    return _FIRST_TRIED.index(kind) if kind in _FIRST_TRIED else len(_FIRST_TRIED) + (kind is str)


_FIRST_TRIED = (type(None), int, float, bool)


def _parse_enum(text: str, kind: type[enum.Enum]) -> Any:
    by_value = next((member for member in kind if str(member.value) == text), MISMATCH)
    return kind.__members__.get(text, by_value)


def _parse_container(text: str, annotation: Any) -> Any:
    origin, arguments = typing.get_origin(annotation) or annotation, typing.get_args(annotation)
    value = _json_or_text(text)
    if origin not in (list, tuple, set, frozenset, *_SEQUENCES):
        return convert(value, annotation)
    if type(value) is not list:  # "1,2" for list[int]
        parts = text.split(",") if text else []
        items = _item_annotations(origin, arguments, len(parts)) if arguments else [UNKNOWN] * len(parts)
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


def describe(annotation: Any) -> str:
    """Returns an annotation as people write it."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in (None, type(None)):
        return "None"
    if isinstance(annotation, type) and origin is None:
        return annotation.__qualname__
    if origin in _UNIONS:
        return " | ".join(map(describe, arguments))
    if isinstance(origin, type) and arguments:
        return f"{origin.__qualname__}[{', '.join('…' if item is ... else describe(item) for item in arguments)}]"
    if origin is typing.Literal:
        return " or ".join(map(repr, arguments))
    return getattr(annotation, "__name__", None) or str(annotation).replace("typing.", "")
