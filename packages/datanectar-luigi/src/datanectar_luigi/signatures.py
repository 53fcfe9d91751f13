"""From the signature of a function to parameters of Luigi that come back from text as they went."""

from __future__ import annotations

import datetime as dt
import enum
import inspect
import json
import types
import typing
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import luigi
from luigi.freezing import FrozenOrderedDict, recursively_freeze

import datanectar as dn

_NO_DEFAULT = inspect.Parameter.empty
_CONTAINERS = (list, tuple, dict, set, frozenset)


class TextParameter(luigi.Parameter):
    """A value that is written as text and read back by two functions."""

    def __init__(self, read: Callable[[str], Any], write: Callable[[Any], str], **options: Any) -> None:
        super().__init__(**options)
        self._read, self._write = read, write

    def parse(self, text: str) -> Any:
        return self._read(text)

    def serialize(self, value: Any) -> str:
        return self._write(value)


class JsonParameter(luigi.Parameter):
    """A list, tuple, set or dict of plain values, frozen, as Luigi wants what it hashes; as text it is JSON."""

    def parse(self, text: str) -> Any:
        return self.normalize(json.loads(text))

    def normalize(self, value: Any) -> Any:
        if isinstance(value, (set, frozenset)):
            return frozenset(value)
        return recursively_freeze(value)

    def serialize(self, value: Any) -> str:
        return json.dumps(_as_json(value), sort_keys=True)


class OptionalValueParameter(luigi.Parameter):
    """A value of another parameter, or None, which is written as nothing."""

    def __init__(self, inner: luigi.Parameter, **options: Any) -> None:
        super().__init__(**options)
        self.inner = inner

    def parse(self, text: str) -> Any:
        return None if text == "" else self.inner.parse(text)

    def normalize(self, value: Any) -> Any:
        return None if value is None else self.inner.normalize(value)

    def serialize(self, value: Any) -> str:
        return "" if value is None else self.inner.serialize(value)


def parameter_for(name: str, annotation: Any, default: Any, owner: str) -> luigi.Parameter:
    """Returns the parameter of Luigi for one of a function's.

    Args:
        name: Its name.
        annotation: Its resolved annotation; None where there is none: then the type of the default decides.
        default: Its default, or `inspect.Parameter.empty`.
        owner: Whose parameter it is, for messages.

    Raises:
        TaskDefinitionError: Its type has no form as text.
    """
    options = {} if default is _NO_DEFAULT else {"default": default}
    kind = annotation if annotation is not None else (str if default in (None, _NO_DEFAULT) else type(default))
    if default is None and annotation is not None and not _is_optional(annotation):
        kind = typing.Optional[annotation]  # noqa: UP045  # ``depth: int = None`` is a habit
    if default is None and annotation is None:
        kind = typing.Optional[str]  # noqa: UP045
    made = _make(kind, options)
    if made is None:
        raise dn.errors.TaskDefinitionError(
            f"{owner}: {name} is annotated as {kind!r}, which has no form as text. Parameters of Luigi tasks are plain "
            "values, and lists, tuples, sets and dicts of them; what is made by another task is an input"
        )
    return made


def _make(kind: Any, options: dict[str, Any]) -> luigi.Parameter | None:
    origin = typing.get_origin(kind) or kind
    if origin in (typing.Union, types.UnionType):
        members = [member for member in typing.get_args(kind) if member is not type(None)]
        inner = _make(members[0], {}) if len(members) == 1 else None
        return None if inner is None else OptionalValueParameter(inner, **options)
    if origin is typing.Annotated:
        return _make(typing.get_args(kind)[0], options)
    if origin is typing.Literal:
        by_text = {str(choice): choice for choice in typing.get_args(kind)}
        return TextParameter(_choice(by_text), str, **options)
    if origin in _CONTAINERS or origin in (
        typing.get_origin(typing.Sequence[int]),
        typing.get_origin(Mapping[str, int]),
    ):
        return JsonParameter(**options)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return luigi.EnumParameter(enum=kind, **options)
    if kind is bool:
        return luigi.BoolParameter(parsing=luigi.BoolParameter.EXPLICIT_PARSING, **options)
    simple = {int: luigi.IntParameter, float: luigi.FloatParameter, str: luigi.Parameter, dt.date: luigi.DateParameter}
    if kind in simple:
        return simple[kind](**options)
    if kind in _TEXTS:
        return TextParameter(*_TEXTS[kind], **options)
    return None


def _choice(by_text: dict[str, Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        if text not in by_text:
            raise ValueError(f"{text!r} is none of {', '.join(by_text)}")
        return by_text[text]

    return read


#: Luigi's own parameters of these types lose microseconds and time zones.
_TEXTS: dict[type, tuple[Callable[[str], Any], Callable[[Any], str]]] = {
    dt.datetime: (dt.datetime.fromisoformat, lambda value: value.isoformat()),
    dt.time: (dt.time.fromisoformat, lambda value: value.isoformat()),
    dt.timedelta: (
        lambda text: dt.timedelta(microseconds=int(text)),
        lambda value: str(value // dt.timedelta(microseconds=1)),
    ),
    Decimal: (Decimal, str),
    uuid.UUID: (uuid.UUID, str),
}


def is_plain(annotation: Any) -> bool:
    """Whether values of this annotation have a form as text."""
    return annotation is not None and _make(annotation, {}) is not None


def thaw(value: Any, annotation: Any) -> Any:
    """Returns a frozen value as the annotation wants it, or as JSON has it."""
    if isinstance(value, Mapping):
        return {key: thaw(item, None) for key, item in value.items()}
    if isinstance(value, (tuple, frozenset)):
        origin = typing.get_origin(annotation) or annotation
        kind = origin if origin in _CONTAINERS and origin is not dict else list
        return kind(thaw(item, None) for item in value)
    return value


def resolved_annotations(function: Any) -> dict[str, Any]:
    """Returns the annotations of a function, those that are text evaluated; what cannot be is left out."""
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception:  # whatever evaluating a name that is not there, or half there, may raise
        return {name: hint for name, hint in function.__annotations__.items() if not isinstance(hint, str)}


def _is_optional(annotation: Any) -> bool:
    return type(None) in typing.get_args(annotation)


def _as_json(value: Any) -> Any:
    if isinstance(value, (FrozenOrderedDict, Mapping)):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_json(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_as_json(item) for item in value), key=json.dumps)
    if isinstance(value, enum.Enum):
        return value.name
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else value
