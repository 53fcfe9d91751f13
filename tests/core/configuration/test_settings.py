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


# Precedence, beside the table in test_precedence.py

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
