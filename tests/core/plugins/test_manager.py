import logging
from types import ModuleType

import pytest

import datanectar as dn
from datanectar.errors import PluginError
from datanectar.plugins.manager import PluginInfo, PluginManager


class Observer:
    """An observer of one event; what it saw, in order of the calls."""

    seen: list[str]

    def __init__(self, label: str, seen: list[str], error: BaseException | None = None) -> None:
        self.label, self.seen, self.error = label, seen, error

    @dn.hookimpl
    def datanectar_task_started(self, name):
        self.seen.append(f"{self.label} {name}")
        if self.error is not None:
            raise self.error


class Configured:
    def __init__(self) -> None:
        self.settings: list[object] = []

    @dn.hookimpl
    def datanectar_configure(self, settings):
        self.settings.append(settings)


class Unmarked:
    def datanectar_storages(self):
        return []


class Misspelt:
    @dn.hookimpl
    def datanectar_storage(self):
        return []


class Nameless:
    @dn.hookimpl
    def datanectar_paint_it_black(self):
        return []


class Default:
    @dn.hookimpl
    def datanectar_task_started(self, name="x"):
        """Looks harmless."""


class KeywordDefault:
    @dn.hookimpl
    def datanectar_task_started(self, *, name=None):
        """Looks harmless."""


class UnknownArgument:
    @dn.hookimpl
    def datanectar_task_started(self, nome):
        """Asks for what is not there."""


class Wrapper:
    @dn.hookimpl(wrapper=True)
    def datanectar_storages(self):
        return (yield)


class Renamed:
    @dn.hookimpl(specname="datanectar_storagez")
    def datanectar_anything(self):
        return []


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [
        (Unmarked, r"Unmarked is a class; register an instance \(forgot the '\(\)'\?\) or a module"),
        (Unmarked(), "datanectar_storages is not marked; put @datanectar.hookimpl on it"),
        (Misspelt(), r"datanectar_storage is no hook of Datanectar; did you mean datanectar_storages\?"),
        (Nameless(), "datanectar_paint_it_black is no hook of Datanectar$"),
        (Renamed(), r"datanectar_storagez is no hook of Datanectar; did you mean datanectar_storages\?"),
        (Default(), "datanectar_task_started has a parameter with a default; leave the default out"),
        (KeywordDefault(), "datanectar_task_started has a parameter with a default"),
        (UnknownArgument(), "nome"),
        (Wrapper(), "datanectar_storages is a wrapper"),
    ],
)
def test_a_plugin_that_breaks_a_rule_is_refused_by_name_and_reason(plugin: object, reason: str) -> None:
    manager = PluginManager()
    with pytest.raises(PluginError, match=rf"^plugin 'acme' of datanectar-acme 1\.2 was refused: (?s:.*){reason}"):
        manager.register(plugin, "acme", PluginInfo("acme", "datanectar-acme", "1.2"))


@pytest.mark.parametrize("plugin", [Unmarked(), Misspelt(), Default(), UnknownArgument()])
def test_nothing_of_a_refused_plugin_stays_registered(plugin: object) -> None:
    manager = PluginManager()
    with pytest.raises(PluginError):
        manager.register(plugin, "acme")
    assert manager.get_plugins() == set()
    assert manager.observers("datanectar_task_started") == []
    assert manager.infos == {}


def test_a_module_with_an_unmarked_function_is_refused() -> None:
    module = ModuleType("acme")
    exec("def datanectar_helper(): ...", module.__dict__)
    with pytest.raises(PluginError, match="datanectar_helper is not marked"):
        PluginManager().register(module)


def test_what_a_module_merely_imported_is_not_its_plugin() -> None:
    module = ModuleType("acme")
    exec("from pathlib import Path as datanectar_path\ndatanectar_version = '1'", module.__dict__)
    assert PluginManager().register(module) == "acme"


