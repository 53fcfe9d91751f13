import pytest

from datanectar.errors import ConfigurationError
from datanectar_azure.options import AzureOptions


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("az://eta", AzureOptions("eta")),
        ("az://eta/artifacts", AzureOptions("eta", "artifacts")),
        ("az://eta/a/b/", AzureOptions("eta", "a/b")),
        (
            "az://acme.blob.core.windows.net/eta/a/b",
            AzureOptions("eta", "a/b", account_url="https://acme.blob.core.windows.net"),
        ),
        (
            "az://acme.blob.core.chinacloudapi.cn/eta",
            AzureOptions("eta", account_url="https://acme.blob.core.chinacloudapi.cn"),
        ),
        (
            "az://127.0.0.1:10000/devstoreaccount1/eta/a",
            AzureOptions("eta", "a", account_url="http://127.0.0.1:10000/devstoreaccount1"),
        ),
    ],
)
def test_a_url_names_a_container_and_if_need_be_its_account(url, options):
    assert AzureOptions.from_url(url) == options


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("az://", "az:// names no container; write az://container/prefix"),
        ("az:///artifacts", "az:///artifacts names no container"),
        ("az://acme.blob.core.windows.net/", r"write az://acme\.blob\.core\.windows\.net/CONTAINER"),
        ("az://127.0.0.1:10000/devstoreaccount1", r"write az://127\.0\.0\.1:10000/devstoreaccount1/CONTAINER"),
        ("az://eta/a?sv=1&sig=hush", "az://eta/a has a query or fragment.*AZURE_STORAGE_SAS_TOKEN"),
        ("az://eta/a#b", "az://eta/a has a query or fragment"),
        ("az://hush@acme/a", "az://acme/a has something before an @"),
        ("az://Eta", "container 'Eta' cannot exist"),
        ("az://e", "container 'e' cannot exist"),
        ("az://eta--x", "container 'eta--x' cannot exist"),
        ("az://eta/a//b", "the prefix of container 'eta': key 'a//b' is refused"),
        ("az://eta/../b", "the prefix of container 'eta': key '../b' is refused"),
        ("az://eta/Team/a", "the prefix of container 'eta': key 'Team/a' is refused: .*a-z 0-9"),
        ("az://eta/" + "a" * 201, "longer than 200 bytes"),
    ],
)
def test_a_url_that_says_something_else_is_refused_with_the_way(url, words):
    with pytest.raises(ConfigurationError, match=words) as caught:
        AzureOptions.from_url(url)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"account": "acme.blob.core.windows.net"}, "An endpoint is account_url"),
        ({"account": "Acme"}, "account 'Acme' cannot exist: names are 3 to 24 of a-z 0-9"),
        ({"account_url": "acme.blob.core.windows.net"}, r"write https://ACCOUNT\.blob\.core\.windows\.net"),
        ({"account_url": "https://acme.blob.core.windows.net/?sig=hush"}, "a SAS goes to sas_token"),
        ({"account_url": "https://hush@acme.blob.core.windows.net"}, "account_url is not an endpoint"),
        ({"threads": 0}, "threads = 0 must be at least 1"),
    ],
)
def test_an_option_that_cannot_be_is_refused(options, words):
    with pytest.raises(ConfigurationError, match=words) as caught:
        AzureOptions("eta", **options)
    assert "hush" not in str(caught.value)


def test_slashes_around_a_prefix_mean_nothing():
    assert AzureOptions("eta", "/a/b/") == AzureOptions("eta", "a/b")


def test_secrets_are_not_shown():
    proxies = {"https": "http://me:hush4@proxy"}
    secrets = {"account_key": "hush1", "sas_token": "hush2", "connection_string": "hush3"}
    options = AzureOptions("eta", **secrets, config={"proxies": proxies})
    assert "hush" not in repr(options)
