"""Finds plugins by entry point and loads them one by one, so that a broken one breaks nothing else."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from datanectar.errors import PluginError
from datanectar.plugins import builtin
from datanectar.plugins.manager import PluginInfo, PluginManager

if TYPE_CHECKING:
    from importlib_metadata import EntryPoint

ENTRY_POINT_GROUP = "datanectar"
LOAD_VARIABLE = "DATANECTAR_LOAD_PLUGINS"
DISABLE_VARIABLE = "DATANECTAR_DISABLE_PLUGINS"
DISABLE_KEY = "[plugins] disable"
_log = logging.getLogger("datanectar.plugins")


def load_plugins(disable: Iterable[str] = ()) -> PluginManager:
    """Makes a manager with the built-ins and every installed plugin that is not disabled.

    Args:
        disable: Entry point or distribution names from the configuration. ``DATANECTAR_LOAD_PLUGINS=a,b``
            (only these) and ``DATANECTAR_DISABLE_PLUGINS=a,b`` or ``*`` (not these) are obeyed too. What is
            disabled is never imported.
    """
    manager = PluginManager()
    manager.register(builtin, "builtin")
    entry_points = _entry_points()
    switches = _Switches(frozenset(disable))
    switches.warn_about_strangers(entry_points)
    for entry_point in entry_points:
        _load(manager, entry_point, switches)
    return manager


def _entry_points() -> list[EntryPoint]:
    from importlib_metadata import entry_points

    found = entry_points(group=ENTRY_POINT_GROUP)
    return sorted(found, key=lambda point: (point.name, point.dist.name if point.dist else ""))


def _load(manager: PluginManager, entry_point: EntryPoint, switches: _Switches) -> None:
    distribution = entry_point.dist.name if entry_point.dist else ""
    version = entry_point.dist.version if entry_point.dist else ""
    name = entry_point.name
    reason = switches.disabled_by(name, distribution)
    if reason:
        manager.infos.setdefault(name, PluginInfo(name, distribution, version, "disabled", disabled_by=reason))
        return
    earlier = manager.infos.get(name)
    info = PluginInfo(name, distribution, version)
    try:
        if earlier is not None and earlier.status != "disabled":
            msg = f"two plugins are called {name!r}: one of {earlier.origin}, one of {info.origin}; uninstall one"
            raise PluginError(msg)
        manager.register(entry_point.load(), name, info)
    except Exception as error:
        # Whatever a third party's module raises on import, the other plugins must still load.
        _log.warning("plugin %r (%s) failed to load: %s", name, info.origin, error)
        key = name if earlier is None else f"{name} ({distribution})"
        manager.infos[key] = PluginInfo(name, distribution, version, "failed", error)


class _Switches:
    """The allow-list and the deny-lists, and which of them disables a plugin."""

    def __init__(self, configured: frozenset[str]) -> None:
        self.allowed = _names(os.environ[LOAD_VARIABLE]) if LOAD_VARIABLE in os.environ else None
        self.denied = _names(os.environ.get(DISABLE_VARIABLE, ""))
        self.configured = configured

    def disabled_by(self, name: str, distribution: str) -> str:
        aliases = {name, distribution}
        if self.denied & (aliases | {"*"}):
            return DISABLE_VARIABLE
        if self.configured & (aliases | {"*"}):
            return DISABLE_KEY
        if self.allowed is not None and not self.allowed & aliases:
            return LOAD_VARIABLE
        return ""

    def warn_about_strangers(self, entry_points: list[EntryPoint]) -> None:
        known = {"*"} | {p.name for p in entry_points} | {p.dist.name for p in entry_points if p.dist}
        for source, names in (
            (LOAD_VARIABLE, self.allowed or frozenset()),
            (DISABLE_VARIABLE, self.denied),
            (DISABLE_KEY, self.configured),
        ):
            for name in sorted(names - known):
                _log.warning("%s names %r, but no installed plugin is called that", source, name)


def _names(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(",") if part.strip())
