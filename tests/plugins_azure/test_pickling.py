"""Backends in other processes: no client and no secret travels."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import datanectar as dn
from datanectar.errors import ConfigurationError, UnsupportedError
from datanectar.layer.storage_layer import StorageLayer
from datanectar.testing.another_process import elsewhere


def test_a_secret_that_the_environment_has_is_left_out_of_the_pickle(make_backend, azurite):
    backend = make_backend()  # its connection string is that of the environment
    backend.create("a", b"1")
    pickled = pickle.dumps(backend)
    assert azurite.key.encode() not in pickled
    assert pickle.loads(pickled).read("a") == b"1"


def test_a_process_without_the_secret_is_told_which_variable_to_set(make_backend, monkeypatch):
    pickled = pickle.dumps(make_backend())
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING")
    with pytest.raises(ConfigurationError, match=r"cannot open container .*: set AZURE_STORAGE_CONNECTION"):
        pickle.loads(pickled)


@pytest.mark.parametrize("variable", [None, "another"])
def test_a_secret_that_the_environment_does_not_have_is_not_pickled(make_backend, azurite, monkeypatch, variable):
    backend = make_backend(account_url=azurite.account_url, account_key=azurite.key)
    if variable:
        monkeypatch.setenv("AZURE_STORAGE_KEY", variable)
    with pytest.raises(UnsupportedError, match=r"with account_key is not pickled.* or set AZURE_STORAGE_KEY") as it:
        pickle.dumps(backend)
    assert azurite.key not in str(it.value)
    monkeypatch.setenv("AZURE_STORAGE_KEY", azurite.key)
    assert pickle.loads(pickle.dumps(backend)).options == backend.options


def test_a_store_that_was_opened_by_name_pickles_as_that(azure_container):
    with dn.settings():
        pickled = pickle.dumps(dn.storage_layer(f"az://{azure_container}/a").backend)
    assert len(pickled) < 200


def test_another_process_opens_a_storage_of_the_configuration_by_its_table_and_variables(azure_container, monkeypatch):
    Path("datanectar.toml").write_text(f'[storage.lake]\ntype = "azure"\ncontainer = "{azure_container}"\n')
    monkeypatch.setenv("DATANECTAR_STORAGE__LAKE__PREFIX", "team")
    with dn.settings():
        layer = dn.storage_layer("lake")
        layer.store("a/b", 1)  # it has a client now
        assert elsewhere(StorageLayer.load, layer, "a/b") == 1
        assert elsewhere(getattr, layer.backend, "url") == layer.backend.url
        assert layer.backend.url.endswith(f"{azure_container}/team")
        assert azure_container.encode() not in pickle.dumps(layer.backend), "more than its name travels"


def test_a_forked_process_makes_a_connection_of_its_own(backend):
    backend.create("a", b"1")
    script = (
        "import os, sys\n"
        "import datanectar as dn\n"
        f"backend = dn.storage_layer({backend.url!r}).backend\n"
        "assert backend.read('a') == b'1'\n"
        "before = backend._connection\n"
        "child = os.fork()\n"
        "assert backend.read('a') == b'1'\n"
        "assert (backend._connection is before) == bool(child)\n"
        "if child: sys.exit(os.waitpid(child, 0)[1])\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_setting_that_may_hold_a_secret_is_not_pickled(make_backend):
    backend = make_backend(config={"retry_total": 1, "proxies": {"https": "http://me:hush@proxy"}})
    with pytest.raises(UnsupportedError, match=r"with config\.proxies is not pickled.* open the store by its") as it:
        pickle.dumps(backend)
    assert "hush" not in str(it.value)


def test_settings_that_are_numbers_are_pickled(make_backend):
    backend = make_backend(config={"retry_total": 1, "read_timeout": 0.5, "logging_enable": True})
    assert pickle.loads(pickle.dumps(backend)).options == backend.options
