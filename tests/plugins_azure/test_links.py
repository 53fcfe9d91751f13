from datetime import UTC, datetime, timedelta
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from azure.storage.blob import UserDelegationKey

from datanectar.errors import UnsupportedError
from datanectar_azure.backend import AzureBackend
from datanectar_azure.options import AzureOptions


def fetched(url: str) -> bytes:
    with urlopen(url) as reply:
        return reply.read()


def test_a_link_reads_the_object_without_credentials_and_does_nothing_else(backend, make_layer):
    backend.create("a/b", b"hello")
    link = backend.link("a/b", 60)
    assert fetched(link) == b"hello"
    assert parse_qs(urlsplit(link).query)["sp"] == ["r"]
    with pytest.raises(HTTPError, match="403"):
        fetched(link.replace("a/b", "a/c"))


def test_a_link_expires(backend):
    backend.create("a", b"1")
    with pytest.raises(HTTPError, match="403"):
        fetched(backend.link("a", -60))


def test_a_connection_string_with_a_key_signs_links_and_a_sas_signs_none(make_backend, make_sas, azurite):
    assert "sig=" in make_backend().link("a", 60)
    reader = make_backend(account_url=azurite.account_url, sas_token=make_sas("rl"))
    with pytest.raises(UnsupportedError, match=r"a SAS signs no links: set account_key \(AZURE_STORAGE_KEY\)"):
        reader.link("a", 60)


class Identity:
    """An identity, as azure-identity gives it; Azurite takes none over http, so the key it asks for is a test's."""

    def get_token(self, *scopes, **options):
        raise AssertionError("no token is needed for what is tested here")

    get_token_info = get_token


@pytest.fixture
def signed_in(monkeypatch):
    monkeypatch.setattr("datanectar_azure.connection.Identity", Identity)
    return AzureBackend(AzureOptions("eta", account="acme"))


def test_an_identity_signs_links_by_a_key_that_it_asks_for(signed_in, monkeypatch):
    asked = []

    def delegated(start, expiry):
        asked.append((start, expiry))
        key = UserDelegationKey()
        key.value = "a2V5" * 8
        key.signed_oid = key.signed_tid = "00000000-0000-0000-0000-000000000000"
        key.signed_start, key.signed_expiry = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
        key.signed_service, key.signed_version = "b", "2021-12-02"
        return key

    monkeypatch.setattr(signed_in._connection.service, "get_user_delegation_key", delegated)
    parts = urlsplit(signed_in.link("a/b", 3600))
    ((start, expiry),) = asked
    assert start < datetime.now(UTC) - timedelta(minutes=4)  # clocks differ
    assert timedelta(minutes=59) < expiry - datetime.now(UTC) <= timedelta(hours=1)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "acme.blob.core.windows.net", "/eta/a/b")
    assert parse_qs(parts.query)["skoid"] == ["00000000-0000-0000-0000-000000000000"]
    assert parse_qs(parts.query)["spr"] == ["https"]


def test_a_link_of_an_identity_holds_a_week_at_most(signed_in):
    with pytest.raises(UnsupportedError, match="hold 7 days at most, not 700000 s; set account_key"):
        signed_in.link("a", 700_000)
