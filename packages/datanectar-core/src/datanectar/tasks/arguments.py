"""Arguments of a task call: checked and copied at the call, so that a later change to a list changes nothing."""

from __future__ import annotations

import datetime as dt
import enum
import sys
from collections.abc import Callable, Mapping
from typing import Any

from datanectar.errors import ArgumentError
from datanectar.tasks.inputs import File, Secret
from datanectar.tasks.signature import Signature
from datanectar.values.annotations import MISMATCH, UNKNOWN, convert, describe

_DEEPEST = 50
_PLAIN = {
    *(type(None), bool, int, float, complex, str, bytes),
    *(dt.date, dt.timedelta),
}
_ZONED = {dt.datetime, dt.time}
_INPUTS = {File, Secret}
#: Plain types whose modules are not imported for the sake of telling them; nor is typed JSON, before it is needed.
_PLAIN_BY_NAME = {"decimal.Decimal", "uuid.UUID"}


def check_arguments(signature: Signature, bound: Mapping[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """Returns the arguments of a call, copied and as their annotations want them, and the artifacts among them.

    Raises:
        ArgumentError: A value is of a kind that has no name, or contradicts its annotation; the parameter and the
            ways out are named.
    """
    artifacts: list[Any] = []
    annotations = signature.annotations
    checked = {}
    for name, value in bound.items():
        kind = type(value)
        # Most arguments are plain and of their annotated type: there is nothing to copy and nothing to convert.
        if kind not in _PLAIN or annotations.get(name) is not kind:
            value = _check(signature, name, value, artifacts)
        checked[name] = value
    return checked, artifacts


def _check(signature: Signature, name: str, value: Any, artifacts: list[Any]) -> Any:
    copied = value if type(value) in _PLAIN else _copy(value, _Place(signature.task, name), artifacts, 0)
    annotation = signature.annotations.get(name, UNKNOWN)
    if annotation is UNKNOWN:
        return copied
    if name == signature.rest:
        annotation = tuple.__class_getitem__((annotation, ...))
    elif name == signature.extra:
        annotation = dict.__class_getitem__((str, annotation))
    found = convert(copied, annotation)
    if found is not MISMATCH:
        return found
    if value is signature.defaults.get(name):  # ``depth: int = None`` is a habit, not a mistake
        return copied
    what = f"makes a {describe(copied.returns)}" if hasattr(copied, "returns") else f"is {copied!r:.80}"
    msg = f"{signature.task}(): {name} wants {describe(annotation)}, but what was given {what}"
    raise ArgumentError(msg)


class _Place:
    """Where in a call a value stands, for messages."""

    __slots__ = ("parameter", "task")

    def __init__(self, task: str, parameter: str) -> None:
        self.task, self.parameter = task, parameter

    def refusal(self, what: str) -> ArgumentError:
        return ArgumentError(f"{self.task}() refuses {self.parameter}: {what}")


def _copy(value: Any, place: _Place, artifacts: list[Any], depth: int) -> Any:
    kind = type(value)
    if kind in _PLAIN or kind in _INPUTS:
        return value
    if kind in _ZONED:
        return _check_zone(value, place)
    if depth > _DEEPEST:
        raise place.refusal(f"it is nested more than {_DEEPEST} deep, or contains itself")
    container = _CONTAINERS.get(kind)
    if container is not None:
        return container(value, place, artifacts, depth + 1)
    handle = getattr(value, "_as_artifact", None)
    if handle is not None and not isinstance(value, type):
        artifacts.append(handle())
        return artifacts[-1]
    if isinstance(value, enum.Enum):
        return value
    if "__dataclass_fields__" in vars(kind):
        return _copy_dataclass(value, place, depth + 1)
    if _is(value, "numpy", "generic"):
        return _from_numpy(value, place)
    if f"{kind.__module__}.{kind.__qualname__}" in _PLAIN_BY_NAME:
        return value
    foreign = _foreign(value, place)
    if foreign is not None:
        artifacts.append(foreign)
        return foreign
    raise place.refusal(_why_not(value))


def _foreign(value: Any, place: _Place) -> Any:
    """The artifact that a task object of another library makes, if it is one."""
    from datanectar.tasks.foreign import artifact_of

    handle = artifact_of(value)
    if handle is not None and not handle.call.stores:
        kind = type(value).__qualname__
        raise place.refusal(
            f"{kind} keeps its result itself, so its value is not known. Decorate it with @dn.task(storage_layer=…) "
            "and store the result there, or read its output in a task that requires it"
        )
    return handle


def _check_zone(value: Any, place: _Place) -> Any:
    from datanectar.values.typed_json import NotPlain, encode

    try:
        encode(value)
    except NotPlain:
        zone = f"{type(value.tzinfo).__module__}.{type(value.tzinfo).__qualname__}"
        raise place.refusal(f"its time zone is a {zone}; pass a zoneinfo.ZoneInfo or a datetime.timezone") from None
    return value


def _copy_items(kind: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda value, *context: kind(_copy(item, *context) for item in value)


def _copy_dict(value: dict[Any, Any], place: _Place, artifacts: list[Any], depth: int) -> dict[Any, Any]:
    for key in value:
        if hasattr(key, "_as_artifact"):
            raise place.refusal("an artifact cannot be the key of a dict; make it a value")
    copied = [
        (_copy(key, place, artifacts, depth), _copy(item, place, artifacts, depth)) for key, item in value.items()
    ]
    # A dict's order is not part of the name, so the task must not see it either.
    found = dict(_in_order(copied))
    if len(found) < len(value):
        raise place.refusal("two keys of the dict are the same as plain values")
    return found


def _in_order(items: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    if {type(key) for key, _ in items} in ({str}, {int}):
        return sorted(items, key=lambda item: item[0])
    from datanectar.values.typed_json import in_order

    return in_order(items)


def _copy_set(value: Any, place: _Place, artifacts: list[Any], depth: int) -> Any:
    if any(hasattr(item, "_as_artifact") for item in value):
        raise place.refusal("artifacts can stand in lists, tuples and dicts, not in a set; make it a list")
    return type(value)(_copy(item, place, artifacts, depth) for item in value)


_CONTAINERS: dict[type, Callable[..., Any]] = {
    list: _copy_items(list),
    tuple: _copy_items(tuple),
    set: _copy_set,
    frozenset: _copy_set,
    dict: _copy_dict,
}


def _copy_dataclass(value: Any, place: _Place, depth: int) -> Any:
    import copy
    import dataclasses

    artifacts: list[Any] = []
    copied = copy.copy(value)
    for field in dataclasses.fields(value):
        object.__setattr__(copied, field.name, _copy(getattr(value, field.name), place, artifacts, depth))
    if artifacts:
        raise place.refusal("artifacts can stand in lists, tuples and dicts, not in a dataclass; pass it beside it")
    return copied


def _from_numpy(value: Any, place: _Place) -> Any:
    plain = value.item()
    is_time = value.dtype.kind in "mM"  # item() makes nanoseconds an int, and NaT a None
    if type(plain) in (_TIMES if is_time else _PLAIN):
        return plain
    hint = "its text, or value.astype('datetime64[us]').item()" if value.dtype.kind == "M" else "text or a number"
    raise place.refusal(f"NumPy's {value.dtype} {value} has no plain Python value; pass {hint}")


_TIMES = {dt.date, dt.datetime, dt.timedelta}


def _is(value: Any, module: str, name: str) -> bool:
    """Whether a value is of a class whose module may not be imported."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(value, kind)


def _why_not(value: Any) -> str:
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if getattr(value, "_is_task", False):
        return f"{getattr(value, '__name__', name)} is a task, not an artifact; call it, with its parameters"
    if isinstance(value, type) and hasattr(value, "_as_artifact"):
        return f"{value.__qualname__} is a class, not an artifact; make an instance of it, with its parameters"
    if hasattr(value, "__fspath__"):
        return "a path says where, not what; pass dn.File(path) for the file's content, or str(path) for the place"
    if callable(value):
        return f"{getattr(value, '__qualname__', name)} is code; call it inside the task, or pass its name"
    plain = next((base for base in kind.__mro__[1:] if base in _PLAIN or base in _ZONED or base in _CONTAINERS), None)
    if plain is dt.datetime:
        return f"{name} is more than a datetime; pass value.to_pydatetime(), or its text"
    if hasattr(kind, "__dataclass_fields__"):
        return f"{name} is a subclass of a dataclass, but none itself; decorate it too, so that its fields are known"
    if plain is not None:
        return (
            f"{name} is a subclass of {plain.__name__}, and its extra state has no name; pass {plain.__name__}(value)"
        )
    return (
        f"a {name} cannot be part of a name. Pass the artifact that makes it (the call of a task), dn.File(path) for "
        "a file, or the plain values it is made of"
    )
