"""Which serializers are asked about a value: by its class, or by the name that somebody gave."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from datanectar.errors import PluginNotFoundError
from datanectar.records import SerializerType
from datanectar.registry import Registry

#: What was found for a type, as long as its registry lives: a run stores values of few types, many times.
_found: WeakKeyDictionary[Registry, dict[type, list[SerializerType]]] = WeakKeyDictionary()


def candidates(registry: Registry, kind: type) -> list[SerializerType]:
    """Returns the serializers to ask about values of a type: those that name it first, ``"*"`` last."""
    known = _found.setdefault(registry, {})
    if kind not in known:
        names = _names(kind)
        records = [component.record for component in registry.components(SerializerType).values()]
        known[kind] = [
            # Of several that name the type, a plugin's is asked before the built-in ones, which are registered first.
            *(record for record in reversed(records) if names & set(record.types)),
            *(record for record in records if "*" in record.types and not record.executes),
            *(record for record in records if "*" in record.types and record.executes),
        ]
    return known[kind]


def named(registry: Registry, name: str, kind: type) -> list[SerializerType]:
    """Returns the serializers that a name stands for: one, or those of a format that name the type.

    Raises:
        PluginNotFoundError: There is neither a serializer nor a format of this name.
    """
    records = [component.record for component in registry.components(SerializerType).values()]
    of_format = [record for record in records if record.format == name]
    if not of_format:
        try:
            return [registry.find(SerializerType, name)]
        except PluginNotFoundError as error:
            formats = ", ".join(sorted({record.format for record in records} - {""}))
            raise PluginNotFoundError(f"{error}; or a format: {formats}") from error
    return [record for record in of_format if _names(kind) & set(record.types)]


def _names(kind: type) -> set[str]:
    return {f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__} | {kind.__qualname__}
