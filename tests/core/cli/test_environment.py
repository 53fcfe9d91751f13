import json
import subprocess
import sys
from pathlib import Path

import pytest

CONFIGURATION = """
profile = "prod"
signing_keys = ["env:ACME_KEY"]
[storage.lake]
type = "vault"
bucket = "b"
token = "hush"
verify = "always"
[storage.cloud]
type = "s3"
bucket = "b"
secret_access_key = "hush"
[orchestrators.grid]
queue = "long"
password = "hush"
[feature_stores.feast]
anything = "hush"
[profiles.prod]
storage_layer = "vault://user:hush@host/prefix"
workers = 2
[[policies]]
task = "x"
retries = 3
"""

PLUGIN = """
from dataclasses import dataclass, field

SECRET = {"secret": True}

@dataclass(frozen=True)
class Vault:
    bucket: str = ""
    token: str = field(default="", metadata=SECRET)

@dataclass(frozen=True)
class Grid:
    queue: str = ""
    password: str = field(default="", metadata=SECRET)

@dn.hookimpl
def datanectar_storages():
    yield dn.StorageType(name="vault", factory="nowhere:V", options=Vault, summary="V")

@dn.hookimpl
def datanectar_orchestrators():
    yield dn.OrchestratorType(name="grid", factory="nowhere:G", options=Grid, summary="G")

@dn.hookimpl
def datanectar_defaults():
    return {"profiles": {"prod": {"orchestrator": "grid"}}}
"""


def test_config_show_says_where_every_value_comes_from(in_process, install, monkeypatch) -> None:
    install("datanectar-acme", PLUGIN, version="1.2")
    monkeypatch.setenv("DATANECTAR_STORAGE__LAKE__BUCKET", "other")
    monkeypatch.setenv("DATANECTAR_ORCHESTRATOR", "local")
    Path("datanectar.toml").write_text(CONFIGURATION)
    code, out, err = in_process("config", "show")
    assert code == 0
    assert [line.split("\t") for line in out.splitlines()] == [
        ["feature_stores.feast.anything", "***", "datanectar.toml:17"],
        ["naming", "default", "built in"],
        ["orchestrator", "local", "DATANECTAR_ORCHESTRATOR"],
        ["orchestrators.grid.password", "***", "datanectar.toml:15"],
        ["orchestrators.grid.queue", "long", "datanectar.toml:14"],
        ["policies[0].retries", "3", "datanectar.toml:23"],
        ["policies[0].task", "x", "datanectar.toml:22"],
        ["profile", "prod", "datanectar.toml:2"],
        ["profiles.local.orchestrator", "local", "built in"],
        ["profiles.local.storage_layer", "disk", "built in"],
        ["profiles.prod.orchestrator", "grid", "package datanectar-acme 1.2"],
        ["profiles.prod.storage_layer", "vault://***@host/prefix", "datanectar.toml:19"],
        ["profiles.prod.workers", "2", "datanectar.toml:20"],
        ["signing_keys", "['env:ACME_KEY']", "datanectar.toml:3"],
        ["storage.cloud.bucket", "b", "datanectar.toml:11"],
        ["storage.cloud.secret_access_key", "***", "datanectar.toml:12"],
        ["storage.cloud.type", "s3", "datanectar.toml:10"],
        ["storage.disk.path", ".datanectar", "built in"],
        ["storage.disk.type", "local", "built in"],
        ["storage.lake.bucket", "other", "DATANECTAR_STORAGE__LAKE__BUCKET"],
        ["storage.lake.token", "***", "datanectar.toml:7"],
        ["storage.lake.type", "vault", "datanectar.toml:5"],
        ["storage.lake.verify", "always", "datanectar.toml:8"],
    ]
    assert err == f"file: {Path.cwd()}/datanectar.toml\n"


@pytest.mark.parametrize(
    "arguments", [["config"], ["config", "show"], ["config", "--json"], ["config", "show", "--json"]]
)
def test_no_form_of_config_prints_a_secret(in_process, install, arguments: list[str]) -> None:
    install("datanectar-acme", PLUGIN)
    Path("datanectar.toml").write_text(CONFIGURATION)
    code, out, err = in_process(*arguments)
    assert code == 0
    assert "hush" not in out + err
    assert "storage.lake.token" in out


