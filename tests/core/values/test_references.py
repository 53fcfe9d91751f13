from pathlib import Path

import pytest

from datanectar.errors import ConfigurationError
from datanectar.values.references import dereference, hide_credentials, is_reference


def test_references_are_told_from_secrets() -> None:
    assert [is_reference(text) for text in ("env:A", "file:a", "hush", "", 3)] == [True, True, False, False, False]


def test_a_variable_is_read_as_it_is_and_a_file_without_the_space_around(monkeypatch) -> None:
    monkeypatch.setenv("ACME", " hush ")
    Path("key").write_text("\n hush\n")
    assert dereference("env:ACME", "k", Path.cwd()) == (b" hush ", "ACME")
    assert dereference("file:key", "k", Path.cwd()) == (b"hush", f"{Path.cwd()}/key")


def test_a_file_of_the_users_home_can_be_named(monkeypatch) -> None:
    (Path.home() / "key").write_text("hush")
    assert dereference("file:~/key", "k", Path.cwd())[0] == b"hush"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("env:ABSENT", "signing_keys: the variable ABSENT is not set"),
        ("file:/absent", "signing_keys: /absent cannot be read: No such file or directory"),
        ("hush", "signing_keys: write env:NAME or file:PATH, never the secret itself"),
    ],
)
def test_what_leads_nowhere_is_told_without_repeating_a_secret(reference: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        dereference(reference, "signing_keys", Path.cwd())
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("s3://me:hush@host/b and az://x:y@z", "s3://***@host/b and az://***@z"),
        ("file:///data/me@work", "file:///data/me@work"),
        ("no address at all: a@b", "no address at all: a@b"),
    ],
)
def test_credentials_in_addresses_are_not_shown(text: str, shown: str) -> None:
    assert hide_credentials(text) == shown
