"""The registry: records collected from plugins, picked by the name in the configuration."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from datanectar import records
from datanectar.configuration.files import Setting
from datanectar.configuration.options import make_options
from datanectar.configuration.settings import Settings
from datanectar.contracts.serialization import EXTENSION
from datanectar.errors import PluginError, PluginLoadError, PluginNotFoundError
from datanectar.plugins.manager import PluginInfo, PluginManager

#: Components that Datanectar's own packages bring, for the hint to install them.
FIRST_PARTY = {
    ("storage", "s3"): "datanectar-s3",
    ("storage", "azure"): "datanectar-azure",
    ("orchestrator", "luigi"): "datanectar-luigi",
    ("orchestrator", "dask"): "datanectar-dask",
    ("feature store", "feast"): "datanectar-feast",
    ("task adapter", "luigi"): "datanectar-luigi",
    ("service", "luigid"): "datanectar-luigi",
    ("service", "feast"): "datanectar-feast",
}

#: The hook that each kind of record comes from.
HOOKS: dict[type[records.ComponentType], str] = {
    records.StorageType: "datanectar_storages",
    records.NamingType: "datanectar_namings",
    records.OrchestratorType: "datanectar_orchestrators",
    records.SerializerType: "datanectar_serializers",
    records.FeatureStoreType: "datanectar_feature_stores",
    records.ServiceType: "datanectar_services",
    records.TaskAdapterType: "datanectar_task_adapters",
    records.CommandType: "datanectar_commands",
}
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")

R = TypeVar("R", bound=records.ComponentType)


class Component(NamedTuple):
    """A record and the plugin that brings it."""

    record: Any
    plugin: PluginInfo


class Registry:
    """Looks up components of every kind."""

    def __init__(self, manager: PluginManager) -> None:
        self._manager = manager
        self._collected: dict[type, dict[str, Component]] = {}
        self._made: dict[tuple[type, str], Any] = {}
        #: Names that two plugins claim; using one raises.
        self.conflicts: dict[tuple[type, str], PluginError] = {}

    def components(self, kind: type[records.ComponentType]) -> dict[str, Component]:
        """Returns every component of a kind by name, built-in ones first, then by plugin name.

        A plugin that returns something else than records is marked as failed and left out.
        """
        found = self._collected.get(kind)
        if found is None:
            found = self._collected[kind] = self._collect(kind)
        return found

    def _collect(self, kind: type[records.ComponentType]) -> dict[str, Component]:
        found: dict[str, Component] = {}
        hook = HOOKS[kind]
        for implementation in self._manager.observers(hook):
            plugin = self._manager.infos[implementation.plugin_name]
            try:
                brought = _records(implementation.function, kind, hook, plugin)
            except PluginError as error:  # the others still work; using what this one offers raises
                self._manager.infos[implementation.plugin_name] = plugin.failed(error)
                continue
            for record in brought:
                other = found.setdefault(record.name, Component(record, plugin))
                if other.record is not record:
                    msg = (
                        f"{kind.kind} {record.name!r} is claimed by two plugins: {other.plugin.origin} and "
                        f"{plugin.origin}; uninstall or disable one"
                    )
                    self.conflicts[kind, record.name] = PluginError(msg)
        return found

    def offers(self) -> dict[str, list[str]]:
        """Returns what each plugin brings, such as ``storage s3``, by the plugin's name."""
        found: dict[str, list[str]] = {}
        for kind in HOOKS:
            for name, component in self.components(kind).items():
                found.setdefault(component.plugin.name, []).append(f"{kind.kind} {name}")
        return found

    def find(self, kind: type[R], name: str) -> R:
        """Returns the record of this name.

        Raises:
            PluginNotFoundError: It is unknown, not installed or disabled.
            PluginLoadError: Its plugin failed to load.
            PluginError: Two plugins claim the name; both are named.
        """
        found = self.components(kind).get(name)
        if self.conflicts and (kind, name) in self.conflicts:
            raise self.conflicts[kind, name]
        if found is not None:
            return found.record  # type: ignore[no-any-return]
        raise self._missing(kind, name)

    def _missing(self, kind: type[records.ComponentType], name: str) -> Exception:
        package = FIRST_PARTY.get((kind.kind, name))
        what = f"{kind.kind} {name!r}"
        for info in self._manager.infos.values():
            if info.name == name or info.distribution == package:
                if info.status == "disabled":
                    return PluginNotFoundError(f"{what} is disabled by {info.disabled_by}")
                if info.status == "failed":
                    return _load_error(what, info, info.error)
        if package is not None:
            return PluginNotFoundError(f"{what} is not installed: pip install {package}")
        installed = sorted(self.components(kind))
        first_party = [known for owner, known in FIRST_PARTY if owner == kind.kind]
        near = _nearest(name, installed) or _nearest(name, first_party)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        absent = "".join(f". {_absence(info)}" for info in self._manager.infos.values() if info.status != "ok")
        return PluginNotFoundError(f"unknown {what}{hint} Installed: {', '.join(installed) or 'none'}{absent}")

    def make(
        self,
        kind: type[records.ComponentType],
        name: str,
        settings: Mapping[str, Setting],
        *,
        where: str,
        root: Path,
    ) -> Any:
        """Makes a component from its settings.

        Raises:
            ConfigurationError: An option is wrong; `where` names its table.
            PluginNotFoundError: It is unknown, not installed or disabled.
            PluginLoadError: Its factory or options failed to import.
        """
        return self.build(kind, name, make_options(self.options_class(kind, name), settings, where=where, root=root))

    def build(self, kind: type[records.ComponentType], name: str, options: Any) -> Any:
        """Makes a component from its options, or from nothing where it has none."""
        factory = self.resolve(kind, name, self.find(kind, name).factory)
        try:
            return factory() if options is None else factory(options)
        except ImportError as error:  # a factory that imports its SDK when it is called
            raise _load_error(f"{kind.kind} {name!r}", self.components(kind)[name].plugin, error) from error

    def make_once(self, kind: type[records.ComponentType], name: str) -> Any:
        """Makes a component that has no options, once."""
        key = (kind, name)
        if key not in self._made:
            self._made[key] = self.resolve(kind, name, self.find(kind, name).factory)()
        return self._made[key]

    def options_class(self, kind: type[records.ComponentType], name: str) -> type | None:
        """Returns the class of a component's options, importing it if need be."""
        options = self.find(kind, name).options
        if options is None:
            return None
        found: type = self.resolve(kind, name, options)
        if not dataclasses.is_dataclass(found):
            origin = self.components(kind)[name].plugin.origin
            raise PluginError(f"{kind.kind} {name!r} of {origin}: its options, {options}, must be a dataclass")
        return found

    def resolve(self, kind: type[records.ComponentType], name: str, reference: Any) -> Any:
        """Imports ``"module:attribute"``; anything else is returned as it is."""
        if not isinstance(reference, str):
            return reference
        module, _, attribute = reference.partition(":")
        try:
            return getattr(import_module(module), attribute)
        except Exception as error:
            plugin = self.components(kind)[name].plugin
            raise _load_error(f"{kind.kind} {name!r}", plugin, error) from error


