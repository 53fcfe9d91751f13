from pathlib import Path

import pytest

import datanectar as dn
from datanectar.configuration.active import current
from datanectar.configuration.schema import KEYS
from datanectar.errors import ConfigurationError


def refusal(text: str, name: str = "datanectar.toml") -> str:
    Path(name).write_text(text)
    with pytest.raises(ConfigurationError) as caught, dn.settings():
        pass
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('projct = "x"', "unknown key 'projct' (datanectar.toml:1); did you mean 'project'?"),
        ("[plugins]\ndisabel = []", "unknown key 'plugins.disabel' (datanectar.toml:2); did you mean 'disable'?"),
        (
            '[profiles.prod]\norchestratr = "x"',
            "unknown key 'profiles.prod.orchestratr' (datanectar.toml:2); did you mean 'orchestrator'?",
        ),
        ("[[policies]]\nretires = 1", "unknown key 'policies[0].retires' (datanectar.toml:2); did you mean 'retries'?"),
        ('[storge.lake]\ntype = "s3"', "unknown key 'storge.lake.type' (datanectar.toml:2); did you mean 'storage'?"),
        (
            "[profiles.prod]\nzzz = 1",
            "unknown key 'profiles.prod.zzz' (datanectar.toml:2); known here: storage_layer, orchestrator, "
            "feature_store, workers",
        ),
        (
            "[foo]",
            "unknown key 'foo' (datanectar.toml:1); known here: feature_stores, naming, orchestrators, plugins, "
            "policies, profile, profiles, project, project_packages, record_source, services, signing_keys, storage",
        ),
    ],
)
def test_an_unknown_key_is_refused_with_its_source_and_the_nearest(text: str, message: str) -> None:
    assert refusal(text) == message


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('storage = "s3"', "[storage] holds a table for each name, such as [storage.disk]"),
        ('[storage]\ntype = "s3"', "[storage] holds a table for each name, such as [storage.disk]"),
        ('profiles.local = "disk"', "[profiles] holds a table for each name, such as [profiles.local]"),
        ('plugins = ["x"]', "it is a table, [plugins], with the key disable"),
        ('[policies]\ntask = "x"', "policies are rows: write [[policies]]"),
        ("[[policies]]\nresources = 3", "it is a table of numbers, such as resources = { gpu = 1 }"),
        ("[tool.datanectar.storage.x]\na=1", "in this file it is storage.x.a, without tool.datanectar"),
    ],
)
def test_a_known_word_in_the_wrong_place_is_told_where_it_goes(text: str, hint: str) -> None:
    assert refusal(text).endswith(f"; {hint}")


def test_hints_for_pyproject_have_its_prefix() -> None:
    text = '[tool.datanectar.policies]\ntask = "x"'
    assert refusal(text, "pyproject.toml").endswith("; policies are rows: write [[tool.datanectar.policies]]")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("profile = 3", "profile = 3 (datanectar.toml:1) must be of type str"),
        ('record_source = "yes"', "record_source = 'yes' (datanectar.toml:1) must be of type bool"),
        ('[plugins]\ndisable = "a"', "plugins.disable = 'a' (datanectar.toml:2) must be of type list[str]"),
        ('signing_keys = "hush"', "signing_keys (datanectar.toml:1) must be of type list[str]"),
        (
            "[profiles.local]\nworkers = 1.5",
            "profiles.local.workers = 1.5 (datanectar.toml:2) must be of type int",
        ),
        ("[profiles.local]\nworkers = 0", "profiles.local.workers = 0 (datanectar.toml:2) must be more than 0"),
        ("[[policies]]\nretries = -1", "policies[0].retries = -1 (datanectar.toml:2) must be 0 or more"),
        ("[[policies]]\ntimeout = 0", "policies[0].timeout = 0 (datanectar.toml:2) must be more than 0"),
        (
            'signing_keys = ["my very own secret"]',
            "signing_keys (datanectar.toml:1) must be references, env:NAME or file:PATH",
        ),
        ("[storage.Lake]\ntype = 's3'", "[storage.Lake]: names are of a-z 0-9 _ -"),
        ("[profiles.local]\nworkers = true", "profiles.local.workers = True (datanectar.toml:2) must be of type int"),
        (
            '[[policies]]\ntask = "TrainModel"',
            "policies[0].task = 'TrainModel' (datanectar.toml:2) must be as it stands in artifact names: a-z 0-9 . _ -",
        ),
        (
            "[[policies]]\nresources = { gpu = -1 }",
            "policies[0].resources.gpu = -1 (datanectar.toml:2) must be 0 or more",
        ),
    ],
)
def test_a_wrong_value_is_refused_with_its_key_and_source(text: str, message: str) -> None:
    assert refusal(text) == message


@pytest.mark.parametrize(
    "text",
    ["policies = []", "[plugins]", "[profiles]", "[storage]", "[profiles.dev]", "[[policies]]\nresources = {}"],
)
def test_an_empty_table_is_no_mistake(text: str) -> None:
    Path("datanectar.toml").write_text(text)
    with dn.settings() as settings:
        assert settings.profile == "local"


def test_every_key_has_a_line_of_help() -> None:
    assert [key for key, known in KEYS.items() if not known.help or "\n" in known.help] == []


def test_a_profiles_key_at_the_top_is_told_where_it_belongs() -> None:
    Path("datanectar.toml").write_text('storage_layer = "disk"')
    with pytest.raises(ConfigurationError, match=r"it belongs to a profile: write it below \[profiles.local\]"):
        current()
