"""What an annotation tells of a result before there is one: a run that could only end without it is not begun.

A refusal must be certain. Unions, protocols, annotations that cannot be resolved, and classes with a loaded subclass
that may be held, all pass; so does what is inside of lists and dicts, for they may be empty.
"""

from __future__ import annotations

import sys
import typing
from pathlib import Path
from typing import Any

from datanectar.errors import SerializationError
from datanectar.layer.choosing import candidates, named
from datanectar.records import SerializerType
from datanectar.registry import Registry
from datanectar.values.annotations import UNIONS, UNKNOWN, describe, meant
from datanectar.values.classes import below, may_be


class Foresight:
    """Tells of annotations what nothing can hold.

    Args:
        registry: Has the serializers.
        serializer: The one that was asked for, if any.
        pickles: Whether the store takes pickles.
    """

    def __init__(self, registry: Registry, serializer: str | None, *, pickles: bool) -> None:
        self._registry, self._serializer, self._pickles = registry, serializer, pickles

    def check(self, task: str, annotation: Any) -> None:
        """Refuses a task whose results cannot be stored.

        Raises:
            SerializationError: Its annotation says so.
            PluginNotFoundError: There is no such serializer.
        """
        if self._serializer is not None:
            named(self._registry, self._serializer, object)
        why = self._why_not(annotation)
        if why:
            msg = (
                f"{task} is annotated to return {describe(annotation)}, and that cannot be stored: {why}. Nothing was "
                "run. Return something else (a table, an array, plain values, a pathlib.Path of a file), register a "
                "serializer for its type, or mend the annotation if it is wrong"
            )
            raise SerializationError(msg)

    def _why_not(self, annotation: Any) -> str:
        """Why nothing holds a value that is annotated so, or an empty string where something may."""
        annotation = meant(annotation)
        if annotation is UNKNOWN or annotation is None or annotation is type(None):  # may store its result by hand
            return ""
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is typing.Annotated:
            return self._why_not(arguments[0])
        if origin in UNIONS:
            reasons = [self._why_not(member) for member in arguments]
            return " and ".join(dict.fromkeys(reasons)) if all(reasons) else ""
        if origin is tuple and ... not in arguments and self._serializer is None:
            return next(filter(None, map(self._why_not, arguments)), "")
        kind = _class_of_locks(annotation) or origin or annotation
        if not isinstance(kind, type) or getattr(kind, "_is_protocol", False):
            return ""
        return self._why_not_class(kind)

    def _why_not_class(self, kind: type) -> str:
        if self._serializer is None and (issubclass(kind, Path) or may_be(kind, type(Path()))):
            return ""
        why = self._refusal(kind, self._asked(kind))
        return "" if why and any(map(self._may_be_taken, below(kind))) else why

    def _may_be_taken(self, kind: type) -> bool:
        """Whether a serializer that names this class, or one above it, takes it."""
        return not self._refusal(kind, [record for record in self._asked(kind) if "*" not in record.types])

    def _refusal(self, kind: type, asked: list[SerializerType]) -> str:
        why = "no serializer takes it"
        for record in asked:
            if record.executes and not self._pickles:
                why = f'only serializer {record.name!r} would, and pickle = "never" of this store rules that out'
                continue
            try:
                if self._registry.make_once(SerializerType, record.name).accepts_type(kind):
                    return ""
            except SerializationError as error:
                return str(error)
        if self._serializer is not None:
            return f"serializer {self._serializer!r}, which was asked for, does not take it"
        return why

    def _asked(self, kind: type) -> list[SerializerType]:
        if self._serializer is not None:
            return named(self._registry, self._serializer, kind)
        return list(candidates(self._registry, kind))


def _class_of_locks(annotation: Any) -> type | None:
    """What `threading.Lock` makes, which was no class before Python 3.13; likewise `RLock`."""
    threading = sys.modules.get("threading")
    if threading is not None and annotation in (threading.Lock, threading.RLock):
        return type(annotation())
    return None
