"""Secrecy: what a backend knows is not what others may read in logs, pickles and addresses."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from contextlib import suppress
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from datanectar.contracts.storage import StorageBackend
from datanectar.testing.storage.rules import StorageRules

_SHOWN_IN: dict[str, Callable[[StorageBackend], str]] = {
    "url": lambda backend: backend.url,
    "repr": lambda backend: f"{backend!r} {backend}",
    "errors": lambda backend: _errors(backend),
    "pickle": lambda backend: _pickle(backend),
}


class Secrecy(StorageRules):
    """Rules of what a backend shows. The fixture `secrets` names what must not be seen."""

    @pytest.mark.parametrize("place", _SHOWN_IN)
    def test_no_secret_is_shown(self, backend: StorageBackend, secrets: Sequence[str], place: str) -> None:
        shown = _SHOWN_IN[place](backend)
        for number, secret in enumerate(secrets):
            assert secret not in f"{shown} {unquote(shown)}", f"secret {number} is shown in {place}"

    def test_a_url_names_the_store_and_no_credentials(self, backend: StorageBackend) -> None:
        parts = urlsplit(backend.url)
        assert parts.scheme, f"{backend.url!r} is not a URL, such as s3://bucket/prefix"
        assert parts.password is None, "the URL holds a password; it is in every log"
        assert not parse_qs(parts.query), "the URL holds a query, as signed links do; it is in every log"


def _errors(backend: StorageBackend) -> str:
    said = []
    backend.create("a", b"x")
    for ask in (lambda: backend.read("no/such"), lambda: backend.create("a", b"x"), lambda: backend.read("../x")):
        try:
            ask()
        except Exception as error:
            said += [str(error), repr(error), str(error.__cause__)]
    return " ".join(said)


def _pickle(backend: StorageBackend) -> str:
    with suppress(Exception):  # whether it pickles at all is another rule
        return pickle.dumps(backend).decode("latin-1")
    return ""
