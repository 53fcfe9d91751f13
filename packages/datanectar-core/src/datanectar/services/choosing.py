"""Which services there are: those of plugins, and those of the user's own rows."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from datanectar.configuration.settings import Settings
from datanectar.errors import ConfigurationError, PluginNotFoundError
from datanectar.records import Service, ServiceType
from datanectar.registry import FIRST_PARTY, registry
from datanectar.services.rows import service_of


@dataclass(frozen=True)
class Chosen:
    """The services to start, and those that are not.

    Attributes:
        root: The project's directory.
        services: In the order in which they are named, or that of plugins and then rows.
        left_out: Why a service of a plugin, which nobody asked for, cannot be started here; by name.
    """

    root: Path
    services: list[Service]
    left_out: dict[str, str]


def choose(settings: Settings, names: tuple[str, ...] = ()) -> Chosen:
    """Returns the services of these names, or all that fit this project.

    Raises:
        ConfigurationError: An option is wrong, or a native file is missing.
        PluginNotFoundError: There is none, or one of them is not installed, disabled or unknown.
    """
    rows = settings.names("services")
    wanted = dict.fromkeys(names or (*registry(settings).components(ServiceType), *rows))
    services, left_out = [], {}
    for name in wanted:
        try:
            services.append(make(settings, name))
        except ConfigurationError as error:
            if name in names or name in rows:
                raise
            left_out[name] = str(error)  # its plugin is installed for something else
    if not services:
        reasons = "".join(f"\n  {name}: {reason}" for name, reason in left_out.items())
        raise PluginNotFoundError(
            "there is no service to start. Describe one in [services.NAME], with its command, or install a plugin that "
            f"brings one, such as datanectar-luigi{reasons}"
        )
    return Chosen(settings.root, services, left_out)


def make(settings: Settings, name: str) -> Service:
    """Returns one service, of a plugin or a row."""
    table, known = settings.table(f"services.{name}"), registry(settings).components(ServiceType)
    rows = settings.names("services")
    if name not in known and name in rows:
        package = FIRST_PARTY.get((ServiceType.kind, name))
        if package is not None and "command" not in table:
            raise PluginNotFoundError(f"service {name!r} is not installed: pip install {package}; or give its command")
        return service_of(name, table, settings.root)
    near = difflib.get_close_matches(name, rows, 1)
    if name not in known and near and (ServiceType.kind, name) not in FIRST_PARTY:
        raise PluginNotFoundError(f"unknown service {name!r}; did you mean {near[0]!r}?")
    where = f"services.{name}"
    made: Service = registry(settings).make(ServiceType, name, table, where=where, root=settings.root)
    return made
