"""``@task`` on a class: on a `NectarTask`, or on the class of a foreign library that a plugin adapts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from datanectar.errors import TaskDefinitionError
from datanectar.tasks.nectar import NectarTask

if TYPE_CHECKING:
    from datanectar.contracts.adapters import TaskAdapter


def decorate_class(kind: type, options: Mapping[str, Any]) -> type:
    """Returns the class with the options of ``@task`` applied.

    Raises:
        TaskDefinitionError: Neither Datanectar nor an installed plugin knows what to do with the class.
    """
    if issubclass(kind, NectarTask):
        kind._set_options(options)
        return kind
    adapter = adapter_of(kind)
    if adapter is None:
        msg = (
            f"@task cannot go on {kind.__qualname__}: it is no dn.NectarTask, and no installed plugin adapts its bases "
            f"({', '.join(_names(kind))}). For luigi.Task: pip install datanectar-luigi"
        )
        raise TaskDefinitionError(msg)
    return adapter.decorate(kind, options)


def adapter_of(kind: type) -> TaskAdapter | None:
    """Returns the adapter of a foreign class, told by the names of its bases; nothing foreign is imported."""
    from datanectar.configuration.active import current
    from datanectar.records import TaskAdapterType
    from datanectar.registry import registry

    found = registry(current())
    names = set(_names(kind))
    for component in found.components(TaskAdapterType).values():
        if names & set(component.record.bases):
            return found.make_once(TaskAdapterType, component.record.name)  # type: ignore[no-any-return]
    return None


def _names(kind: type) -> list[str]:
    return [f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__ if base is not object]
