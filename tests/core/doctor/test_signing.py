import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import datanectar as dn
from datanectar.configuration.settings import Settings
from datanectar.doctor import signing
from datanectar.doctor.findings import Finding
from datanectar.layer.signing import key_path

KEY = "0123456789abcdef" * 4


def look() -> list[tuple[str, str]]:
    with dn.settings() as settings:
        return [(found.status, found.found) for found in signing.signing_keys(settings)]


def write_key(path: Path, text: str = KEY, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def test_no_key_yet_is_fine_and_none_is_made() -> None:
    assert look() == [("ok", f"none yet; the first pickle makes one in {key_path()}")]
    assert not key_path().exists()


def test_no_key_where_none_can_be_made_is_a_warning(monkeypatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    ((status, found),) = look()
    assert (status, found.partition(":")[2]) == ("warning", " no pickle can be stored")


def test_the_users_own_key_signs() -> None:
    path = write_key(key_path())
    assert look() == [("ok", f"your own, {path}, signs and verifies")]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606])
def test_a_key_that_others_can_read_is_told_with_the_command_that_mends_it(mode: int) -> None:
    path = write_key(key_path(), mode=mode)
    _, found = list(signing.own_key())
    assert found == Finding(
        "warning",
        "signing key",
        f"{path} has mode {mode:04o}: others can read it, and sign pickles that you would load",
        f"chmod 600 {path}",
    )


def test_a_key_that_is_too_short_is_an_error_that_does_not_show_it() -> None:
    write_key(key_path(), "hush")
    assert look() == [("error", f"{key_path()}: a signing key has at least 32 bytes; this has 4")]


def test_a_key_that_cannot_be_read_is_an_error() -> None:
    key_path().mkdir(parents=True)
    ((status, found),) = look()
    assert status == "error"
    assert f"{key_path()} cannot be read: Is a directory" in found


def test_the_keys_that_are_named_sign_in_their_order(monkeypatch) -> None:
    monkeypatch.setenv("DATANECTAR_SIGNING_KEY", KEY)
    monkeypatch.setenv("TEAM", KEY)
    team = write_key(Path.cwd() / "team.key", mode=0o644)
    own = write_key(key_path())
    Path("datanectar.toml").write_text('signing_keys = ["env:TEAM", "file:team.key"]')
    assert look() == [
        ("ok", "DATANECTAR_SIGNING_KEY signs and verifies"),
        ("ok", "env:TEAM verifies"),
        ("ok", "file:team.key verifies"),
        ("warning", f"{team} has mode 0644: others can read it, and sign pickles that you would load"),
        ("ok", f"your own, {own}, verifies"),
    ]


def test_a_key_that_leads_nowhere_does_not_hide_the_others() -> None:
    write_key(key_path())
    Path("datanectar.toml").write_text('signing_keys = ["env:ABSENT", "file:absent"]')
    assert [status for status, _ in look()] == ["error", "error", "ok"]


@pytest.fixture
def settings() -> Iterator[Settings]:
    with dn.settings() as held:
        yield held


def test_a_key_of_this_machine_alone_is_told_where_others_reach_the_store(settings: Settings) -> None:
    (found,) = signing.sharing(settings, ["file:///data", "s3://lake"])
    assert found.status == "warning"
    assert found.found.startswith("only you can load pickles from s3://lake")


@pytest.mark.parametrize("urls", [["file:///data"], ["memory://"], []])
def test_a_store_of_ones_own_needs_no_shared_key(settings: Settings, urls: list[str]) -> None:
    assert list(signing.sharing(settings, urls)) == []


def test_a_shared_key_is_enough(settings: Settings, monkeypatch) -> None:
    monkeypatch.setenv("DATANECTAR_SIGNING_KEY", KEY)
    assert list(signing.sharing(settings, ["s3://lake"])) == []
