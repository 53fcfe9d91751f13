"""The settings in force: every source merged, each value with its origin, and the choice among them."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from datanectar.configuration.files import ConfigurationFile, Setting, flatten
from datanectar.configuration.schema import COMPONENT_TABLES, KEYS, POLICY_MATCHES, check_settings
from datanectar.errors import ConfigurationError
from datanectar.plugins.manager import PluginManager
from datanectar.values.annotations import MISMATCH, describe, parse_text

PREFIX = "DATANECTAR_"
#: Variables that are read elsewhere, by the code that needs them.
OTHER_VARIABLES = ("DATANECTAR_LOAD_PLUGINS", "DATANECTAR_DISABLE_PLUGINS", "DATANECTAR_SIGNING_KEY")
_CHOICES = ("storage_layer", "orchestrator", "feature_store", "workers")
_DIRECT = (*_CHOICES, "profile", "naming", "project")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


class Chooser(Protocol):
    """What a choice is made for: a task, as far as policies and its decorator go."""

    task_type: str
    model_family: str
    name: str

    def option(self, key: str) -> Any:
        """What the decorator says of `key`, or None."""


class Settings:
    """Merged configuration. Precedence: run argument, environment, policy, decorator, profile, packages.

    Attributes:
        root: Where relative paths start.
        file: The configuration file, or None.
        values: All settings but policies, flat, each with its source.
        policies: The rows of ``[[policies]]``; of several that match, the last one decides.
        manager: The plugins.
        cache: What was made from these settings and lives as long as they do.
    """

    def __init__(self, file: ConfigurationFile, manager: PluginManager, overrides: Mapping[str, Any]) -> None:
        self.root, self.file, self.manager = file.root, file.path, manager
        self.cache: dict[Any, Any] = {}
        self.policies: list[dict[str, Setting]] = []
        self.values: dict[str, Setting] = {}
        self._overrides = {key: Setting(value, "settings()") for key, value in _known(overrides).items()}
        for settings in (*_package_defaults(manager), file.settings):
            self._merge(settings)
        self._environment = _environment(self.values)
        self.values |= {key: setting for key, setting in self._environment.items() if key not in _CHOICES}
        self.values |= {key: setting for key, setting in self._overrides.items() if key not in _CHOICES}
        self.profile = str(self.values["profile"].value)
        self._check_profile()

    def _merge(self, settings: Mapping[str, Setting]) -> None:
        check_settings(settings.items())
        for table in {_component(key) for key in settings} - {None}:  # a table given anew replaces the old one
            for key in [key for key in self.values if _component(key) == table]:
                del self.values[key]
        rows: dict[str, dict[str, Setting]] = {}
        for key, setting in settings.items():
            if row := re.match(r"policies(\[\d+\])\.(.+)", key):
                rows.setdefault(row[1], {})[row[2]] = setting
            else:
                self.values[key] = setting
        self.policies += rows.values()

    def _check_profile(self) -> None:
        profiles = {key.split(".")[1] for key in self.values if key.startswith("profiles.")}
        if self.profile not in profiles:
            near = difflib.get_close_matches(self.profile, profiles, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(sorted(profiles))}"
            source = self.values["profile"].source
            raise ConfigurationError(f"there is no profile {self.profile!r} ({source}); {hint}")

    @property
    def project(self) -> str:
        """The project's name, by default that of its directory."""
        return str(self.values["project"].value) if "project" in self.values else self.root.name

    def get(self, key: str, default: Any = None) -> Any:
        """Returns the value of a dotted key."""
        setting = self.values.get(key)
        return default if setting is None else setting.value

    def table(self, prefix: str) -> dict[str, Setting]:
        """Returns the settings below a dotted key, without it."""
        start = prefix + "."
        return {key[len(start) :]: setting for key, setting in self.values.items() if key.startswith(start)}

    def names(self, table: str) -> list[str]:
        """Returns the names of the tables below ``storage`` and its like."""
        return sorted({key.split(".")[1] for key in self.values if key.startswith(table + ".")})

    def all(self) -> dict[str, Setting]:
        """Returns everything that is set, policies included, by dotted key."""
        rows = {
            f"policies[{number}].{key}": value for number, row in enumerate(self.policies) for key, value in row.items()
        }
        chosen = {key: found for key, found in (self._environment | self._overrides).items() if key in _CHOICES}
        return dict(sorted({**self.values, **rows, **chosen}.items()))

    def choose(self, key: str, task: Chooser | None = None, argument: Any = None) -> Setting | None:
        """Returns what is chosen for `key`, such as ``storage_layer``, and who chose it; None if nobody did.

        Args:
            key: ``storage_layer``, ``orchestrator``, ``workers``, ``retries``, …
            task: The task it is chosen for; None for the run as a whole.
            argument: What the caller of `run` asked for; wins over everything.
        """
        if argument is not None:
            return Setting(argument, "argument")
        chosen = self._overrides.get(key) or self._environment.get(key)
        if chosen is None and task is not None:
            chosen = self._policy(key, task) or self._decorator(key, task)
        return chosen or self.values.get(f"profiles.{self.profile}.{key}")

    def _policy(self, key: str, task: Chooser) -> Setting | None:
        facts = {"profile": self.profile, "task_type": task.task_type, "model_family": task.model_family}
        facts["task"] = task.name
        for row in reversed(self.policies):
            if key in row or any(name.startswith(f"{key}.") for name in row):
                wanted = {name: row[name].value for name in POLICY_MATCHES if name in row}
                if all(facts[name] == value for name, value in wanted.items()):
                    return row.get(key) or _sub_table(row, key)
        return None

    def _decorator(self, key: str, task: Chooser) -> Setting | None:
        value = task.option(key)
        return None if value is None else Setting(value, f"@task of {task.name}")