def _load_error(what: str, plugin: PluginInfo, cause: BaseException | None) -> PluginLoadError:
    error = PluginLoadError(f"{what} is installed ({plugin.origin}) but failed to load: {cause}")
    error.__cause__ = cause
    return error


def _nearest(name: str, known: list[str]) -> list[str]:
    return difflib.get_close_matches(name, known, 1, cutoff=0.5)  # s4 is half of s3


def _absence(info: PluginInfo) -> str:
    """Why a plugin, which may bring what is looked for, brings nothing."""
    if info.status == "disabled":
        return f"{info.label} is disabled by {info.disabled_by}"
    return f"{info.label} failed to load: {info.error}"


def _records(function: Any, kind: type[R], hook: str, plugin: PluginInfo) -> Iterable[R]:
    try:
        found = list(function())
    except Exception as error:
        raise PluginError(f"{hook} of {plugin.origin} failed: {type(error).__name__}: {error}") from error
    for record in found:
        problem = _problem(record, kind)
        if problem:
            raise PluginError(f"{hook} of {plugin.origin} returned {record!r}: {problem}")
    return found


def _problem(record: Any, kind: type) -> str:
    if not isinstance(record, kind):
        return f"not a {kind.__name__}"
    assert isinstance(record, records.ComponentType)
    if not isinstance(record.name, str) or _NAME.fullmatch(record.name) is None:
        return "its name must be of a-z 0-9 _ -"
    if not record.summary or "\n" in record.summary:
        return "its summary must be one line"
    if isinstance(record.options, type) and not dataclasses.is_dataclass(record.options):
        return "its options must be a dataclass"
    if not (callable(record.factory) or (isinstance(record.factory, str) and ":" in record.factory)):
        return "its factory must be callable or 'module:attribute'"
    if isinstance(record, records.StorageType) and record.schemes and record.options is None:
        return "with schemes it needs options that have from_url(url)"
    if isinstance(record, records.SerializerType):
        if isinstance(record.types, str) or not record.types:
            return "its types must be a tuple of qualified names"
        if EXTENSION.fullmatch(record.extension) is None:
            return "its extension must be of a-z 0-9 . _ -, without a dot in front"
    return ""


def registry(settings: Settings) -> Registry:
    """Returns the registry of the settings' plugins."""
    found = settings.cache.get(Registry)
    if found is None:
        found = settings.cache[Registry] = Registry(settings.manager)
    return found