def test_a_name_is_taken_once() -> None:
    manager = PluginManager()
    manager.register(Observer("first", []), "acme")
    with pytest.raises(PluginError, match="plugin 'acme' was refused: a plugin of that name is registered already"):
        manager.register(Observer("second", []), "acme")


def test_a_hook_of_a_newer_core_may_be_marked_optional() -> None:
    class Newer:
        @dn.hookimpl(optionalhook=True)
        def datanectar_from_the_future(self):
            """Not called by this release."""

    assert PluginManager().register(Newer(), "newer") == "newer"


def test_registering_a_lazy_module_imports_nothing_of_it() -> None:
    module = ModuleType("lazy")
    exec(
        "def __dir__(): return ['sdk']\n"
        "def __getattr__(name):\n"
        "    if name == 'sdk': raise AssertionError('imported')\n"
        "    raise AttributeError(name)",
        module.__dict__,
    )
    PluginManager().register(module)


def test_an_observer_that_raises_disturbs_no_other_and_is_named(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "datanectar")
    manager, seen = PluginManager(), []
    for label, error in (("a", None), ("b", ValueError("no luck")), ("c", None)):
        manager.register(Observer(label, seen, error), label, PluginInfo(label, f"datanectar-{label}", "3"))
    manager.observe("datanectar_task_started", name="n", task="t")
    assert sorted(seen) == ["a n", "b n", "c n"]
    (record,) = caplog.records
    said = "plugin 'b' of datanectar-b 3: datanectar_task_started failed: ValueError('no luck')"
    assert record.getMessage() == said
    assert not record.exc_info


def test_an_observer_that_wants_to_exit_disturbs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    manager, seen = PluginManager(), []
    for label, error in (("a", None), ("b", SystemExit(3)), ("c", None)):
        manager.register(Observer(label, seen, error), label)
    manager.observe("datanectar_task_started", name="n", task="t")
    assert sorted(seen) == ["a n", "b n", "c n"]
    assert "plugin 'b': datanectar_task_started failed: SystemExit(3)" in caplog.text


def test_debugging_shows_where_an_observer_failed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "datanectar")
    manager = PluginManager()
    manager.register(Observer("a", [], ValueError("no luck")), "a")
    manager.observe("datanectar_task_started", name="n", task="t")
    assert caplog.records[0].exc_info


def test_configure_is_called_once_with_the_settings() -> None:
    manager, plugin = PluginManager(), Configured()
    manager.register(plugin)
    manager.configure("settings")
    assert plugin.settings == ["settings"]


def test_a_plugin_registered_later_is_configured_at_once() -> None:
    manager, early, late = PluginManager(), Configured(), Configured()
    manager.register(early)
    manager.configure("settings")
    manager.register(late)
    assert (early.settings, late.settings) == (["settings"], ["settings"])


class Failing:
    @dn.hookimpl
    def datanectar_configure(self):
        raise ValueError("no luck")

    @dn.hookimpl
    def datanectar_task_started(self):
        raise AssertionError("taken out")


@pytest.mark.parametrize("late", [False, True])
def test_a_plugin_that_cannot_be_configured_is_taken_out_and_listed(late: bool, caplog) -> None:
    manager, other = PluginManager(), Configured()
    if late:
        manager.configure("settings")
    manager.register(Failing(), "failing")
    manager.register(other, "other")
    if not late:
        manager.configure("settings")
    assert other.settings == ["settings"]
    assert (manager.infos["failing"].status, str(manager.infos["failing"].error)) == ("failed", "no luck")
    assert manager.observers("datanectar_task_started") == []
    assert "plugin 'failing': datanectar_configure failed: no luck" in caplog.text


def test_an_unregistered_plugin_is_forgotten() -> None:
    manager, seen = PluginManager(), []
    manager.register(Observer("a", seen), "a")
    manager.unregister(name="a")
    manager.observe("datanectar_task_started", name="n", task="t")
    assert (seen, manager.infos) == ([], {})
