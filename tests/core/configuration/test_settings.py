from pathlib import Path

import pytest

import datanectar as dn
from datanectar.errors import ConfigurationError

LAYERS = "".join(f'[storage.{name}]\ntype = "memory"\nname = "{name}"\n' for name in ("a", "b", "c", "d", "e", "f"))


@dn.task(task_type="train_model", model_family="classifier", storage_layer="c")
def decorated() -> int:
    return 1


@dn.task(task_type="train_model", model_family="classifier")
def plain() -> int:
    return 1


def configure(text: str) -> None:
    Path("datanectar.toml").write_text(LAYERS + text)


# Precedence: run argument > settings() > environment > policy > decorator > profile > packages' defaults

PACKAGE_PROFILE = '{"profile": "pkg", "profiles": {"pkg": {"storage_layer": "f"}}}'
PACKAGE_POLICY = '{"policies": [{"task_type": "train_model", "storage_layer": "e"}]}'
PROFILE = '[profiles.local]\nstorage_layer = "d"\n'
POLICY = '[[policies]]\ntask_type = "train_model"\nstorage_layer = "b"\n'


def defaults(content: str) -> str:
    return f"@dn.hookimpl\ndef datanectar_defaults():\n    return {content}"


def layer_of(task) -> str:
    return task().call.layer().reference


def test_a_run_argument_wins_over_the_environment(monkeypatch) -> None:
    configure("")
    monkeypatch.setenv("DATANECTAR_STORAGE_LAYER", "b")
    handle = plain()
    dn.run(handle, storage_layer="a")
    assert (dn.storage_layer("a").exists(handle.name), dn.storage_layer("b").exists(handle.name)) == (True, False)


def test_a_run_argument_wins_over_settings() -> None:
    configure("")
    with dn.settings(storage_layer="b"):
        handle = plain()
        dn.run(handle, storage_layer="a")
        assert (dn.storage_layer("a").exists(handle.name), handle.exists()) == (True, False)


def test_settings_win_over_the_environment(monkeypatch) -> None:
    configure("")
    monkeypatch.setenv("DATANECTAR_STORAGE_LAYER", "b")
    with dn.settings(storage_layer="a"):
        assert layer_of(plain) == "a"


def test_the_environment_wins_over_a_policy(monkeypatch) -> None:
    configure(POLICY)
    monkeypatch.setenv("DATANECTAR_STORAGE_LAYER", "a")
    assert layer_of(plain) == "a"


def test_a_policy_wins_over_the_decorator() -> None:
    configure(POLICY)
    assert layer_of(decorated) == "b"


def test_the_decorator_wins_over_the_profile() -> None:
    configure(PROFILE)
    assert (layer_of(decorated), layer_of(plain)) == ("c", "d")


def test_the_decorator_wins_over_a_package(install) -> None:
    install("datanectar-acme", defaults(PACKAGE_POLICY))
    configure("")
    assert layer_of(decorated) == "c"


def test_the_users_profile_wins_over_a_packages_policy(install) -> None:
    install("datanectar-acme", defaults(PACKAGE_POLICY))
    configure(PROFILE)
    assert layer_of(plain) == "d"


def test_a_packages_policy_wins_over_a_packages_profile(install) -> None:
    install("datanectar-acme", defaults(PACKAGE_POLICY))
    configure("")
    assert layer_of(plain) == "e"


def test_a_packages_profile_can_be_the_default_one(install) -> None:
    install("datanectar-acme", defaults(PACKAGE_PROFILE))
    configure("")
    assert layer_of(plain) == "f"


def test_the_users_profile_wins_over_a_package_key_by_key(install) -> None:
    install("datanectar-acme", defaults('{"profiles": {"local": {"storage_layer": "f", "workers": 1}}}'))
    configure(PROFILE)
    with dn.settings() as settings:
        assert settings.choose("storage_layer") == ("d", "datanectar.toml:20")
        assert settings.choose("workers") == (1, "package datanectar-acme 1.0")


def test_the_users_policy_wins_over_a_packages(install) -> None:
    install("datanectar-acme", defaults(PACKAGE_POLICY))
    configure(POLICY)
    assert layer_of(plain) == "b"


def test_a_table_given_anew_replaces_that_of_a_package() -> None:
    Path("datanectar.toml").write_text('[storage.disk]\ntype = "memory"\n')
    with dn.settings() as settings:
        assert list(settings.table("storage.disk")) == ["type"]


def test_none_of_it_enters_a_name(monkeypatch) -> None:
    configure(PROFILE)
    plain_name = plain().name
    monkeypatch.setenv("DATANECTAR_STORAGE_LAYER", "a")
    assert plain().name == plain_name


# Policies


