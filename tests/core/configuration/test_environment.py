from pathlib import Path

import pytest

import datanectar as dn
from datanectar.configuration.active import current
from datanectar.errors import ConfigurationError


def test_a_profile_is_chosen_by_variable(monkeypatch) -> None:
    Path("datanectar.toml").write_text('[profiles.prod]\nstorage_layer = "memory://chosen"\n')
    monkeypatch.setenv("DATANECTAR_PROFILE", "prod")
    assert dn.storage_layer().backend.url == "memory://chosen"


def test_a_url_in_a_variable_is_a_storage_layer(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("DATANECTAR_STORAGE_LAYER", f"file://{tmp_path}")
    assert dn.storage_layer().backend.url == f"file://{tmp_path}"


def test_an_option_of_a_storage_is_set_by_variable(monkeypatch, tmp_path) -> None:
    Path("datanectar.toml").write_text('[storage.my-lake]\ntype = "local"\npath = "x"\n')
    monkeypatch.setenv("DATANECTAR_STORAGE__MY_LAKE__PATH", str(tmp_path))
    assert dn.storage_layer("my-lake").backend.url == f"file://{tmp_path}"


def test_a_storage_can_be_defined_by_variables_alone(monkeypatch) -> None:
    monkeypatch.setenv("DATANECTAR_STORAGE__X__TYPE", "memory")
    monkeypatch.setenv("DATANECTAR_STORAGE__X__NAME", "from-variables")
    assert dn.storage_layer("x").backend.url == "memory://from-variables"


@pytest.mark.parametrize(
    ("variable", "text", "key", "value"),
    [
        ("DATANECTAR_WORKERS", "3", "workers", 3),
        ("DATANECTAR_ORCHESTRATOR", "luigi", "orchestrator", "luigi"),
        ("DATANECTAR_FEATURE_STORE", "feast", "feature_store", "feast"),
    ],
)
def test_choices_are_made_by_variable(monkeypatch, variable: str, text: str, key: str, value: object) -> None:
    monkeypatch.setenv(variable, text)
    with dn.settings() as settings:
        assert settings.choose(key) == (value, variable)


@pytest.mark.parametrize(
    ("variable", "text", "key", "value"),
    [
        ("DATANECTAR_PROJECT", "eta", "project", "eta"),
        ("DATANECTAR_RECORD_SOURCE", "true", "record_source", True),
        ("DATANECTAR_SIGNING_KEYS", "env:A,file:b", "signing_keys", ["env:A", "file:b"]),
        ("DATANECTAR_PROFILES__LOCAL__WORKERS", "2", "profiles.local.workers", 2),
    ],
)
def test_settings_are_read_from_variables_by_their_type(monkeypatch, variable, text: str, key: str, value) -> None:
    monkeypatch.setenv(variable, text)
    with dn.settings() as settings:
        assert settings.values[key] == (value, variable)


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("DATANECTAR_PROFIL", "x", "unknown variable DATANECTAR_PROFIL; did you mean DATANECTAR_PROFILE?"),
        (
            "DATANECTAR_STORAGELAYER",
            "x",
            "unknown variable DATANECTAR_STORAGELAYER; did you mean DATANECTAR_STORAGE_LAYER?",
        ),
        (
            "DATANECTAR_PLUGINS__DISABLE",
            "x",
            "unknown variable DATANECTAR_PLUGINS__DISABLE; did you mean DATANECTAR_DISABLE_PLUGINS?",
        ),
        (
            "DATANECTAR_STORAGE__DISC__PATH",
            "x",
            "DATANECTAR_STORAGE__DISC__PATH: there is no storage 'disc'; did you mean 'disk'?",
        ),
        (
            "DATANECTAR_STORAGE__DISC__CLIENT__REGION",
            "x",
            "DATANECTAR_STORAGE__DISC__CLIENT__REGION: there is no storage 'disc'; did you mean 'disk'?",
        ),
        (
            "DATANECTAR_STORGE__LAKE__BUCKET",
            "x",
            "unknown key 'storge.lake.bucket' (DATANECTAR_STORGE__LAKE__BUCKET); did you mean 'storage'?",
        ),
        ("DATANECTAR_WORKERS", "two", "DATANECTAR_WORKERS='two' must be of type int"),
        ("DATANECTAR_WORKERS", "0", "DATANECTAR_WORKERS='0' must be more than 0"),
        ("DATANECTAR_PROFILE", "prod", "there is no profile 'prod' (DATANECTAR_PROFILE); there are: local"),
        (
            "DATANECTAR_STORAGE_DISK_PATH",
            "x",
            "unknown variable DATANECTAR_STORAGE_DISK_PATH; did you mean DATANECTAR_STORAGE__DISK__PATH?",
        ),
        (
            "DATANECTAR_PROFILES_LOCAL_WORKERS",
            "x",
            "unknown variable DATANECTAR_PROFILES_LOCAL_WORKERS; did you mean DATANECTAR_PROFILES__LOCAL__WORKERS?",
        ),
        (
            "DATANECTAR_STORAGE_LAKE_BUCKET",
            "x",
            "unknown variable DATANECTAR_STORAGE_LAKE_BUCKET; did you mean DATANECTAR_STORAGE__NAME__OPTION?",
        ),
        (
            "DATANECTAR_PROFILES__LOCL__WORKERS",
            "2",
            "DATANECTAR_PROFILES__LOCL__WORKERS: there is no profile 'locl'; did you mean 'local'?",
        ),
        (
            "DATANECTAR_STORAGE__LAKE",
            "x",
            "unknown key 'storage.lake' (DATANECTAR_STORAGE__LAKE); [storage] holds a table for each name, such as "
            "[storage.disk]",
        ),
    ],
)
def test_a_wrong_variable_is_named(monkeypatch, variable: str, text: str, message: str) -> None:
    monkeypatch.setenv(variable, text)
    with pytest.raises(ConfigurationError) as caught, dn.settings():
        pass
    assert str(caught.value) == message


