"""From a name or a URL to a storage layer."""

import pickle
from pathlib import Path

import pytest

import datanectar as dn
from datanectar.errors import ConfigurationError, PluginNotFoundError
from datanectar.layer.storage_layer import StorageLayer
from datanectar.storages.local import LocalBackend, LocalOptions
from datanectar.storages.memory import MemoryBackend
from datanectar.testing.another_process import elsewhere


@pytest.fixture
def configured(private_surroundings: Path) -> Path:
    (private_surroundings / "datanectar.toml").write_text(
        """
        [storage.disk]
        type = "local"
        path = "artifacts"
        verify = "always"
        pickle = "never"

        [storage.nothing]
        path = "artifacts"

        [storage.typo]
        type = "local"
        path = "artifacts"
        verfy = "always"

        [storage.wrong]
        type = "local"
        path = "artifacts"
        verify = "sometimes"

        [profiles.local]
        storage_layer = "disk"
        """
    )
    return private_surroundings


def test_without_any_file_results_go_to_a_directory_here(private_surroundings):
    assert dn.storage_layer().backend.url == (private_surroundings / ".datanectar").as_uri()
    assert not (private_surroundings / ".datanectar").exists()


def test_a_name_of_the_configuration_opens_its_table(configured):
    with dn.settings():
        layer = dn.storage_layer("disk")
        assert isinstance(layer.backend, LocalBackend)
        assert layer.backend.url == (configured / "artifacts").as_uri()
        assert dn.storage_layer() is layer


def test_options_of_every_storage_reach_the_layer(configured):
    with dn.settings(), pytest.raises(TypeError, match='pickle = "never"'):
        dn.storage_layer().store("a/b", object())


def test_a_url_opens_without_a_table(tmp_path):
    with dn.settings():
        layer = dn.storage_layer((tmp_path / "a b").as_uri())
        layer.store("x/y", 1)
    assert (tmp_path / "a b/manifests/x/y.json").exists()


def test_memory_is_a_store_of_its_own_per_block():
    with dn.settings(storage_layer="memory://"):
        layer = dn.storage_layer()
        assert isinstance(layer.backend, MemoryBackend)
        layer.store("a/b", 1)
        assert dn.storage_layer().exists("a/b")
    with dn.settings(storage_layer="memory://"):
        assert not dn.storage_layer().exists("a/b")


def test_a_layer_is_returned_as_it_is(layer):
    assert dn.storage_layer(layer) is layer
    with dn.settings(storage_layer=layer):
        assert dn.storage_layer() is layer


@pytest.mark.parametrize(
    ("reference", "error", "words"),
    [
        ("dsik", ConfigurationError, "there is no storage 'dsik'.*configured: disk"),
        ("nothing", ConfigurationError, "storage.nothing.type is missing"),
        ("typo", ConfigurationError, "verfy"),
        ("wrong", ConfigurationError, "verify"),
        ("s3://bucket/prefix", PluginNotFoundError, "storage 's3' is not installed: pip install datanectar-s3"),
        ("az://container", PluginNotFoundError, "storage 'azure' is not installed: pip install datanectar-azure"),
        (
            "https://acme.blob.core.windows.net/eta?sv=1&sig=hush",
            ConfigurationError,
            "a container of Azure is written az://acme.blob.core.windows.net/eta, without https",
        ),
        ("fiel:///data", PluginNotFoundError, "unknown storage 'fiel'"),
        ("file://data", ConfigurationError, "file:///absolute/path"),
    ],
)
def test_a_reference_that_opens_nothing_is_told(configured, reference, error, words):
    with dn.settings(), pytest.raises(error, match=words):
        dn.storage_layer(reference)


VAULT = """
from dataclasses import dataclass, field
from datanectar.storages.memory import MemoryBackend

@dataclass(frozen=True)
class Options:
    name: str
    key: str = field(default="", metadata={"env": "ACME_KEY", "secret": True})

    @classmethod
    def from_url(cls, url):
        return cls(url.removeprefix("vault://"))

class Backend(MemoryBackend):
    def __init__(self, options):
        super().__init__()
        self.options = options

@dn.hookimpl
def datanectar_storages():
    yield dn.StorageType(name="acme", factory=Backend, options=Options, schemes=("vault",), summary="A test")
"""


def test_what_a_url_leaves_open_is_taken_from_the_variables_of_the_options(install, monkeypatch, tmp_path):
    install("datanectar-acme", VAULT, entry="acme")
    (tmp_path / "key").write_text("from a file")
    for variable, key in [("plain", "plain"), ("env:OTHER", "of another"), (f"file:{tmp_path}/key", "from a file")]:
        monkeypatch.setenv("OTHER", "of another")
        monkeypatch.setenv("ACME_KEY", variable)
        with dn.settings():
            options = dn.storage_layer("vault://here").backend.options
        assert (options.name, options.key) == ("here", key)


def test_a_backend_that_was_opened_pickles_as_its_reference(tmp_path):
    url = (tmp_path / "store").as_uri()
    backend = dn.storage_layer(url).backend
    backend.connection = lambda: "nothing that pickles"
    assert url.encode() in pickle.dumps(backend)
    assert pickle.loads(pickle.dumps(backend)).url == url


def test_another_process_opens_a_storage_of_the_configuration_by_its_table_and_variables(configured, monkeypatch):
    monkeypatch.setenv("DATANECTAR_STORAGE__DISK__DURABILITY", "none")
    with dn.settings():
        layer = dn.storage_layer("disk")
        layer.store("a/b", 1)
        layer.backend.connection = lambda: "nothing that pickles"
        assert elsewhere(StorageLayer.load, layer, "a/b") == 1
        there = elsewhere(vars, layer.backend)
    assert (there["root"], there["sync"]) == (str(configured / "artifacts"), False)
    assert "connection" not in there


FROZEN = """
from dataclasses import dataclass
from datanectar.storages.memory import MemoryBackend, MemoryOptions

@dataclass(frozen=True, eq=False)
class Backend(MemoryBackend):
    options: MemoryOptions

    def __post_init__(self):
        object.__setattr__(self, "url", "frozen://")

@dn.hookimpl
def datanectar_storages():
    yield dn.StorageType(name="frozen", factory=Backend, options=MemoryOptions, schemes=("frozen",), summary="A test")
"""


def test_a_backend_whose_attributes_are_frozen_is_opened_and_pickles_as_its_reference(install):
    install("datanectar-frozen", FROZEN, entry="frozen")
    with dn.settings():
        assert b"frozen://here" in pickle.dumps(dn.storage_layer("frozen://here").backend)


def test_a_backend_that_was_made_by_hand_pickles_as_it_likes(tmp_path):
    backend = LocalBackend(LocalOptions(tmp_path))
    assert pickle.loads(pickle.dumps(backend)).url == backend.url
