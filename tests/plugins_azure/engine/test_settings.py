"""obstore's stores send requests where the SDK sends them, signed with what the SDK finds."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from datanectar.errors import ConfigurationError, StorageAccessError
from datanectar_azure.backend import AzureBackend
from datanectar_azure.engine.settings import Credentials
from datanectar_azure.options import AzureOptions

KEY = "aHVzaA=="


def stores(**options: Any) -> tuple[Any, ...]:
    backend = AzureBackend(AzureOptions(**{"container": "eta", "engine": "obstore", **options}))
    container = backend._connection.container
    return container.answers, container.blocks, container.creates


@pytest.mark.parametrize(
    ("options", "endpoint", "account"),
    [
        ({"account": "acme", "account_key": KEY}, "https://acme.blob.core.windows.net", "acme"),
        (
            {"connection_string": f"BlobEndpoint=http://127.0.0.1:1/acme;AccountName=acme;AccountKey={KEY}"},
            "http://127.0.0.1:1/acme",
            "acme",
        ),
        ({"account_url": "https://blobs.acme.eu", "sas_token": "sv=1&sig=hush"}, "https://blobs.acme.eu", "unnamed"),
        (
            {"account": "acme", "account_url": "https://blobs.acme.eu", "account_key": KEY},
            "https://blobs.acme.eu",
            "acme",
        ),
    ],
)
def test_requests_go_where_the_sdk_sends_them(options, endpoint, account):
    for store in stores(**options):
        assert (store.config["endpoint"], store.config["account_name"]) == (endpoint, account)
        assert not any(secret in str(store.config) for secret in ("hush", KEY))


def test_timeouts_and_retries_are_the_sdks():
    settings = {"read_timeout": 7, "connection_timeout": 3, "retry_total": 4, "max_block_size": 8 << 20}
    answers, blocks, creates = stores(account="acme", account_key=KEY, threads=4, config=settings)
    assert [store.retry_config["max_retries"] for store in (answers, blocks, creates)] == [4, 4, 0]
    assert answers.client_options["connect_timeout"] == "3s"
    assert [store.client_options["read_timeout"] for store in (answers, creates)] == ["7s", "7s"]
    assert blocks.client_options["read_timeout"] == "2m 15s"  # for 4 blocks of 8 MiB at 256 KiB/s


def test_variables_that_only_obstore_knows_change_nothing(make_backend, monkeypatch):
    for name, value in {
        "AZURE_SKIP_SIGNATURE": "true",
        "AZURE_STORAGE_TOKEN": "wrong",
        "AZURE_STORAGE_USE_EMULATOR": "true",
        "AZURE_ENDPOINT": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    backend = make_backend(engine="obstore")
    backend.create("a", b"x")
    assert backend.read("a") == b"x"


def test_a_variable_that_would_encrypt_otherwise_is_refused(monkeypatch):
    monkeypatch.setenv("AZURE_STORAGE_ENCRYPTION_KEY", KEY)
    with pytest.raises(ConfigurationError, match=r"AZURE_STORAGE_ENCRYPTION_KEY.*unset it"):
        stores(account="acme", account_key=KEY)


def test_a_token_is_the_sdks_and_renewed_by_it():
    until = datetime(2030, 1, 1, tzinfo=UTC)
    asked = []

    def get_token(*scopes: str) -> Any:
        asked.append(scopes)
        return SimpleNamespace(token="hush", expires_on=int(until.timestamp()))

    service: Any = SimpleNamespace(credential=SimpleNamespace(get_token=get_token))
    assert Credentials(service, "")() == {"token": "hush", "expires_at": until}
    assert asked == [("https://storage.azure.com/.default",)]


def test_that_nobody_is_signed_in_is_the_sdks_error(monkeypatch):
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import DefaultAzureCredential

    def nobody(self: Any, *scopes: str, **options: Any) -> None:
        raise ClientAuthenticationError("nobody is signed in")

    monkeypatch.setattr(DefaultAzureCredential, "get_token", nobody)
    with pytest.raises(StorageAccessError, match=r"no credentials: .*nobody is signed in"):
        AzureBackend(AzureOptions("eta", account="acme", engine="obstore")).read("a")
