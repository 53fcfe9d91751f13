"""A project moves to Azure by one setting; its commands, logs and other processes find it there."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

import datanectar as dn
from datanectar.cli.application import invoke


@pytest.fixture
def url(azure_container) -> str:
    return f"az://{azure_container}/artifacts"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "datanectar", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_one_setting_moves_a_project_and_no_name_changes(project, url, monkeypatch):
    on_disk = run("run", "pipeline:everything", "--quiet")
    assert on_disk.returncode == 0, on_disk.stderr
    names = run("ls", "--json").stdout
    monkeypatch.setenv("DATANECTAR_STORAGE_LAYER", url)
    assert json.loads(run("ls", "--json").stdout) == []
    moved = run("run", "pipeline:everything", "--quiet", "--workers", "2")  # spawned: they open the store by its URL
    assert (moved.returncode, moved.stdout) == (0, on_disk.stdout), moved.stderr
    assert moved.stderr == ""
    found = json.loads(run("ls", "--json").stdout)
    assert sorted(row["name"] for row in found) == sorted(row["name"] for row in json.loads(names))


def test_a_large_result_is_fetched_once_and_mapped(project, url):
    import pipeline

    with dn.settings(storage_layer=url):
        numbers = pipeline.numbers(300_000)
        dn.run(numbers)
        assert numbers.load()[-1] == 299_999
        assert numbers.local_path().is_relative_to(Path.home())


def test_logs_have_what_the_task_says_and_nothing_of_the_sdk(url, caplog):
    @dn.task
    def talks() -> int:
        logging.getLogger("mine").info("a word")
        raise ValueError("and an end")

    with caplog.at_level(logging.INFO), dn.settings(storage_layer=url):
        handle = talks()
        with pytest.raises(dn.errors.RunFailed):
            dn.run(handle)
        log = handle.logs()
    assert "INFO mine: a word" in log
    assert "azure" not in log.split("Traceback")[0]


def test_the_sdks_requests_are_logged_for_who_asks(url, caplog):
    with caplog.at_level(logging.DEBUG, "azure.core.pipeline.policies.http_logging_policy"), dn.settings():
        list(dn.storage_layer(url).list())
    assert "Request URL" in caplog.text


def test_the_configuration_shows_no_secret(azurite, azure_container, capsys):
    Path("datanectar.toml").write_text(
        f'[storage.lake]\ntype = "azure"\ncontainer = "{azure_container}"\nsas_token = "sv=1&sig=hush"\n'
    )
    assert invoke(["config"]) == 0
    shown = capsys.readouterr().out
    assert azurite.key not in shown
    assert "hush" not in shown
    assert [line.split()[1:] for line in shown.splitlines() if "connection_string" in line] == [
        ["***", "AZURE_STORAGE_CONNECTION_STRING"]
    ]


# The doctor


def examined(capsys, *arguments: str) -> tuple[int, str]:
    code = invoke(["doctor", *arguments])
    return code, capsys.readouterr().out


def test_the_doctor_finds_a_good_store_good(url, capsys):
    code, said = examined(capsys, "--storage-layer", url)
    assert "can be read: no artifacts yet" in said
    assert "can be written to, and overwrites nothing" in said
    assert f"agrees with that of {url}" in said
    assert code == 0


def test_the_doctor_tells_of_a_container_that_is_missing(azurite, azure_container, capsys):
    code, said = examined(capsys, "--storage-layer", "az://nowhere")
    assert "has no container 'nowhere': correct the option container, or make it with" in " ".join(said.split())
    assert code == 1


def test_the_doctor_tells_of_missing_credentials(azure_container, monkeypatch, capsys):
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "acme")
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    code, said = examined(capsys, "--storage-layer", "az://eta")
    assert "no credentials: set connection_string (AZURE_STORAGE_CONNECTION_STRING)" in " ".join(said.split())
    assert code == 1


def test_the_doctor_tells_of_a_reader_what_works(url, make_backend, make_layer, make_sas, azurite, monkeypatch, capsys):
    make_layer(make_backend()).store("a/b", 1)
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING")
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", make_sas("rl"))
    code, said = examined(capsys, "--storage-layer", _address(azurite, url))
    assert "can be read: has artifacts" in said
    assert "read-only: cannot create probes/" in said
    assert "sas_token has the permissions 'rl'" in " ".join(said.split())
    assert code == 0


def _address(azurite, url: str) -> str:
    return url.replace("az://", f"az://{azurite.host}:{azurite.port}/{azurite.account}/")
