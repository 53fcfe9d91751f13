"""Servers that plugins know how to start."""

from __future__ import annotations

import shlex

from datanectar.configuration.active import current
from datanectar.errors import PluginNotFoundError, UnsupportedError
from datanectar.records import Service, ServiceType
from datanectar.registry import registry


def serve(*names: str) -> None:
    """Starts services on their native configuration files. This release finds them, but cannot start them yet.

    Args:
        *names: Which; by default all that the installed plugins bring.

    Raises:
        PluginNotFoundError: There is none, or one of them is not installed, disabled or unknown.
        UnsupportedError: Always, for services that were found; it says what to start by hand.
    """
    settings = current()
    found = registry(settings)
    wanted = names or tuple(found.components(ServiceType))
    if not wanted:
        raise PluginNotFoundError("no installed plugin brings a service")
    services: list[Service] = [
        found.make(
            ServiceType,
            name,
            settings.table(f"services.{name}"),
            where=f"services.{name}",
            root=settings.root,
        )
        for name in wanted
    ]
    commands = "\n".join(f"  {shlex.join(service.command)}" for service in services)
    raise UnsupportedError(f"this release does not start services; start them yourself:\n{commands}")
