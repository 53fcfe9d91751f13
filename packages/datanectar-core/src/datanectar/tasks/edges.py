"""Edges between tasks: whether what one returns can be what another takes."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any

from datanectar.values.annotations import UNKNOWN

_UNIONS = (typing.Union, types.UnionType)


def fits(made: Any, wanted: Any) -> bool:
    """Whether a value annotated `made` may be one annotated `wanted`. Only certain contradictions say no."""
    if made is wanted or made is UNKNOWN or wanted is UNKNOWN:  # most edges are of one class
        return True
    if typing.get_origin(made) in _UNIONS:
        return any(fits(member, wanted) for member in typing.get_args(made))
    if typing.get_origin(wanted) in _UNIONS:
        return any(fits(made, member) for member in typing.get_args(wanted))
    if hasattr(typing.get_origin(wanted), "_as_artifact"):  # Artifact[int] wants the handle of an int
        return fits(made, typing.get_args(wanted)[0])
    made_class, wanted_class = _class(made), _class(wanted)
    if made_class is None or wanted_class is None or hasattr(wanted_class, "_as_artifact"):
        return True
    if wanted_class in (float, complex) and made_class in (int, float):
        return True
    try:
        if issubclass(made_class, wanted_class) or issubclass(wanted_class, made_class):
            return True
        return any(issubclass(kind, wanted_class) for kind in _subclasses(made_class))
    except TypeError:  # a protocol with data members
        return True


def _subclasses(kind: type) -> Iterator[type]:
    """Two unrelated classes may meet in a third, as mixins do."""
    pending, seen = [kind], {kind}
    while pending:
        found: set[type] = {*pending.pop().__subclasses__()} - seen
        seen |= found
        pending += found
        yield from found


def _class(annotation: Any) -> type | None:
    if annotation is None:
        return type(None)
    if typing.get_origin(annotation) is typing.Annotated:
        return _class(typing.get_args(annotation)[0])
    found = typing.get_origin(annotation) or annotation
    return found if isinstance(found, type) and not getattr(found, "_is_protocol", False) else None
