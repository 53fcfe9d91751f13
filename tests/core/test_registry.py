import re

import pytest

from datanectar import records
from datanectar.configuration.files import Setting
from datanectar.errors import PluginError, PluginLoadError, PluginNotFoundError
from datanectar.plugins.discovery import load_plugins
from datanectar.registry import Registry

STORAGE = """
@dn.hookimpl
def datanectar_storages():
    yield dn.StorageType(name={name!r}, factory={factory!r}, summary="A test")
"""


def storage(name: str, factory: str = "nowhere:Backend") -> str:
    return STORAGE.format(name=name, factory=factory)


def found() -> Registry:
    return Registry(load_plugins())


# The four failures of a name


@pytest.mark.parametrize(
    ("kind", "name", "package"),
    [
        (records.StorageType, "s3", "datanectar-s3"),
        (records.StorageType, "azure", "datanectar-azure"),
        (records.OrchestratorType, "luigi", "datanectar-luigi"),
        (records.OrchestratorType, "dask", "datanectar-dask"),
        (records.FeatureStoreType, "feast", "datanectar-feast"),
    ],
)
def test_what_is_not_installed_is_said_how_to_install(kind, name: str, package: str) -> None:
    with pytest.raises(PluginNotFoundError) as caught:
        found().find(kind, name)
    assert str(caught.value) == f"{kind.kind} {name!r} is not installed: pip install {package}"


NO_BOTO3 = "raise ModuleNotFoundError(\"No module named 'boto3'\", name='boto3')"


def test_a_plugin_that_fails_to_import_says_why_when_it_is_used(install) -> None:
    install("datanectar-s3", NO_BOTO3, entry="s3", version="1.2")
    with pytest.raises(PluginLoadError) as caught:
        found().find(records.StorageType, "s3")
    said = "storage 's3' is installed (datanectar-s3 1.2) but failed to load: No module named 'boto3'"
    assert str(caught.value) == said
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_a_factory_that_fails_to_import_says_why_when_it_is_used(install) -> None:
    sdk = install("datanectar-sdk", NO_BOTO3)
    install("datanectar-s3", storage("s3", f"{sdk}:Backend"), entry="s3", version="1.2")
    with pytest.raises(PluginLoadError) as caught:
        found().make(records.StorageType, "s3", {}, where="storage.lake", root=None)
    said = "storage 's3' is installed (datanectar-s3 1.2) but failed to load: No module named 'boto3'"
    assert str(caught.value) == said
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_a_factory_that_imports_when_it_is_called_says_why_too(install) -> None:
    source = f"def backend():\n    {NO_BOTO3}\n"
    hook = '@dn.hookimpl\ndef datanectar_storages():\n    yield dn.StorageType(name="s3", factory=backend, summary="S")'
    install("datanectar-s3", source + hook, entry="s3", version="1.2")
    with pytest.raises(PluginLoadError, match=r"storage 's3' is installed \(datanectar-s3 1\.2\) but failed to load"):
        found().make(records.StorageType, "s3", {}, where="storage.lake", root=None)


@pytest.mark.parametrize("variable", ["DATANECTAR_DISABLE_PLUGINS", "DATANECTAR_LOAD_PLUGINS"])
def test_what_is_disabled_says_by_what(install, monkeypatch, variable: str) -> None:
    install("datanectar-s3", storage("s3"), entry="s3")
    monkeypatch.setenv(variable, "s3" if "DISABLE" in variable else "")
    with pytest.raises(PluginNotFoundError) as caught:
        found().find(records.StorageType, "s3")
    assert str(caught.value) == f"storage 's3' is disabled by {variable}"


def test_an_unknown_name_is_told_the_nearest_and_all(install) -> None:
    install("datanectar-s3", storage("s3"), entry="s3")
    with pytest.raises(PluginNotFoundError) as caught:
        found().find(records.StorageType, "s4")
    assert str(caught.value) == "unknown storage 's4'; did you mean 's3'? Installed: local, memory, s3"


def test_a_near_miss_of_what_could_be_installed_is_told_it() -> None:
    with pytest.raises(PluginNotFoundError, match=r"unknown orchestrator 'luigy'; did you mean 'luigi'\? Inst"):
        found().find(records.OrchestratorType, "luigy")


def test_a_failed_stranger_may_be_what_is_missing(install) -> None:
    install("acme-stores", "import no_such_sdk", entry="acme", version="2")
    with pytest.raises(PluginNotFoundError) as caught:
        found().find(records.StorageType, "vault")
    said = "unknown storage 'vault'. Installed: local, memory. "
    assert str(caught.value) == said + "plugin 'acme' of acme-stores 2 failed to load: No module named 'no_such_sdk'"


def test_a_disabled_stranger_may_be_what_is_missing(install, monkeypatch) -> None:
    install("acme-stores", "", entry="acme", version="2")
    monkeypatch.setenv("DATANECTAR_DISABLE_PLUGINS", "*")
    with pytest.raises(PluginNotFoundError, match=r"'acme' of acme-stores 2 is disabled by DATANECTAR_DISABLE_PLUG"):
        found().find(records.StorageType, "vault")


