"""Finds plugins by entry point and loads them one by one, so that a broken one breaks nothing else."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from datanectar.errors import PluginError
from datanectar.plugins import builtin
from datanectar.plugins.manager import PluginInfo, PluginManager, is_verbose, plugin_log

if TYPE_CHECKING:
    from importlib_metadata import EntryPoint

ENTRY_POINT_GROUP = "datanectar"
LOAD_VARIABLE = "DATANECTAR_LOAD_PLUGINS"
DISABLE_VARIABLE = "DATANECTAR_DISABLE_PLUGINS"
DISABLE_KEY = "[plugins] disable"
_found: dict[tuple[str, ...], list[EntryPoint]] = {}


def load_plugins(disable: Iterable[str] = ()) -> PluginManager:
    """Makes a manager with the built-ins and every installed plugin that is not disabled.

    Args:
        disable: Entry point or distribution names from the configuration. ``DATANECTAR_LOAD_PLUGINS=a,b``
            (only these, ``*`` for all) and ``DATANECTAR_DISABLE_PLUGINS=a,b`` or ``*`` (not these) are obeyed
            too. What is disabled is never imported.
    """
    manager = PluginManager()
    manager.register(builtin, "builtin", PluginInfo("builtin", "datanectar-core"))
    entry_points = installed()
    switches = _Switches(_names(",".join(disable)))
    switches.warn_about_strangers(entry_points)
    disabled = []
    for entry_point in entry_points:
        info = describe(entry_point)
        reason = switches.disabled_by(info)
        if reason:
            disabled.append(replace(info, status="disabled", disabled_by=reason))
        else:
            _load(manager, entry_point, info)
    for info in disabled:
        _note(manager, info)
    return manager


def installed() -> list[EntryPoint]:
    """Returns the entry points of all installed plugins, by name."""
    from importlib_metadata import entry_points

    place = tuple(sys.path)
    if place not in _found:  # reading the metadata of everything installed takes longer than all the rest
        points = entry_points(group=ENTRY_POINT_GROUP)
        _found[place] = sorted(points, key=lambda point: (point.name, describe(point).distribution))
    return _found[place]


def describe(entry_point: EntryPoint) -> PluginInfo:
    """Returns whose an entry point is."""
    distribution = entry_point.dist
    if distribution is None:
        return PluginInfo(entry_point.name)
    # To ask for `name` and `version` would import all that e-mail is parsed with, sockets included.
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    found = dict(re.findall(r"(?m)^(Name|Version):\s*(\S+)", text.partition("\n\n")[0]))
    return PluginInfo(entry_point.name, found.get("Name", ""), found.get("Version", ""))


def _load(manager: PluginManager, entry_point: EntryPoint, info: PluginInfo) -> None:
    earlier = manager.infos.get(info.name)
    try:
        if earlier is not None:
            msg = f"two plugins are called {info.name!r}: one of {earlier.origin}, one of {info.origin}"
            raise PluginError(f"{msg}; uninstall or disable one of these distributions")
        manager.register(entry_point.load(), info.name, info)
    except (Exception, SystemExit) as error:
        # Whatever a third party's module raises on import, the other plugins must still load.
        plugin_log().warning("%s failed to load: %s", info.label, error, exc_info=is_verbose())
        _note(manager, info.failed(error))


def _note(manager: PluginManager, info: PluginInfo) -> None:
    """Lists a plugin that is not registered; its name may be another's, too."""
    key = info.name if info.name not in manager.infos else f"{info.name} ({info.distribution})"
    manager.infos[key] = info


class _Switches:
    """The allow-list and the deny-lists, and which of them disables a plugin."""

    def __init__(self, configured: frozenset[str]) -> None:
        self.allowed = _names(os.environ[LOAD_VARIABLE]) if LOAD_VARIABLE in os.environ else None
        self.denied = _names(os.environ.get(DISABLE_VARIABLE, ""))
        self.configured = configured

    def disabled_by(self, info: PluginInfo) -> str:
        aliases = {_normal(info.name), _normal(info.distribution)}
        if self.denied & (aliases | {"*"}):
            return DISABLE_VARIABLE
        if self.configured & (aliases | {"*"}):
            return DISABLE_KEY
        if self.allowed is not None and not self.allowed & (aliases | {"*"}):
            return LOAD_VARIABLE
        return ""

    def warn_about_strangers(self, entry_points: list[EntryPoint]) -> None:
        infos = [describe(entry_point) for entry_point in entry_points]
        known = {"*", *(_normal(name) for info in infos for name in (info.name, info.distribution))}
        for source, names in (
            (LOAD_VARIABLE, self.allowed or frozenset()),
            (DISABLE_VARIABLE, self.denied),
            (DISABLE_KEY, self.configured),
        ):
            for name in sorted(names - known):
                plugin_log().warning("%s names %r, but no installed plugin is called that", source, name)


def _names(text: str) -> frozenset[str]:
    return frozenset(_normal(part.strip()) for part in text.split(",") if part.strip())


def _normal(name: str) -> str:
    """A name as package indexes compare it: ``Datanectar_S3`` is ``datanectar-s3``."""
    return re.sub(r"[-_.]+", "-", name).lower()
