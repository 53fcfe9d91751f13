"""The plugin manager: pluggy's, with the mistakes that pluggy lets pass refused by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import pluggy
from pluggy import HookImpl

from datanectar import hookspecs
from datanectar.errors import PluginError

if TYPE_CHECKING:
    import logging

_PREFIX = "datanectar_"


def plugin_log() -> logging.Logger:
    """Returns the log of what goes wrong with plugins; where nothing does, `logging` is not imported."""
    import logging

    return logging.getLogger("datanectar.plugins")


def is_verbose() -> bool:
    """Whether that log shows tracebacks."""
    import logging

    return plugin_log().isEnabledFor(logging.DEBUG)


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """One entry point (or built-in), whatever became of it.

    Attributes:
        name: The entry point's name.
        distribution: The distribution that declares it; empty for built-ins and plugins registered by hand.
        version: The distribution's version.
        status: ``ok``, ``failed`` or ``disabled``.
        error: What importing or registering it raised.
        disabled_by: The setting that disabled it.
    """

    name: str
    distribution: str = ""
    version: str = ""
    status: Literal["ok", "failed", "disabled"] = "ok"
    error: BaseException | None = None
    disabled_by: str = ""

    @property
    def origin(self) -> str:
        """Who brings it, as ``datanectar-s3 1.2``."""
        return f"{self.distribution} {self.version}".strip() or f"plugin {self.name}"

    @property
    def label(self) -> str:
        """The plugin and who brings it, as ``plugin 's3' of datanectar-s3 1.2``."""
        return f"plugin {self.name!r}" + (f" of {self.origin}" if self.distribution else "")

    def failed(self, error: BaseException) -> PluginInfo:
        """The same plugin, found to be broken."""
        return replace(self, status="failed", error=error)


class PluginManager(pluggy.PluginManager):
    """Registers plugins after checking what pluggy does not, and remembers what became of each."""

    def __init__(self) -> None:
        super().__init__(hookspecs.PROJECT)
        self.add_hookspecs(hookspecs)
        self.infos: dict[str, PluginInfo] = {}
        self._settings: Any = None

    def parse_hookimpl_opts(self, plugin: object, name: str) -> Any:
        # Only names with our prefix are looked at: a module with a lazy __getattr__ is not made to import.
        return super().parse_hookimpl_opts(plugin, name) if name.startswith(_PREFIX) else None

    def register(self, plugin: object, name: str | None = None, info: PluginInfo | None = None) -> str | None:
        """Registers a plugin: a module or an instance with `@hookimpl` functions.

        Raises:
            PluginError: It breaks a rule; nothing of it stays registered.
        """
        info = info or PluginInfo(name or self.get_canonical_name(plugin))
        for problem in self._problems(plugin):
            raise PluginError(f"{info.label} was refused: {problem}")
        try:
            registered = super().register(plugin, name)
        except pluggy.PluginValidationError as error:
            if self.is_registered(plugin):  # pluggy up to 1.6 leaves it half registered
                self.unregister(plugin)
            raise PluginError(f"{info.label} was refused: {error}") from error
        except ValueError as error:
            raise PluginError(f"{info.label} was refused: a plugin of that name is registered already") from error
        if registered is not None:
            self.infos[registered] = info
            if self._settings is not None:
                self._configure(registered)
        return registered

    def unregister(self, plugin: object | None = None, name: str | None = None) -> Any:
        """Removes a plugin and what is known of it."""
        self.infos.pop(name or self.get_name(plugin) or "", None)
        return super().unregister(plugin, name)

    def configure(self, settings: Any) -> None:
        """Gives the settings to every plugin that asks for them, now or when it is registered."""
        self._settings = settings
        for name in [implementation.plugin_name for implementation in self.observers("datanectar_configure")]:
            self._configure(name)

    def _configure(self, name: str) -> None:
        for implementation in self.observers("datanectar_configure"):
            if implementation.plugin_name == name:
                with self.isolated(name, "datanectar_configure"):
                    implementation.function(*(self._settings for _ in implementation.argnames))

    @contextmanager
    def isolated(self, name: str, hook: str) -> Iterator[None]:
        """Takes a plugin out if its part of the block raises: it is listed as failed, and the others go on."""
        try:
            yield
        except Exception as error:
            info = self.infos[name]
            plugin_log().warning("%s: %s failed: %s", info.label, hook, error, exc_info=is_verbose())
            self.unregister(name=name)
            self.infos[name] = info.failed(error)

    def _problems(self, plugin: object) -> Iterator[str]:
        if isinstance(plugin, type):
            yield f"{plugin.__qualname__} is a class; register an instance (forgot the '()'?) or a module"
            return
        known = {name for name in vars(hookspecs) if name.startswith(_PREFIX)}
        for name in sorted(n for n in dir(plugin) if n.startswith(_PREFIX)):
            implementation = getattr(plugin, name, None)
            if not callable(implementation):
                continue
            options = getattr(implementation, "datanectar_impl", None)
            if options is None:
                if name in known or getattr(implementation, "__module__", None) == _module_of(plugin):
                    yield f"{name} is not marked; put @datanectar.hookimpl on it"
                continue
            hook = options.get("specname") or name
            if hook not in known:
                if not options.get("optionalhook"):
                    words = [name.removeprefix(_PREFIX) for name in known]
                    near = difflib.get_close_matches(hook.removeprefix(_PREFIX), words, 1)
                    yield f"{hook} is no hook of Datanectar" + (f"; did you mean {_PREFIX}{near[0]}?" if near else "")
                continue
            if options.get("wrapper") or options.get("hookwrapper"):
                yield f"{name} is a wrapper; hooks of Datanectar are called one by one, so there is nothing to wrap"
            defaults = (implementation.__defaults__ or ()) or (implementation.__kwdefaults__ or ())
            if defaults:
                yield f"{name} has a parameter with a default; leave the default out: the value is always passed"

    def observe(self, hook: str, **arguments: object) -> None:
        """Tells observers, one by one: one that raises is logged by name and disturbs nothing."""
        for implementation in reversed(self.observers(hook)):
            try:
                implementation.function(*(arguments[name] for name in implementation.argnames))
            except (Exception, SystemExit) as error:  # an observer may not end the run either
                info = self.infos.get(implementation.plugin_name, PluginInfo(implementation.plugin_name))
                plugin_log().warning("%s: %s failed: %r", info.label, hook, error, exc_info=is_verbose())

    def observers(self, hook: str) -> list[HookImpl]:
        """The implementations of a hook; an empty list costs its callers nothing."""
        caller: pluggy.HookCaller = getattr(self.hook, hook)
        return caller.get_hookimpls()


def _module_of(plugin: object) -> str | None:
    return getattr(plugin, "__name__", None) or type(plugin).__module__
