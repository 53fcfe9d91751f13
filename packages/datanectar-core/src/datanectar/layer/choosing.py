"""Which serializers are asked about a value: by its class, or by the name that somebody gave."""

from __future__ import annotations

from collections.abc import Iterator

from datanectar.errors import PluginNotFoundError
from datanectar.records import SerializerType
from datanectar.registry import Registry


def candidates(registry: Registry, kind: type) -> Iterator[SerializerType]:
    """Yields the serializers to ask about values of a type: those that name it first, ``"*"`` last."""
    names = _names(kind)
    records = [component.record for component in registry.components(SerializerType).values()]
    # Of several that name the type, a plugin's is asked before the built-in ones, which are registered first.
    yield from (record for record in reversed(records) if names & set(record.types))
    yield from (record for record in records if "*" in record.types and not record.executes)
    yield from (record for record in records if "*" in record.types and record.executes)


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
