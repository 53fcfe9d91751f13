"""`check_plugin`: what a plugin owes to everybody who has it installed; all that is wrong is told at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datanectar.errors import PluginError, PluginNotFoundError
from datanectar.plugins import builtin, discovery
from datanectar.plugins.manager import PluginInfo, PluginManager
from datanectar.registry import HOOKS, Component, Registry
from datanectar.testing.fresh_process import LISTING, modules_after
from datanectar.testing.record_checks import problems_of

if TYPE_CHECKING:
    from importlib_metadata import EntryPoint

#: What is checked, in this order, as `CheckedPlugin.checked` says it.
CHECKS = (
    "the entry point names a module that can be imported",
    "importing that module imports nothing but datanectar",
    "listing what it brings imports no more",
    "it is registered by the rules of hooks",
    "its records are sound, and no other plugin has their names",
    "each factory can be imported and makes what its hook promises",
    "options are frozen dataclasses, each field with its help, secrets marked and not shown",
    "URL schemes are read by from_url",
)


@dataclass(frozen=True, slots=True)
class CheckedPlugin:
    """A plugin with which all is well.

    Attributes:
        name: The entry point's name.
        distribution: Who brings it, as ``datanectar-s3 1.2``.
        brings: Its components, as ``storage s3``.
        checked: What was checked, a line each.
    """

    name: str
    distribution: str
    brings: tuple[str, ...]
    checked: tuple[str, ...] = CHECKS


def check_plugin(name: str) -> CheckedPlugin:
    """Checks an installed plugin; in a test, ``check_plugin("s3")`` is all there is to write.

    Args:
        name: The entry point's name, in the group ``datanectar``.

    Returns:
        What it brings, and what was checked.

    Raises:
        PluginError: It breaks rules; the message has all of them.
        PluginNotFoundError: No installed distribution has an entry point of this name.
    """
    entry_point = _entry_point(name)
    info = discovery.describe(entry_point)
    brought: list[Component] = []
    try:
        plugin = entry_point.load()
    except (Exception, SystemExit) as error:
        problems = [f"{entry_point.value} cannot be imported: {type(error).__name__}: {error}"]
    else:
        problems = list(_registered(plugin, info, brought))
        problems += _heavy(entry_point, is_registered=not problems)
        for component in brought:
            problems += problems_of(component.record)
    if problems:
        shown = "".join(f"\n  {number}. {problem}" for number, problem in enumerate(problems, 1))
        raise PluginError(f"{info.label} breaks {len(problems)} rule{'s' * (len(problems) > 1)}:{shown}")
    return CheckedPlugin(name, info.origin, tuple(f"{found.record.kind} {found.record.name}" for found in brought))


def _entry_point(name: str) -> EntryPoint:
    points = discovery.installed()
    found = [point for point in points if point.name == name]
    if not found:
        known = ", ".join(sorted({point.name for point in points})) or "none"
        msg = (
            f"no installed plugin is called {name!r}; installed: {known}. An entry point in the group 'datanectar' "
            "makes one, and is there after `pip install -e .`"
        )
        raise PluginNotFoundError(msg)
    if len(found) > 1:
        owners = " and ".join(discovery.describe(point).origin for point in found)
        raise PluginError(f"two plugins are called {name!r}, of {owners}; uninstall one")
    return found[0]


def _registered(plugin: object, info: PluginInfo, brought: list[Component]) -> Iterator[str]:
    """Registers the plugin beside the built-in one, and no other, and adds what it brings."""
    manager = PluginManager()
    manager.register(builtin, "builtin", PluginInfo("builtin", "datanectar-core"))
    try:
        manager.register(plugin, info.name, info)
    except PluginError as error:
        yield str(error)
        return
    if not manager.get_hookcallers(plugin):
        yield "it implements no hook: a function such as datanectar_storages, marked with @datanectar.hookimpl, is one"
    registry = Registry(manager)
    for kind in HOOKS:
        brought += [found for found in registry.components(kind).values() if found.plugin.name == info.name]
    if manager.infos[info.name].error is not None:
        yield str(manager.infos[info.name].error)
    yield from map(str, registry.conflicts.values())


def _heavy(entry_point: EntryPoint, *, is_registered: bool) -> Iterator[str]:
    """What the plugin imports where nothing was imported before it."""
    module = entry_point.module
    listing = [LISTING] if is_registered else []
    try:
        before, alone, *listed = modules_after(f"__import__({module!r})", *listing, plugin=entry_point.name)
    except ImportError as error:
        yield f"in a fresh process with this plugin alone, Datanectar fails: {error}"
        return
    own = module.partition(".")[0]
    first = _strangers(alone, own) - _strangers(before, own)
    if first:
        yield (
            f"{module} imports {', '.join(sorted(first))}, for which everybody who has the plugin installed pays in "
            "every run. It may import datanectar alone: name factories as 'module:attribute', and import the rest there"
        )
    for modules in listed:
        later = _strangers(modules, own) - _strangers(alone, own)
        if later:
            yield f"listing what it brings imports {', '.join(sorted(later))}: hooks are to return records, and no more"


def _strangers(modules: list[str], own: str) -> set[str]:
    """The packages among modules that are neither Python's, nor Datanectar's, nor the plugin's own."""
    return {name.partition(".")[0] for name in modules} - {*sys.stdlib_module_names, "datanectar", own}
