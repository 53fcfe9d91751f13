"""Feast's feature server as a service: by its own feature_store.yaml, really started, asked, stopped and killed."""

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest
from feast import Entity, FeatureView, ValueType

import datanectar as dn
from datanectar.errors import ConfigurationError, FeatureStoreError
from datanectar_feast import known_feature
from datanectar_feast.service import FeastServerOptions, feast

SERVE = (sys.executable, "-m", "datanectar", "serve", "feast")


@pytest.fixture
def port(repo):
    """A free port, which the project's server is to listen on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found = probe.getsockname()[1]
    with (repo / "datanectar.toml").open("a") as file:
        file.write(f"\n[services.feast]\nport = {found}\n")
    return found


@pytest.fixture
def heard():
    """What is called with a name and a line, and keeps both."""

    class Heard(list):
        def __call__(self, name, line):
            self.append((name, line))

    return Heard()


def online(url, driver):
    asked = {"features": ["stats:trips"], "entities": {"driver": [driver]}}
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/get-online-features", json.dumps(asked).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["results"][-1]["values"]


# What it is


def test_it_is_feasts_own_command_in_the_repository(repo) -> None:
    service = feast(FeastServerOptions())
    assert service.command[1:] == [
        *("--chdir", str(repo), "serve", "--host", "127.0.0.1", "--port", "6566"),
    ]
    assert Path(service.command[0]).name == "feast"
    assert (service.config_files, service.directory) == ([repo / "feature_store.yaml"], repo)


def test_the_repository_is_that_of_the_feature_store(repo) -> None:
    (repo / "features").mkdir()
    (repo / "feature_store.yaml").rename(repo / "features/store.yaml")
    table = 'repo = "features"\nyaml = "features/store.yaml"'
    (repo / "datanectar.toml").write_text(f"[feature_stores.feast]\n{table}\n")
    service = feast(FeastServerOptions())
    assert service.command[1:5] == [
        *("--chdir", str(repo / "features"), "--feature-store-yaml", str(repo / "features/store.yaml")),
    ]


def test_its_own_repository_wins(repo) -> None:
    (repo / "datanectar.toml").write_text('[feature_stores.feast]\nrepo = "elsewhere"\n')
    assert feast(FeastServerOptions(repo=repo)).directory == repo


def test_without_a_native_file_it_is_said_where_to_name_it(repo) -> None:
    (repo / "feature_store.yaml").unlink()
    with pytest.raises(ConfigurationError, match=r"there is no .*feature_store\.yaml: say where"):
        feast(FeastServerOptions())


@pytest.mark.parametrize(("text", "wrong"), [("a: [", "is not YAML"), ("- 1\n", "must be a table")])
def test_a_native_file_that_cannot_be_read_is_named(repo, text, wrong) -> None:
    (repo / "feature_store.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=rf"feature_store\.yaml {wrong}"):
        feast(FeastServerOptions())


def test_the_variables_that_its_file_names_have_to_be_set(repo, monkeypatch) -> None:
    with (repo / "feature_store.yaml").open("a") as file:
        file.write("offline_store:\n  type: file\nflags:\n  a: ${TOKEN_OF_FEAST}\n  b: $OTHER_OF_FEAST\n")
    assert feast(FeastServerOptions()).variables == ["OTHER_OF_FEAST", "TOKEN_OF_FEAST"]
    monkeypatch.setenv("OTHER_OF_FEAST", "x")
    with pytest.raises(ConfigurationError, match="feast needs variables that are not set: export TOKEN_OF_FEAST"):
        dn.serve("feast")


def test_a_registry_and_an_online_store_in_files_are_shared_with_a_container(repo) -> None:
    (repo / "data").mkdir()
    assert feast(FeastServerOptions()).data == [repo / "data"]


def test_an_image_has_our_plugin_only_where_feast_is_told_to_use_it(repo) -> None:
    assert feast(FeastServerOptions()).requirements == ()
    store = "datanectar_feast.registry.DatanectarRegistryStore"
    registry = f"registry:\n  registry_store_type: {store}\n  path: data/registry\n"
    (repo / "feature_store.yaml").write_text(f"project: eta\nprovider: local\n{registry}")
    (ours,) = feast(FeastServerOptions()).requirements
    assert ours.startswith("datanectar-feast==")


# A known feature


def test_a_registered_feature_is_what_is_asked_for(applied) -> None:
    assert known_feature.known_feature(applied.native) == {
        "features": ["stats:trips"],
        "entities": {"driver": [0]},
    }


def test_nothing_is_asked_where_nothing_can_be(store, define) -> None:
    from feast.types import Int64

    assert known_feature.known_feature(store.native) is None
    driver = Entity(name="driver", join_keys=["driver"], value_type=ValueType.INT64)
    offline: FeatureView = define("stats", online=False, trips=Int64)
    store.apply([driver, offline])
    assert known_feature.known_feature(store.native) is None


def test_a_registry_that_cannot_be_read_fails_the_start(port, repo, heard) -> None:
    (repo / "data").mkdir()
    (repo / "data/registry.db").write_bytes(b"\xff" * 100)
    with pytest.raises(
        FeatureStoreError, match=r"registered in .*feature_store\.yaml cannot be read: google\.protobuf"
    ):
        dn.serve("feast", output=heard)


# Up, asked, down


def test_it_is_up_once_a_known_feature_was_answered_and_serves_what_is_online(applied, publish, port, heard) -> None:
    applied.materialize(publish((1, 2, 10)))
    with dn.settings(), dn.serve("feast", output=heard) as services:
        before = [line for name, line in heard]
        assert online(services["feast"].url, 1) == [10]
        (answered,) = (number for number, line in enumerate(before) if "POST /get-online-features" in line)
        (up,) = (number for number, line in enumerate(before) if line.startswith("feast is up"))
        assert answered < up
        server = psutil.Process(services["feast"].pid)
        workers = server.children(recursive=True)
        assert workers
    assert not any(process.is_running() for process in (server, *workers))


def test_killed_the_command_leaves_neither_server_nor_worker(applied, port) -> None:
    with subprocess.Popen([*SERVE], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as command:
        while "Ctrl-C stops them" not in command.stdout.readline():
            assert command.poll() is None
        servers = {it.pid for it in psutil.net_connections("tcp") if it.laddr.port == port and it.status == "LISTEN"}
        left = [psutil.Process(pid) for pid in servers]
        command.send_signal(signal.SIGKILL)
        _, alive = psutil.wait_procs(left, timeout=60)
    assert left
    assert alive == []