# Records


def test_a_component_that_two_plugins_claim_is_refused_with_both_named(install) -> None:
    install("datanectar-acme", storage("vault"), entry="acme", version="1.2")
    install("datanectar-zebra", storage("vault"), entry="zebra", version="3")
    registry = found()
    with pytest.raises(PluginError) as caught:
        registry.find(records.StorageType, "vault")
    both = "datanectar-acme 1.2 and datanectar-zebra 3"
    assert str(caught.value) == f"storage 'vault' is claimed by two plugins: {both}; uninstall or disable one"
    assert registry.find(records.StorageType, "local").name == "local"


def test_a_built_in_component_cannot_be_taken_over(install) -> None:
    install("datanectar-acme", storage("local"), entry="acme", version="1.2")
    with pytest.raises(PluginError, match=re.escape("by two plugins: datanectar-core and datanectar-acme 1.2")):
        found().find(records.StorageType, "local")


def vault(**changes: object) -> str:
    return f"dn.StorageType(**{ {'name': 'vault', 'factory': 'a:b', 'summary': 'A vault', **changes} })"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("'vault'", "not a StorageType"),
        ("dn.NamingType(name='x', factory='a:b', summary='x')", "not a StorageType"),
        (vault(name="Vault"), "its name must be of a-z 0-9 _ -"),
        (vault(name=3), "its name must be of a-z 0-9 _ -"),
        (vault(summary=""), "its summary must be one line"),
        (vault(summary="two\nlines"), "its summary must be one line"),
        (vault()[:-1] + ", options=int)", "its options must be a dataclass"),
        (vault(factory="module"), "its factory must be callable or 'module:attribute'"),
        (vault(factory=None), "its factory must be callable or 'module:attribute'"),
        (vault(schemes=("x",)), "with schemes it needs options that have from_url"),
    ],
)
def test_a_malformed_record_fails_its_plugin_and_no_other(install, record: str, reason: str) -> None:
    install("datanectar-acme", f"@dn.hookimpl\ndef datanectar_storages():\n    return [{record}]", entry="acme")
    registry = found()
    assert sorted(registry.components(records.StorageType)) == ["local", "memory"]
    info = registry._manager.infos["acme"]
    assert info.status == "failed"
    assert "datanectar_storages of datanectar-acme 1.0 returned" in str(info.error)
    assert reason in str(info.error)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("types='geo.Frame'", "its types must be a tuple of qualified names"),
        ("types=()", "its types must be a tuple of qualified names"),
        ("extension='.geo'", "its extension must be of a-z 0-9 . _ -, without a dot in front"),
        ("extension='a/b'", "its extension must be of a-z 0-9 . _ -, without a dot in front"),
    ],
)
def test_a_serializer_whose_files_could_not_be_read_back_is_refused(install, change: str, reason: str) -> None:
    values = ["types=('geo.Frame',)", "extension='geo'"]
    values = [change if value.split("=")[0] == change.split("=")[0] else value for value in values]
    record = f"dn.SerializerType(name='geo', factory='a:b', summary='Geo', {', '.join(values)})"
    install("datanectar-acme", f"@dn.hookimpl\ndef datanectar_serializers():\n    return [{record}]", entry="acme")
    registry = found()
    assert "geo" not in registry.components(records.SerializerType)
    assert reason in str(registry._manager.infos["acme"].error)


@pytest.mark.parametrize("body", ["raise ValueError('no luck')", "return 3", "return None"])
def test_a_hook_that_fails_fails_its_plugin_and_no_other(install, body: str) -> None:
    install("datanectar-acme", f"@dn.hookimpl\ndef datanectar_storages():\n    {body}", entry="acme")
    registry = found()
    assert sorted(registry.components(records.StorageType)) == ["local", "memory"]
    assert "datanectar_storages of datanectar-acme 1.0 failed: " in str(registry._manager.infos["acme"].error)


def test_using_what_a_failed_hook_should_bring_raises_its_cause(install) -> None:
    install("datanectar-s3", "@dn.hookimpl\ndef datanectar_storages():\n    raise ValueError('no luck')", entry="s3")
    with pytest.raises(PluginLoadError, match=r"but failed to load: .*ValueError: no luck"):
        found().find(records.StorageType, "s3")


def test_options_named_by_a_string_must_be_a_dataclass_as_well(install) -> None:
    source = storage("vault").replace("summary=", "options='builtins:int', summary=")
    install("datanectar-acme", source, entry="acme")
    with pytest.raises(
        PluginError, match=r"storage 'vault' of datanectar-acme 1\.0: its options, builtins:int, must be"
    ):
        found().make(records.StorageType, "vault", {"x": Setting(1, "file:1")}, where="storage.x", root=None)


def test_listing_components_imports_no_factory(install) -> None:
    install("datanectar-acme", storage("vault", "no_such_module:Backend"), entry="acme")
    assert "vault" in found().components(records.StorageType)
