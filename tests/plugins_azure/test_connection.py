"""Which credentials are used, and what is said where there are none or wrong ones."""

import logging
import sys
import traceback

import azure.identity as azure_identity
import pytest

import datanectar as dn
from datanectar.errors import ConfigurationError, StorageAccessError, StorageUnavailable, StoreNotFound
from datanectar_azure.backend import AzureBackend
from datanectar_azure.connection import connect, sas_of
from datanectar_azure.options import AzureOptions

KEY = "a2V5" * 8


def credential(**options):
    return connect(AzureOptions("eta", **options)).service.credential


def connection_string(account: str = "acme", secret: str = f"AccountKey={KEY}") -> str:
    return f"DefaultEndpointsProtocol=https;AccountName={account};{secret};EndpointSuffix=core.windows.net"


def test_a_connection_string_wins_over_a_key_and_a_key_over_a_sas():
    other = "b3Ro" * 8
    all_three = {"account_key": other, "sas_token": "sv=1&sig=x", "connection_string": connection_string()}
    assert credential(**all_three).account_key == KEY
    assert credential(account="acme", account_key=other, sas_token="sv=1&sig=x").account_key == other
    assert credential(account="acme", sas_token="?sv=1&sig=x").signature == "sv=1&sig=x"


def test_without_any_the_credentials_of_this_machine_are_asked():
    assert type(credential(account="acme")).__name__ == "Identity"


def test_a_domain_of_ones_own_takes_the_account_from_its_option():
    made = connect(AzureOptions("eta", account="acme", account_url="https://blobs.acme.example", account_key=KEY))
    assert (made.service.account_name, made.service.primary_hostname) == ("acme", "blobs.acme.example")


def test_a_setting_of_the_sdk_reaches_it():
    made = connect(AzureOptions("eta", connection_string=connection_string(), config={"api_version": "2021-12-02"}))
    assert made.container.api_version == "2021-12-02"


def test_without_azure_identity_both_ways_out_are_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(ConfigurationError) as caught:
        credential(account="acme")
    said = str(caught.value)
    assert said.startswith("no credentials: set connection_string (AZURE_STORAGE_CONNECTION_STRING), account_key")
    assert "pip install 'datanectar-azure[identity]'" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, r"nothing says which storage account container 'eta' is in: set account \(AZURE_STORAGE_ACCOUNT\)"),
        (
            {"connection_string": "hush"},
            r"connection_string \(AZURE_STORAGE_CONNECTION_STRING\) is malformed",
        ),
        ({"connection_string": "AccountKey=hush"}, "is malformed"),
        ({"connection_string": connection_string(), "account": "other"}, r"ACCOUNT\) says other, but.*is of acme"),
        (
            {"connection_string": connection_string(), "account_url": "https://other.blob.core.windows.net"},
            r"account_url says other\.blob\.core\.windows\.net, but",
        ),
        ({"account": "acme", "account_key": "hush!"}, r"key is not one: copy all of it to account_key \(AZURE"),
        ({"connection_string": connection_string(secret="AccountKey=hush!")}, "key is not one"),
        ({"account_url": "http://127.0.0.1:10000/acme"}, "no credentials: set connection_string.*https only"),
        ({"account": "acme", "account_key": KEY, "config": {"credential": "hush"}}, "no client can be made for"),
    ],
)
def test_what_cannot_sign_in_is_told_at_once_and_shows_no_secret(options, words):
    with pytest.raises(ConfigurationError, match=words) as caught:
        credential(**options)
    assert "hush" not in "".join(traceback.format_exception_only(caught.value))


def test_the_endpoint_of_the_option_may_be_that_of_the_connection_string():
    options = {"account": "acme", "account_url": "https://acme.blob.core.windows.net/"}
    assert credential(connection_string=connection_string(), **options).account_key == KEY


def test_a_sas_is_found_in_a_connection_string_too():
    within = connection_string(secret="SharedAccessSignature=sv=1&sig=x%3D")
    assert sas_of(AzureOptions("eta", connection_string=within)) == "sv=1&sig=x%3D"
    assert sas_of(AzureOptions("eta", sas_token="sv=2")) == "sv=2"
    assert sas_of(AzureOptions("eta", connection_string=connection_string(), sas_token="sv=2")) == ""