def _sub_table(row: Mapping[str, Setting], key: str) -> Setting:
    below = {name.removeprefix(f"{key}."): setting for name, setting in row.items() if name.startswith(f"{key}.")}
    return Setting({name: setting.value for name, setting in below.items()}, next(iter(below.values())).source)


def _component(key: str) -> str | None:
    parts = key.split(".")
    if parts[0] not in COMPONENT_TABLES or len(parts) < 3:
        return None
    if _NAME.fullmatch(parts[1]) is None:
        raise ConfigurationError(f"[{parts[0]}.{parts[1]}]: names are of a-z 0-9 _ -")
    return f"{parts[0]}.{parts[1]}"


def _package_defaults(manager: PluginManager) -> Iterator[dict[str, Setting]]:
    """What installed packages bring, core's own first, then by plugin name."""
    implementations = manager.hook.datanectar_defaults.get_hookimpls()
    for implementation in sorted(implementations, key=lambda impl: (impl.plugin_name != "builtin", impl.plugin_name)):
        info = manager.infos[implementation.plugin_name]
        source = "built in" if implementation.plugin_name == "builtin" else f"package {info.origin}"
        brought: Any = implementation.function()
        yield {key: Setting(value, source) for key, value in flatten(brought)}


def _known(overrides: Mapping[str, Any]) -> Mapping[str, Any]:
    known = {*_DIRECT, *(key for key in KEYS if "." not in key)}
    for key, value in overrides.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"
            raise ConfigurationError(f"settings() has no {key!r}; {hint}")
        if key in KEYS:
            check_settings([(key, Setting(value, "settings()"))])
    return overrides


def _environment(values: Mapping[str, Setting]) -> dict[str, Setting]:
    """Settings from variables: ``DATANECTAR_PROFILE``, ``DATANECTAR_STORAGE__LAKE__BUCKET``."""
    found: dict[str, Setting] = {}
    for variable in sorted(name for name in os.environ if name.startswith(PREFIX)):
        if variable in OTHER_VARIABLES:
            continue
        path = variable.removeprefix(PREFIX).lower().split("__")
        if len(path) == 1:
            if path[0] in _DIRECT:
                found[path[0]] = _read_variable(path[0], variable)
                continue
            known = [PREFIX + name.upper() for name in _DIRECT] + list(OTHER_VARIABLES)
            near = difflib.get_close_matches(variable, known, 1, cutoff=0.8)
            if near:  # a stranger may belong to a plugin; a near miss is a slip
                raise ConfigurationError(f"unknown variable {variable}; did you mean {near[0]}?")
            continue
        if path[0] in COMPONENT_TABLES and len(path) == 3:
            tables = {key.split(".")[1] for key in values if key.startswith(path[0] + ".")}
            name = next((table for table in tables if table.replace("-", "_") == path[1]), path[1])
            found[f"{path[0]}.{name}.{path[2]}"] = Setting(os.environ[variable], variable)
            continue
        key = ".".join(path)
        found[key] = _read_variable(key, variable)
        check_settings([(key, found[key])])
    return found


def _read_variable(key: str, variable: str) -> Setting:
    known = KEYS.get(key) or KEYS.get(f"profiles.*.{key}")
    text = os.environ[variable]
    if known is None:
        return Setting(text, variable)
    value = parse_text(text, known.annotation)
    if value is MISMATCH:
        raise ConfigurationError(f"{variable}={text!r} must be of type {describe(known.annotation)}")
    return Setting(value, variable)


def load_settings(directory: Path, overrides: Mapping[str, Any]) -> Settings:
    """Reads the configuration that holds in `directory`, and loads the plugins it allows.

    Raises:
        ConfigurationError: Something in it is wrong; the key and its source are named.
    """
    from datanectar.configuration.files import read_configuration
    from datanectar.plugins.discovery import load_plugins

    file = read_configuration(directory)
    check_settings(file.settings.items())
    disable = file.settings.get("plugins.disable", Setting([], "")).value
    manager = load_plugins(disable)
    settings = Settings(file, manager, overrides)
    manager.hook.datanectar_configure.call_historic(kwargs={"settings": settings})
    return settings
