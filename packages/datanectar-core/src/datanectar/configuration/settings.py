"""The settings in force: every source merged, each value with its origin, and the choice among them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from datanectar.configuration.environment import read_environment
from datanectar.configuration.files import ConfigurationFile, Setting, flatten
from datanectar.configuration.schema import (
    CHOICES,
    COMPONENT_TABLES,
    DIRECT,
    POLICY_MATCHES,
    check_choice,
    check_settings,
)
from datanectar.errors import ConfigurationError
from datanectar.plugins.manager import PluginManager

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
        package_policies: The rows that installed packages bring; the user's own choices win over them.
        manager: The plugins.
        overrides: What `settings` or the command line chose.
        cache: What was made from these settings and lives as long as they do.
    """

    def __init__(
        self, file: ConfigurationFile, manager: PluginManager, overrides: Mapping[str, Any], origin: str
    ) -> None:
        self.root, self.file, self.manager = file.root, file.path, manager
        self.cache: dict[Any, Any] = {}
        self._chosen: dict[tuple[str, Chooser | None], Setting | None] = {}
        self.values: dict[str, Setting] = {}
        self.overrides = _checked(overrides, origin)
        self.package_policies: list[dict[str, Setting]] = []
        for brought in _package_defaults(manager):
            self.package_policies += self._merge(brought)
        self.policies = self._merge(file.settings)
        self._environment = read_environment(self.values)
        own = self._environment | self.overrides
        self.values |= {key: setting for key, setting in own.items() if key not in CHOICES}
        #: Keys that the user set; the others are of packages.
        self._own = {*file.settings, *own}
        self.profile = str(self.values["profile"].value)
        self._check_profile()

    def _merge(self, settings: Mapping[str, Setting]) -> list[dict[str, Setting]]:
        """Adds settings to `values`, and returns the policies among them."""
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
        return list(rows.values())

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
        """Returns everything that is set, policies included, by dotted key; tables without keys are left out."""
        rows = {
            f"policies[{number}].{key}": setting
            for number, row in enumerate((*self.package_policies, *self.policies))
            for key, setting in row.items()
        }
        chosen = {key: found for key, found in (self._environment | self.overrides).items() if key in CHOICES}
        everything = {**self.values, **rows, **chosen}
        return {key: everything[key] for key in sorted(everything) if everything[key].value not in ({}, [])}

    def choose(self, key: str, task: Chooser | None = None, argument: Any = None) -> Setting | None:
        """Returns what is chosen for `key`, such as ``storage_layer``, and who chose it; None if nobody did.

        Args:
            key: ``storage_layer``, ``orchestrator``, ``workers``, ``retries``, …
            task: The task it is chosen for; None for the run as a whole.
            argument: What the caller of `run` asked for; wins over everything.

        Raises:
            ConfigurationError: The argument is of the wrong type.
        """
        if argument is not None:
            return _checked({key: argument}, "argument")[key]
        if (key, task) not in self._chosen:  # asked several times a step, and always the same
            self._chosen[key, task] = self._choose(key, task)
        return self._chosen[key, task]

    def _choose(self, key: str, task: Chooser | None) -> Setting | None:
        chosen = self.overrides.get(key) or self._environment.get(key)
        if chosen is None and task is not None:
            chosen = self._policy(self.policies, key, task) or self._decorator(key, task)
        if chosen is not None:
            return chosen
        in_profile = f"profiles.{self.profile}.{key}"
        if task is not None and in_profile not in self._own:
            chosen = self._policy(self.package_policies, key, task)
        return chosen or self.values.get(in_profile)

    def usual_storage_layer(self) -> str | None:
        """Returns what would be chosen without overrides: what the same user's next command looks at."""
        chosen = self._environment.get("storage_layer")
        if chosen is None and "profile" not in self.overrides:
            chosen = self.values.get(f"profiles.{self.profile}.storage_layer")
        return None if chosen is None else str(chosen.value)

    def _policy(self, policies: Sequence[Mapping[str, Setting]], key: str, task: Chooser) -> Setting | None:
        if not policies:
            return None
        facts = {"profile": self.profile, "task_type": task.task_type, "model_family": task.model_family}
        facts["task"] = task.name
        for row in reversed(policies):
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
    hook = "datanectar_defaults"
    for implementation in sorted(manager.observers(hook), key=lambda it: (it.plugin_name != "builtin", it.plugin_name)):
        name = implementation.plugin_name
        source = "built in" if name == "builtin" else f"package {manager.infos[name].origin}"
        with manager.isolated(name, hook):
            brought: Any = implementation.function()
            found = {key: Setting(value, source) for key, value in flatten(brought)}
            check_settings(found.items())
            for key in found:
                _component(key)
            yield found


def _checked(overrides: Mapping[str, Any], origin: str) -> dict[str, Setting]:
    """The overrides as settings; what is None is not overridden."""
    found = {key: Setting(value, origin) for key, value in overrides.items() if value is not None}
    for key, setting in found.items():
        if key not in DIRECT:
            near = difflib.get_close_matches(key, DIRECT, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(DIRECT))}"
            raise ConfigurationError(f"settings() has no {key!r}; {hint}")
        if not hasattr(setting.value, "backend"):  # a storage layer is as good as its name
            check_choice(key, setting)
    return found


def load_settings(directory: Path, overrides: Mapping[str, Any], origin: str = "settings()") -> Settings:
    """Reads the configuration that holds in `directory`, and loads the plugins it allows.

    Args:
        directory: Where to look for the file, and in the directories above.
        overrides: What wins over all that is read.
        origin: Who says so, for messages.

    Raises:
        ConfigurationError: Something in it is wrong; the key and its source are named.
    """
    from datanectar.configuration.files import read_configuration
    from datanectar.plugins.discovery import load_plugins

    file = read_configuration(directory)
    check_settings(file.settings.items())
    disable = file.settings.get("plugins.disable", Setting([], "")).value
    manager = load_plugins(disable)
    settings = Settings(file, manager, overrides, origin)
    manager.configure(settings)
    return settings