def test_variables_of_the_cloud_open_a_url(azurite, azure_container):
    with dn.settings():
        layer = dn.storage_layer(f"az://{azure_container}/artifacts")
    layer.store("a/b", 1)
    assert layer.uri("a/b") == (
        f"az://{azurite.host}:{azurite.port}/{azurite.account}/{azure_container}/artifacts/manifests/a/b.json"
    )
    with dn.settings():
        assert dn.storage_layer(layer.backend.url).load("a/b") == 1


def test_a_reader_needs_no_more_than_r_and_l(make_backend, make_layer, make_sas, azurite):
    make_layer(make_backend()).store("a/b", bytes(100_000))
    reader = make_layer(make_backend(account_url=azurite.account_url, sas_token=make_sas("rl")))
    assert reader.load("a/b") == bytes(100_000)
    assert list(reader.list()) == ["a/b"]
    assert reader.exists_many(["a/b", "a/c"]) == {"a/b": True, "a/c": False}
    with pytest.raises(StorageAccessError) as caught:
        reader.store("a/c", 1)
    assert "AuthorizationPermissionMismatch (403): sas_token has the permissions 'rl'; the cred" in str(caught.value)


def test_the_key_of_another_account_is_told(make_backend, azurite):
    backend = make_backend(account_url=azurite.account_url, account_key=KEY)
    with pytest.raises(StorageAccessError, match=r"AuthorizationFailure \(403\).*check connection_string \(AZ"):
        backend.read("a")


def test_a_container_that_is_missing_is_told_with_how_to_make_it(make_backend):
    backend = make_backend(container="nowhere")
    for use in (
        lambda: backend.read("a"),
        lambda: backend.stat("a"),
        lambda: backend.create("a", b""),
        lambda: backend.write("a", b""),
        lambda: list(backend.list("")),
        lambda: backend.delete(["a"]),
        lambda: backend.delete(["a", "b"]),
    ):
        with pytest.raises(StoreNotFound, match=r"has no container 'nowhere': .*az storage container create"):
            use()


HASTE = {"retry_total": 0, "connection_timeout": 1}


def test_an_account_that_is_missing_is_told():
    options = AzureOptions("eta", account="acme", account_url="https://blobs.invalid", account_key=KEY, config=HASTE)
    with pytest.raises(StoreNotFound, match=r"there is no server of account acme, its name does not resolve: correct"):
        AzureBackend(options).read("a")


def test_credentials_that_find_nothing_are_told_at_once_and_briefly(monkeypatch):
    tried = []

    class Finds:
        def get_token_info(self, *scopes, **options):
            tried.append(scopes)
            raise azure_identity.CredentialUnavailableError("Attempted credentials:\n\tone\n" + "\tanother\n" * 100)

    monkeypatch.setattr(azure_identity, "DefaultAzureCredential", Finds)
    with pytest.raises(StorageAccessError) as caught:
        AzureBackend(AzureOptions("eta", account="acme")).read("a")
    assert len(tried) == 1
    assert str(caught.value).startswith("no credentials: set connection_string (AZURE_STORAGE_CONNECTION_STRING), acc")
    assert "or sign in, as with `az login`. DefaultAzureCredential says: Attempted credentials: one another" in str(
        caught.value
    )
    assert len(str(caught.value)) < 500


def test_an_endpoint_that_does_not_answer_is_told():
    options = AzureOptions("eta", account_url="http://127.0.0.1:9/acme", sas_token="sv=1&sig=hush", config=HASTE)
    with pytest.raises(StorageUnavailable, match="the server cannot be reached; check the network, account_url") as it:
        AzureBackend(options).read("a")
    assert it.value.__cause__ is not None


def test_signatures_are_in_no_log(make_backend, make_sas, azurite, caplog):
    token = make_sas("rl")
    backend = make_backend(account_url=azurite.account_url, sas_token=token)
    with caplog.at_level(logging.DEBUG):
        list(backend.list(""))
    assert "urllib3.connectionpool" in {record.name for record in caplog.records}
    assert "sig=" in caplog.text
    assert token.rpartition("sig=")[2][:20] not in caplog.text
