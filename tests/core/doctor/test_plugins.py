import datanectar as dn
from datanectar.doctor import plugins
from datanectar.doctor.findings import Finding
from datanectar.registry import registry

BACKEND = '@dn.hookimpl\ndef datanectar_storages():\n    yield dn.StorageType(name="vault", factory=dict, summary="V")'


def look() -> list[Finding]:
    with dn.settings() as settings:
        return list(plugins.plugins(registry(settings), settings.manager.infos))


def test_each_plugin_is_told_with_what_became_of_it(install, monkeypatch) -> None:
    install("datanectar-acme", BACKEND, entry="acme", version="1.2")
    install("datanectar-broken", "import no_such_sdk", entry="broken", version="2")
    install("datanectar-off", "raise AssertionError", entry="off", version="3")
    install("datanectar-quiet", "", entry="quiet")
    monkeypatch.setenv("DATANECTAR_DISABLE_PLUGINS", "off")
    assert look()[1:] == [
        Finding("ok", "plugin acme", "datanectar-acme 1.2 brings storage vault"),
        Finding(
            "error",
            "plugin broken",
            "datanectar-broken 2 failed: ModuleNotFoundError: No module named 'no_such_sdk'",
            'mend or update datanectar-broken, or leave it out: [plugins] disable = ["broken"]',
        ),
        Finding("ok", "plugin quiet", "datanectar-quiet 1.0 brings no component"),
        Finding("ok", "plugin off", "datanectar-off 3, disabled by DATANECTAR_DISABLE_PLUGINS"),
    ]


def test_a_plugin_that_brings_nonsense_is_an_error(install) -> None:
    install("datanectar-acme", "@dn.hookimpl\ndef datanectar_storages():\n    return [3]", entry="acme")
    assert [(found.status, found.check) for found in look()] == [("ok", "plugin builtin"), ("error", "plugin acme")]


def test_a_name_that_two_claim_is_an_error(install) -> None:
    install("datanectar-acme", BACKEND, entry="acme")
    install("datanectar-rival", BACKEND, entry="rival")
    found = look()[-1]
    assert (found.status, found.check) == ("error", "plugins")
    assert found.found.startswith("storage 'vault' is claimed by two plugins: datanectar-acme 1.0 and datanectar-rival")
