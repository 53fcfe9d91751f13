"""A component under test: one that is installed, by its name, or a record that nobody has registered yet."""

from __future__ import annotations

from typing import TypeVar

from datanectar.configuration.settings import Settings
from datanectar.hookspecs import hookimpl
from datanectar.records import ComponentType, NamingType, OrchestratorType, SerializerType
from datanectar.registry import registry

R = TypeVar("R", bound=ComponentType)


class _Bringer:
    """A plugin that brings one record."""

    def __init__(self, record: ComponentType) -> None:
        self._record = record

    def _if_it_is(self, kind: type[R]) -> list[R]:
        return [self._record] if isinstance(self._record, kind) else []

    @hookimpl
    def datanectar_serializers(self) -> list[SerializerType]:
        return self._if_it_is(SerializerType)

    @hookimpl
    def datanectar_namings(self) -> list[NamingType]:
        return self._if_it_is(NamingType)

    @hookimpl
    def datanectar_orchestrators(self) -> list[OrchestratorType]:
        return self._if_it_is(OrchestratorType)


def bring(kind: type[R], given: R | str, active: Settings) -> R:
    """Registers a record in the settings in force; of an installed component, only its name is needed.

    Raises:
        PluginError: The record breaks a rule, or its name is taken.
        PluginNotFoundError: Nothing of this name is installed.
    """
    if isinstance(given, str):
        return registry(active).find(kind, given)
    if not isinstance(given, kind):
        raise TypeError(f"the fixture gives {given!r}; wanted is the name of an installed one, or a {kind.__name__}")
    active.manager.register(_Bringer(given), "brought by the test")
    found = registry(active)
    component = found.components(kind).get(given.name)
    failed = active.manager.infos["brought by the test"].error
    if failed is not None and component is None:
        raise failed
    return found.find(kind, given.name)