def test_a_wrong_option_from_a_variable_is_named(monkeypatch) -> None:
    monkeypatch.setenv("DATANECTAR_STORAGE__DISK__PAHT", "x")
    with pytest.raises(
        ConfigurationError, match=r"unknown option storage\.disk\.paht \(DATANECTAR_STORAGE__DISK__PAHT"
    ):
        dn.storage_layer()


def test_a_variable_that_may_be_a_plugins_own_is_let_be(monkeypatch) -> None:
    monkeypatch.setenv("DATANECTAR_ACME_LICENCE", "x")
    with dn.settings() as settings:
        assert settings.profile == "local"


@pytest.mark.parametrize(
    "word", ["PROFILE", "STORAGE_LAYER", "ORCHESTRATOR", "WORKERS", "SIGNING_KEYS", "RECORD_SOURCE"]
)
def test_an_empty_variable_of_one_word_is_not_set(monkeypatch, word: str) -> None:
    """So it arrives from shells and compose files that pass on what they do not have."""
    monkeypatch.setenv(f"DATANECTAR_{word}", "")
    with dn.settings() as settings:
        assert (settings.profile, settings.choose("storage_layer").value) == ("local", "disk")
        assert settings.choose("workers") is None


def test_an_empty_path_is_refused_before_it_means_the_projects_own_directory(monkeypatch) -> None:
    monkeypatch.setenv("DATANECTAR_STORAGE__DISK__PATH", "")
    with pytest.raises(ConfigurationError, match=r"storage\.disk\.path \(DATANECTAR_STORAGE__DISK__PATH\) is empty"):
        dn.storage_layer()


def test_a_relative_path_in_a_variable_starts_at_the_file_too(monkeypatch) -> None:
    root, below = Path.cwd(), Path("a/b")
    below.mkdir(parents=True)
    Path("datanectar.toml").write_text("")
    monkeypatch.chdir(below)
    monkeypatch.setenv("DATANECTAR_STORAGE__DISK__PATH", "elsewhere")
    assert dn.storage_layer().backend.url == (root / "elsewhere").as_uri()


def test_a_profile_can_be_made_of_variables_alone(monkeypatch) -> None:
    monkeypatch.setenv("DATANECTAR_PROFILE", "my-ci")
    monkeypatch.setenv("DATANECTAR_PROFILES__MY_CI__STORAGE_LAYER", "memory://ci")
    assert dn.storage_layer().backend.url == "memory://ci"


@pytest.mark.parametrize(
    ("variable", "text", "key", "value"),
    [
        ("DATANECTAR_STORAGE_LAYER", "memory://", "storage_layer", "memory://"),
        ("DATANECTAR_ORCHESTRATOR", "luigi", "orchestrator", "luigi"),
    ],
)
def test_a_choice_that_changes_in_mid_session_is_noticed(monkeypatch, variable, text, key: str, value: object) -> None:
    current()
    monkeypatch.setenv(variable, text)
    assert current().choose(key) == (value, variable)