def test_config_shows_where_a_secret_is_kept_and_what_a_component_reads_by_itself(
    in_process, install, monkeypatch
) -> None:
    own = PLUGIN.replace('bucket: str = ""', 'bucket: str = field(default="", metadata={"env": "ACME_BUCKET"})')
    install("datanectar-acme", own.replace("metadata=SECRET", 'metadata={**SECRET, "env": "ACME_TOKEN"}', 1))
    Path("datanectar.toml").write_text(
        '[storage.lake]\ntype = "vault"\ntoken = "env:TEAM_TOKEN"\n[storage.pond]\ntype = "vault"\n'
    )
    monkeypatch.setenv("ACME_BUCKET", "b")
    monkeypatch.setenv("ACME_TOKEN", "hush")
    lines = in_process("config")[1].splitlines()
    assert [line.split("\t") for line in lines if line.startswith(("storage.lake", "storage.pond"))] == [
        ["storage.lake.bucket", "b", "ACME_BUCKET"],
        ["storage.lake.token", "env:TEAM_TOKEN", "datanectar.toml:3"],
        ["storage.lake.type", "vault", "datanectar.toml:2"],
        ["storage.pond.bucket", "b", "ACME_BUCKET"],
        ["storage.pond.token", "***", "ACME_TOKEN"],
        ["storage.pond.type", "vault", "datanectar.toml:5"],
    ]


@pytest.mark.parametrize(
    "arguments", [["config", "--json"], ["config", "show", "--json"], ["config", "--json", "show"]]
)
def test_config_as_json(in_process, arguments: list[str]) -> None:
    entries = {entry["key"]: entry for entry in json.loads(in_process(*arguments)[1])}
    assert entries["profile"] == {"key": "profile", "value": "local", "source": "built in"}


@pytest.mark.parametrize("arguments", [["config", "--profile", "dev"], ["config", "show", "--profile", "dev"]])
def test_config_of_another_profile(in_process, arguments: list[str]) -> None:
    Path("datanectar.toml").write_text("[profiles.dev]")
    assert "profile\tdev\tcommand line" in in_process(*arguments)[1].splitlines()


def test_config_without_a_file_says_so(in_process) -> None:
    assert in_process("config")[2] == f"file: none in {Path.cwd()} or above\n"


def test_plugins_lists_what_became_of_each(in_process, install, monkeypatch) -> None:
    install("datanectar-acme", PLUGIN, entry="acme", version="1.2")
    install("datanectar-broken", "import no_such_sdk", entry="broken", version="2")
    install("datanectar-off", "raise AssertionError", entry="off", version="3")
    monkeypatch.setenv("DATANECTAR_DISABLE_PLUGINS", "off")
    code, out, _ = in_process("plugins")
    rows = [line.split("\t") for line in out.splitlines()]
    assert code == 0
    assert rows[0][:3] == ["builtin", "datanectar-core", "ok"]
    assert rows[1:] == [
        ["acme", "datanectar-acme 1.2", "ok", "storage vault, orchestrator grid"],
        ["broken", "datanectar-broken 2", "failed", "No module named 'no_such_sdk'"],
        ["off", "datanectar-off 3", "disabled", "disabled by DATANECTAR_DISABLE_PLUGINS"],
    ]


def test_plugins_as_json(in_process, install) -> None:
    install("datanectar-acme", PLUGIN, entry="acme", version="1.2")
    acme = json.loads(in_process("plugins", "--json")[1])[1]
    assert acme == {
        "name": "acme",
        "distribution": "datanectar-acme",
        "version": "1.2",
        "status": "ok",
        "brings": ["storage vault", "orchestrator grid"],
        "error": "",
    }


def test_plugins_tells_of_names_that_two_claim(in_process, install) -> None:
    install("datanectar-acme", PLUGIN, entry="acme")
    install("datanectar-rival", PLUGIN, entry="rival")
    assert "conflict: storage 'vault' is claimed by two plugins" in in_process("plugins")[2]


def test_listing_plugins_imports_no_sdk_and_no_numeric_library() -> None:
    look = (
        "import sys; from datanectar.cli.application import invoke; invoke(['plugins']);"
        "heavy = {'numpy', 'pandas', 'polars', 'pyarrow', 'sklearn', 'skops', 'boto3', 'azure', 'luigi', 'rich'};"
        "print(heavy & set(sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True).stdout
    assert shown.splitlines()[-1] == "set()"
