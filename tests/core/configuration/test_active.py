import re
from pathlib import Path

import pytest

import datanectar as dn
from datanectar.configuration.active import current
from datanectar.errors import ConfigurationError


@dn.task
def one() -> int:
    return 1


def test_settings_hold_inside_their_block_only() -> None:
    outside = dn.storage_layer().backend.url
    with dn.settings(storage_layer="memory://"):
        assert dn.storage_layer().backend.url.startswith("memory://")
    assert dn.storage_layer().backend.url == outside


def test_a_bare_memory_store_is_fresh_in_each_block() -> None:
    with dn.settings(storage_layer="memory://"):
        dn.run(one())
        assert one().exists()
    with dn.settings(storage_layer="memory://"):
        assert not one().exists()


def test_a_named_memory_store_is_the_same_in_each_block() -> None:
    for expected in (False, True):
        with dn.settings(storage_layer="memory://test-active"):
            assert one().exists() is expected
            dn.run(one())


def test_an_inner_block_adds_to_the_outer_one() -> None:
    Path("datanectar.toml").write_text("[profiles.prod]\nworkers = 3\n")
    with dn.settings(storage_layer="memory://outer"), dn.settings(profile="prod") as settings:
        assert dn.storage_layer().backend.url == "memory://outer"
        assert settings.choose("workers").value == 3


def test_none_changes_nothing() -> None:
    with dn.settings(profile=None, storage_layer=None) as settings:
        assert settings.profile == "local"


def test_files_are_read_anew_by_a_block() -> None:
    assert current().get("record_source") is None
    Path("datanectar.toml").write_text("record_source = true")
    with dn.settings():
        assert current().get("record_source") is True


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ({"storage_lajer": "x"}, "settings() has no 'storage_lajer'; did you mean 'storage_layer'?"),
        ({"workers": "two"}, "workers = 'two' (settings()) must be of type int"),
        ({"storage_layer": 3}, "storage_layer = 3 (settings()) must be of type str"),
        ({"project": 3}, "project = 3 (settings()) must be of type str"),
        ({"profile": "prod"}, "there is no profile 'prod' (settings()); there are: local"),
        ({"signing_keys": ["secret"]}, "signing_keys (settings()) must be references, env:NAME or file:PATH"),
    ],
)
def test_a_wrong_override_is_refused(override: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught, dn.settings(**override):
        pass
    assert str(caught.value) == message


def test_a_layer_is_as_good_as_its_name() -> None:
    layer = dn.storage_layer("memory://")
    with dn.settings(storage_layer=layer):
        assert dn.storage_layer() is layer


def test_relative_paths_start_at_the_file(monkeypatch) -> None:
    root, below = Path.cwd(), Path("a/b")
    below.mkdir(parents=True)
    Path("datanectar.toml").write_text('[storage.disk]\ntype = "local"\npath = "artifacts"\n')
    monkeypatch.chdir(below)
    dn.run(one())
    assert (root / "artifacts" / "datanectar.json").is_file()


def test_without_a_file_results_go_below_the_working_directory() -> None:
    assert dn.run(one()) == 1
    assert Path(".datanectar/datanectar.json").is_file()


def test_another_profile_keeps_the_store_that_settings_opened() -> None:
    Path("datanectar.toml").write_text('[profiles.prod]\nstorage_layer = "disk"\norchestrator = "local"\n')
    with dn.settings(storage_layer="memory://"):
        dn.run(one(), profile="prod")
        assert one().exists()
    assert not Path(".datanectar").exists()


def test_a_deleted_working_directory_is_said_to_be_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(ConfigurationError, match="the working directory was deleted"):
        current()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"storage_layer": Path("/data")}, "storage_layer = PosixPath('/data') (argument) must be of type str"),
        ({"storage_layer": "./data"}, "Or give a URL, such as file://{here}/data"),
        ({"storage_layer": ""}, "there is no storage '' (argument); configured: disk"),
        ({"orchestrator": 3}, "orchestrator = 3 (argument) must be of type str"),
        ({"workers": "two"}, "workers = 'two' (argument) must be of type int"),
        ({"workers": 0}, "workers = 0 (argument) must be more than 0"),
    ],
)
def test_a_wrong_argument_of_run_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message.format(here=Path.cwd()))):
        dn.run(one(), **arguments)