@pytest.mark.parametrize(
    ("match", "applies"),
    [
        ('task_type = "train_model"', True),
        ('task_type = "other"', False),
        ('model_family = "classifier"', True),
        ('model_family = "regressor"', False),
        ('task = "plain"', True),
        ('task = "decorated"', False),
        ('profile = "local"', True),
        ('profile = "prod"', False),
        ('task_type = "train_model"\nmodel_family = "classifier"\nprofile = "local"\ntask = "plain"', True),
        ('task_type = "train_model"\nmodel_family = "regressor"', False),
        ("", True),
    ],
)
def test_a_policy_applies_to_what_it_matches(match: str, applies: bool) -> None:
    configure(f'{PROFILE}[[policies]]\n{match}\nstorage_layer = "b"\nretries = 2\n')
    with dn.settings() as settings:
        assert layer_of(plain) == ("b" if applies else "d")
        assert settings.choose("retries", plain) == ((2, settings.policies[0]["retries"].source) if applies else None)


def test_of_several_policies_the_last_that_says_something_wins() -> None:
    configure('[[policies]]\nretries = 1\n[[policies]]\nretries = 2\n[[policies]]\nserializer = "pickle"\n')
    with dn.settings() as settings:
        assert settings.choose("retries", plain).value == 2
        assert settings.choose("serializer", plain).value == "pickle"


def test_resources_of_a_policy_are_a_table() -> None:
    configure("[[policies]]\n[policies.resources]\ngpu = 1\nmemory = 2.5\n")
    with dn.settings() as settings:
        assert settings.choose("resources", plain).value == {"gpu": 1, "memory": 2.5}


# Environment


def test_a_profile_is_chosen_by_variable(monkeypatch) -> None:
    configure('[profiles.prod]\nstorage_layer = "a"\n')
    monkeypatch.setenv("DATANECTAR_PROFILE", "prod")
    assert layer_of(plain) == "a"


def test_a_url_in_a_variable_is_a_storage_layer(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("DATANECTAR_STORAGE_LAYER", f"file://{tmp_path}")
    assert plain().uri.startswith(f"file://{tmp_path}/")


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
            "DATANECTAR_STORGE__LAKE__BUCKET",
            "x",
            "unknown key 'storge.lake.bucket' (DATANECTAR_STORGE__LAKE__BUCKET); did you mean 'storage'?",
        ),
        ("DATANECTAR_WORKERS", "two", "DATANECTAR_WORKERS='two' must be of type int"),
        ("DATANECTAR_WORKERS", "0", "DATANECTAR_WORKERS='0' must be more than 0"),
        ("DATANECTAR_PROFILE", "prod", "there is no profile 'prod' (DATANECTAR_PROFILE); there are: local"),
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


# Profiles


def test_a_missing_profile_is_told_with_those_there_are() -> None:
    configure('profile = "prd"\n'.join(["", '[profiles.prod]\nstorage_layer = "a"\n']))
    Path("datanectar.toml").write_text('profile = "prd"\n[profiles.prod]\n')
    with pytest.raises(ConfigurationError) as caught, dn.settings():
        pass
    assert str(caught.value) == "there is no profile 'prd' (datanectar.toml:1); did you mean 'prod'?"


def test_a_profile_without_a_choice_says_what_is_missing() -> None:
    Path("datanectar.toml").write_text('profile = "dev"\n[profiles.dev]\n')
    with pytest.raises(ConfigurationError, match="profile 'dev' names no storage_layer"):
        dn.storage_layer()


# Packages


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("1 / 0", "division by zero"),
        ("[]", "'list' object has no attribute 'items'"),
        ('{"projct": "x"}', "unknown key 'projct' (package datanectar-acme 1.0); did you mean 'project'?"),
        ('{"storage": {"Lake": {"type": "s3"}}}', "[storage.Lake]: names are of a-z 0-9 _ -"),
    ],
)
def test_a_package_with_broken_defaults_is_taken_out_and_breaks_nothing(install, content: str, reason: str) -> None:
    install("datanectar-acme", defaults(content), entry="acme")
    with dn.settings() as settings:
        assert settings.profile == "local"
        assert settings.manager.infos["acme"].status == "failed"
        assert str(settings.manager.infos["acme"].error) == reason


def test_a_plugin_is_given_the_settings(install) -> None:
    source = "seen = []\n@dn.hookimpl\ndef datanectar_configure(settings):\n    seen.append(settings.project)"
    install("datanectar-acme", source, entry="acme")
    Path("datanectar.toml").write_text('project = "eta"')
    with dn.settings() as settings:
        assert settings.manager.get_plugin("acme").seen == ["eta"]


def test_the_configuration_disables_plugins(install) -> None:
    install("datanectar-acme", "raise AssertionError('imported')", entry="acme")
    Path("datanectar.toml").write_text('[plugins]\ndisable = ["acme"]')
    with dn.settings() as settings:
        assert settings.manager.infos["acme"].disabled_by == "[plugins] disable"


def test_a_project_without_a_name_has_that_of_its_directory() -> None:
    with dn.settings() as settings:
        assert settings.project == Path.cwd().name
