from collections.abc import Iterable
from pathlib import Path

import pytest

import datanectar as dn
from datanectar.doctor import configuration
from datanectar.doctor.findings import Finding
from datanectar.errors import ConfigurationError

PLUGIN = """
from dataclasses import dataclass, field

@dataclass(frozen=True)
class Vault:
    bucket: str = ""
    token: str = field(default="", metadata={"secret": True})

@dataclass(frozen=True)
class Grid:
    queue: str = "short"
    password: str = field(default="", metadata={"secret": True})

@dn.hookimpl
def datanectar_storages():
    yield dn.StorageType(name="vault", factory="nowhere:Vault", options=Vault, summary="V")

@dn.hookimpl
def datanectar_orchestrators():
    yield dn.OrchestratorType(name="grid", factory=dict, options=Grid, summary="G")
    yield dn.OrchestratorType(name="absent", factory="no_such_sdk:Engine", summary="A")
"""


def told(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    return [(found.status, f"{found.check}: {found.found}") for found in findings]


def configure(text: str) -> None:
    Path("datanectar.toml").write_text(text)


# What is in force


def test_what_is_in_force_is_told_with_where_that_is_said(monkeypatch) -> None:
    configure('profile = "prod"\n[profiles.prod]\nstorage_layer = "disk"\nworkers = 2\n')
    monkeypatch.setenv("DATANECTAR_ORCHESTRATOR", "local")
    with dn.settings() as settings:
        assert told(configuration.configuration(settings)) == [
            ("ok", f"configuration: {Path.cwd()}/datanectar.toml"),
            ("ok", "configuration: variables: DATANECTAR_ORCHESTRATOR"),
            (
                "ok",
                "profile: prod (datanectar.toml:1): storage_layer disk (datanectar.toml:3), orchestrator local "
                "(DATANECTAR_ORCHESTRATOR), workers 2 (datanectar.toml:4)",
            ),
        ]


def test_no_file_is_fine() -> None:
    with dn.settings() as settings:
        found = next(configuration.configuration(settings))
        assert (found.status, found.found.endswith("above; the defaults hold")) == ("ok", True)


def test_a_profile_that_chooses_no_storage_is_an_error() -> None:
    configure('profile = "dev"\n[profiles.dev]\n')
    with dn.settings() as settings:
        found = list(configuration.configuration(settings))[-1]
    assert (found.status, found.remedy) == ("error", 'set one in [profiles.dev]: storage_layer = "disk"')


def test_a_variable_that_nobody_knows_is_a_warning_without_its_value(monkeypatch) -> None:
    monkeypatch.setenv("DATANECTAR_ACME_LICENCE", "hush")
    with dn.settings() as settings:
        found = list(configuration.configuration(settings))[1]
    assert found.status == "warning"
    assert "DATANECTAR_ACME_LICENCE is none of Datanectar's" in found.found
    assert "hush" not in found.found


# A file that cannot be used


def mistakes() -> list[str]:
    with pytest.raises(ConfigurationError) as caught, dn.settings():
        pass
    found = list(configuration.mistakes(caught.value))
    assert {finding.status for finding in found} == {"error"}
    return [finding.found for finding in found]


def test_every_mistake_of_a_file_is_told_at_once() -> None:
    configure('profil = "x"\n[profiles.local]\nworkers = 0\n[[policies]]\nretires = 1\n')
    assert mistakes() == [
        "unknown key 'profil' (datanectar.toml:1); did you mean 'profile'?",
        "profiles.local.workers = 0 (datanectar.toml:3) must be more than 0",
        "unknown key 'policies[0].retires' (datanectar.toml:5); did you mean 'retries'?",
    ]


def test_what_only_the_whole_shows_comes_after_what_each_key_shows() -> None:
    configure('profil = "x"\n[storage.Lake]\ntype = "s3"\n')
    assert mistakes() == ["unknown key 'profil' (datanectar.toml:1); did you mean 'profile'?"]
    configure('[storage.Lake]\ntype = "s3"\n')
    assert mistakes() == ["[storage.Lake]: names are of a-z 0-9 _ -"]


def test_a_file_that_is_not_toml_is_told() -> None:
    configure("x =")
    assert [text.partition(":")[0] for text in mistakes()] == [f"{Path.cwd()}/datanectar.toml is not valid TOML"]


def test_a_mistake_that_is_not_in_the_file_is_told_too(monkeypatch) -> None:
    monkeypatch.setenv("DATANECTAR_PROFILE", "prod")
    assert mistakes() == ["there is no profile 'prod' (DATANECTAR_PROFILE); there are: local"]


# Components


def components(text: str) -> list[tuple[str, str]]:
    configure(text)
    with dn.settings() as settings:
        return told(configuration.components(settings))


def test_what_is_there_needs_no_word(install) -> None:
    install("datanectar-acme", PLUGIN)
    assert components('[profiles.local]\norchestrator = "grid"\n[orchestrators.grid]\nqueue = "long"\n') == []


def test_what_is_chosen_but_not_there_is_an_error(install) -> None:
    install("datanectar-acme", PLUGIN)
    text = 'naming = "xyz"\n[profiles.local]\norchestrator = "luigi"\nfeature_store = "feast"\n'
    assert components(text) == [
        ("error", "naming: datanectar.toml:1: unknown naming 'xyz'. Installed: default"),
        (
            "error",
            "orchestrator: datanectar.toml:3: orchestrator 'luigi' is not installed: pip install datanectar-luigi",
        ),
        (
            "error",
            "feature store: datanectar.toml:4: feature store 'feast' is not installed: pip install datanectar-feast",
        ),
    ]


def test_what_is_chosen_is_imported_to_see_that_it_can_be(install) -> None:
    install("datanectar-acme", PLUGIN)
    ((status, found),) = components('[profiles.local]\norchestrator = "absent"\n')
    assert status == "error"
    assert found.endswith("(datanectar-acme 1.0) but failed to load: No module named 'no_such_sdk'")


def test_a_wrong_option_of_any_component_is_an_error(install) -> None:
    install("datanectar-acme", PLUGIN)
    assert components("[orchestrators.grid]\nqeue = 1\n") == [
        (
            "error",
            "orchestrators.grid: unknown option orchestrators.grid.qeue (datanectar.toml:2); did you mean 'queue'?",
        ),
    ]


# Storages


def storages(text: str, *used: str) -> list[tuple[str, str]]:
    configure(text)
    with dn.settings() as settings:
        return told(configuration.storages(settings, used))


def test_a_storage_that_is_not_in_use_may_be_wrong_with_a_warning() -> None:
    text = (
        '[storage.cloud]\ntype = "s3"\n[storage.old]\ntype = "local"\npaht = "x"\n[storage.none]\nverify = "always"\n'
    )
    assert storages(text) == [
        ("warning", "storage cloud: storage 's3' is not installed: pip install datanectar-s3"),
        ("warning", "storage none: storage.none.type is missing; set it to local, memory, s3, …"),
        ("warning", "storage old: unknown option storage.old.paht (datanectar.toml:5); did you mean 'path'?"),
    ]
    assert storages(text, "cloud", "old", "none") == []


@pytest.mark.parametrize("secret", ["env:TOKEN", "file:token"])
def test_a_secret_in_the_file_is_a_warning_that_does_not_show_it(install, monkeypatch, secret: str) -> None:
    install("datanectar-acme", PLUGIN)
    monkeypatch.setenv("TOKEN", "hush")
    Path("token").write_text("hush")
    text = '[storage.lake]\ntype = "vault"\ntoken = "{}"\n'
    assert storages(text.format(secret)) == []
    assert storages(text.format("hush")) == [
        (
            "warning",
            "configuration: storage.lake.token (datanectar.toml:3) is a secret in a file that others may read",
        )
    ]
    grid = '[orchestrators.grid]\npassword = "{}"\n'
    assert components(grid.format(secret)) == []
    assert [status for status, _ in components(grid.format("hush"))] == ["warning"]


def test_a_secret_in_a_variable_is_where_it_belongs(install, monkeypatch) -> None:
    install("datanectar-acme", PLUGIN)
    monkeypatch.setenv("DATANECTAR_STORAGE__LAKE__TOKEN", "hush")
    assert storages('[storage.lake]\ntype = "vault"\n') == []


# Policies


def policies(text: str) -> list[tuple[str, str]]:
    configure(text)
    with dn.settings() as settings:
        return told([*configuration.policies(settings), *configuration.profiles(settings)])


@pytest.mark.parametrize(
    ("text", "status", "found"),
    [
        (
            '[[policies]]\nprofile = "prdo"\nretries = 1\n',
            "warning",
            "policies: the policy at datanectar.toml:2 is for the profile 'prdo', which is not there: it never applies",
        ),
        (
            '[[policies]]\ntask_type = "train_model"\n',
            "warning",
            "policies: the policy at datanectar.toml:2 says nothing but what it is for",
        ),
        (
            '[[policies]]\nstorage_layer = "lake"\n',
            "error",
            "policies: there is no storage 'lake' (datanectar.toml:2)",
        ),
        (
            '[[policies]]\nserializer = "pikcle"\n',
            "error",
            "policies: datanectar.toml:2: unknown serializer 'pikcle'; did you mean 'pickle'? Installed: ",
        ),
        (
            '[profiles.prod]\nstorage_layer = "lake"\n',
            "warning",
            "profile: prod names the storage 'lake' (datanectar.toml:2), which is not there",
        ),
    ],
)
def test_a_row_or_profile_that_names_what_is_not_there_is_told(text: str, status: str, found: str) -> None:
    ((said, shown),) = policies(text)
    assert (said, shown[: len(found)]) == (status, found)


def test_rows_and_profiles_that_can_work_need_no_word() -> None:
    text = (
        '[profiles.prod]\nstorage_layer = "s3://lake"\n[[policies]]\nprofile = "prod"\nstorage_layer = "disk"\n'
        '[[policies]]\nserializer = "json"\n[[policies]]\nstorage_layer = "memory://"\nresources = { gpu = 1 }\n'
    )
    assert policies(text) == []
