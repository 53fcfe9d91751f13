import subprocess
import sys

import pytest

from datanectar.plugins.discovery import load_plugins

BOOBY_TRAP = "raise AssertionError('imported')"


def test_an_installed_plugin_is_found_with_its_distribution(install) -> None:
    install("datanectar-acme", "", entry="acme", version="1.2")
    info = load_plugins().infos["acme"]
    assert (info.status, info.origin) == ("ok", "datanectar-acme 1.2")


def test_built_ins_are_a_plugin_too() -> None:
    assert load_plugins().infos["builtin"].status == "ok"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATANECTAR_DISABLE_PLUGINS", "acme"),
        ("DATANECTAR_DISABLE_PLUGINS", "other, acme ,"),
        ("DATANECTAR_DISABLE_PLUGINS", "datanectar-acme"),
        ("DATANECTAR_DISABLE_PLUGINS", "Datanectar_Acme"),
        ("DATANECTAR_DISABLE_PLUGINS", "*"),
        ("DATANECTAR_LOAD_PLUGINS", "other"),
        ("DATANECTAR_LOAD_PLUGINS", ""),
    ],
)
def test_what_a_variable_disables_is_never_imported(install, monkeypatch, variable: str, value: str) -> None:
    module = install("datanectar-acme", BOOBY_TRAP, entry="acme")
    monkeypatch.setenv(variable, value)
    info = load_plugins().infos["acme"]
    assert (info.status, info.disabled_by) == ("disabled", variable)
    assert module not in sys.modules


@pytest.mark.parametrize("name", ["acme", "datanectar-acme", "*"])
def test_what_the_configuration_disables_is_never_imported(install, name: str) -> None:
    module = install("datanectar-acme", BOOBY_TRAP, entry="acme")
    info = load_plugins([name]).infos["acme"]
    assert (info.status, info.disabled_by) == ("disabled", "[plugins] disable")
    assert module not in sys.modules


def test_a_fresh_process_imports_nothing_of_a_disabled_plugin(install, monkeypatch) -> None:
    module = install("datanectar-acme", BOOBY_TRAP, entry="acme")
    monkeypatch.setenv("DATANECTAR_DISABLE_PLUGINS", "*")
    monkeypatch.setenv("PYTHONPATH", sys.path[0])
    look = (
        "import sys, datanectar as dn\n"
        "with dn.settings(storage_layer='memory://') as settings:\n"
        "    dn.storage_layer()\n"
        f"    print(settings.manager.infos['acme'].status, '{module}' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True).stdout
    assert shown.split() == ["disabled", "False"]


@pytest.mark.parametrize("value", ["acme", " other,datanectar-acme", "*"])
def test_what_the_allow_list_names_is_loaded(install, monkeypatch, value: str) -> None:
    install("datanectar-acme", "", entry="acme")
    monkeypatch.setenv("DATANECTAR_LOAD_PLUGINS", value)
    assert load_plugins().infos["acme"].status == "ok"


def test_the_deny_list_wins_over_the_allow_list(install, monkeypatch) -> None:
    install("datanectar-acme", BOOBY_TRAP, entry="acme")
    monkeypatch.setenv("DATANECTAR_LOAD_PLUGINS", "acme")
    monkeypatch.setenv("DATANECTAR_DISABLE_PLUGINS", "acme")
    assert load_plugins().infos["acme"].disabled_by == "DATANECTAR_DISABLE_PLUGINS"


def test_built_ins_cannot_be_disabled(monkeypatch) -> None:
    monkeypatch.setenv("DATANECTAR_DISABLE_PLUGINS", "*")
    assert load_plugins().infos["builtin"].status == "ok"


@pytest.mark.parametrize("variable", ["DATANECTAR_LOAD_PLUGINS", "DATANECTAR_DISABLE_PLUGINS"])
def test_a_list_that_names_a_stranger_is_warned_about(install, monkeypatch, caplog, variable: str) -> None:
    install("datanectar-acme", "", entry="acme")
    monkeypatch.setenv(variable, "acme,acne")
    load_plugins()
    assert f"{variable} names 'acne', but no installed plugin is called that" in caplog.text
    assert "'acme'" not in caplog.text


def test_a_stranger_in_the_configuration_is_warned_about(caplog) -> None:
    load_plugins(["acne"])
    assert "[plugins] disable names 'acne'" in caplog.text


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_sdk", "No module named 'no_such_sdk'"),
        ("def broken(:", "invalid syntax"),
        ("raise SystemExit('stop')", "stop"),
        ("def datanectar_storages(): ...", "datanectar_storages is not marked"),
    ],
)
def test_a_broken_plugin_is_listed_and_breaks_no_other(install, caplog, source: str, reason: str) -> None:
    install("datanectar-acme", source, entry="acme", version="1.2")
    install("datanectar-zebra", "", entry="zebra")
    infos = load_plugins().infos
    assert (infos["acme"].status, infos["zebra"].status) == ("failed", "ok")
    assert reason in str(infos["acme"].error)
    assert "plugin 'acme' of datanectar-acme 1.2 failed to load: " in caplog.text


def test_two_distributions_that_claim_one_name_are_both_named(install) -> None:
    install("datanectar-acme", "", entry="acme", version="1.2")
    install("acme-fork", "", entry="acme", version="3")
    infos = load_plugins().infos
    assert (infos["acme"].origin, infos["acme"].status) == ("acme-fork 3", "ok")
    refused = infos["acme (datanectar-acme)"]
    assert refused.status == "failed"
    assert str(refused.error).startswith(
        "two plugins are called 'acme': one of acme-fork 3, one of datanectar-acme 1.2"
    )


def test_disabling_one_of_two_lets_the_other_load(install, monkeypatch) -> None:
    install("datanectar-acme", "", entry="acme")
    install("acme-fork", BOOBY_TRAP, entry="acme")
    monkeypatch.setenv("DATANECTAR_DISABLE_PLUGINS", "acme-fork")
    infos = load_plugins().infos
    assert (infos["acme"].origin, infos["acme"].status) == ("datanectar-acme 1.0", "ok")
    assert infos["acme (acme-fork)"].status == "disabled"


def test_plugins_load_in_order_of_their_names(install) -> None:
    for name in ("middle", "first", "zebra"):
        install(f"datanectar-{name}", "", entry=name)
    assert [name for name in load_plugins().infos if name != "builtin"] == ["first", "middle", "zebra"]
