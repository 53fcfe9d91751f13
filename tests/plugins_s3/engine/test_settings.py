"""obstore's stores send requests where the SDK sends them, signed with what the SDK finds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError
from botocore.session import Session

from datanectar.errors import ConfigurationError, StorageAccessError
from datanectar_s3.backend import S3Backend
from datanectar_s3.engine.settings import Credentials
from datanectar_s3.options import S3Options

ACCESS_POINT = "arn:aws:s3:us-east-2:123456789012:accesspoint/eta"


def stores(**options: Any) -> tuple[Any, ...]:
    client = S3Backend(S3Options(**{"bucket": "lake", "engine": "obstore", **options}))._connection.client
    return client._replies, client._parts, client._creates


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")


@pytest.mark.parametrize(
    ("options", "endpoint", "region"),
    [
        ({"region": "eu-west-1"}, "https://lake.s3.eu-west-1.amazonaws.com", "eu-west-1"),
        ({}, "https://lake.s3.amazonaws.com", "us-east-1"),
        ({"region": "auto", "endpoint_url": "http://127.0.0.1:8333"}, "http://127.0.0.1:8333/lake", "auto"),
        (
            {"region": "eu-west-1", "config": {"s3": {"addressing_style": "path"}}},
            "https://s3.eu-west-1.amazonaws.com/lake",
            "eu-west-1",
        ),
        (
            {"region": "us-gov-west-1", "config": {"use_fips_endpoint": True, "use_dualstack_endpoint": True}},
            "https://lake.s3-fips.dualstack.us-gov-west-1.amazonaws.com",
            "us-gov-west-1",
        ),
        (
            {"region": "eu-west-1", "bucket": ACCESS_POINT},
            "https://eta-123456789012.s3-accesspoint.us-east-2.amazonaws.com",
            "us-east-2",
        ),
    ],
)
def test_requests_go_where_the_sdk_sends_them(options, endpoint, region):
    for store in stores(**options):
        assert (store.config["endpoint"], store.config["region"]) == (endpoint, region)


def test_timeouts_and_retries_are_the_sdks(monkeypatch):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "4")
    replies, parts, creates = stores(config={"read_timeout": 7, "connect_timeout": 3}, threads=4)
    assert [store.retry_config["max_retries"] for store in (replies, parts, creates)] == [3, 3, 0]
    assert replies.client_options["connect_timeout"] == "3s"
    assert [store.client_options["read_timeout"] for store in (replies, creates)] == ["7s", "7s"]
    assert parts.client_options["read_timeout"] == "2m 15s"  # for 4 parts of 8 MiB at 256 KiB/s


def test_variables_that_only_obstore_knows_change_nothing(monkeypatch):
    for name, value in {
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_CONDITIONAL_PUT": "disabled",
        "AWS_S3_EXPRESS": "true",
        "AWS_ALLOW_INVALID_CERTIFICATES": "true",
        "AWS_UNSIGNED_PAYLOAD": "true",
    }.items():
        monkeypatch.setenv(name, value)
    config = stores()[0].config
    assert (config["skip_signature"], config["conditional_put"], config["unsigned_payload"]) == (
        "false",
        "etag",
        "false",
    )
    assert stores()[0].client_options["allow_invalid_certificates"] == "false"


def test_a_variable_that_would_encrypt_otherwise_is_refused(monkeypatch):
    monkeypatch.setenv("AWS_SERVER_SIDE_ENCRYPTION", "sse-c")
    with pytest.raises(ConfigurationError, match=r"AWS_SERVER_SIDE_ENCRYPTION.*unset it"):
        stores()


def test_certificates_to_trust_are_the_sdks(monkeypatch, tmp_path):
    file = tmp_path / "ca.pem"
    file.write_bytes(b"no certificate")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(file))
    with pytest.raises(ConfigurationError, match="certificate"):
        stores()


def test_credentials_are_asked_for_again_before_they_end(monkeypatch):
    found = Credentials(Session())()
    assert (found["access_key_id"], found["secret_access_key"], found["token"]) == ("key", "hush", None)
    left = found["expires_at"] - datetime.now(UTC)
    assert timedelta(minutes=5) < left <= timedelta(minutes=10)  # obstore asks when 5 are left


def test_that_there_are_no_credentials_is_the_sdks_error(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(StorageAccessError, match="Unable to locate credentials") as caught:
        S3Backend(S3Options("lake", engine="obstore")).read("a")
    assert isinstance(caught.value.__cause__, NoCredentialsError)


def test_what_the_sdk_does_not_sign_is_not_signed(monkeypatch):
    from botocore import UNSIGNED

    assert stores(config={"signature_version": UNSIGNED})[0].config["skip_signature"] == "true"


def test_an_old_way_to_sign_is_refused():
    with pytest.raises(ConfigurationError, match=r"signature_version 's3'.*boto3"):
        stores(config={"signature_version": "s3"})
