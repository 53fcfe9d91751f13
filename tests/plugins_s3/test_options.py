"""Options of `type = "s3"`: what a table and a URL may say, and what slips are told."""

import dataclasses
from pathlib import Path

import pytest

from datanectar.errors import ConfigurationError
from datanectar_s3.options import S3Options

REFERENCE = Path(__file__).parents[2] / "docs/reference/configuration.md"


@pytest.mark.parametrize(
    ("url", "bucket", "prefix"),
    [
        ("s3://lake", "lake", ""),
        ("s3://lake/", "lake", ""),
        ("s3://lake/team/artifacts", "lake", "team/artifacts"),
        ("s3://lake/team/artifacts/", "lake", "team/artifacts"),
        ("s3://lake//team/artifacts", "lake", "team/artifacts"),
        ("s3://my.lake_1", "my.lake_1", ""),
    ],
)
def test_a_url_says_bucket_and_prefix(url, bucket, prefix):
    options = S3Options.from_url(url)
    assert (options.bucket, options.prefix) == (bucket, prefix)
    assert options.url == f"s3://{bucket}/{prefix}".rstrip("/")


@pytest.mark.parametrize("url", ["s3://lake?region=x", "s3://lake/p?", "s3://lake/p#", "s3://lake:9000/p"])
def test_a_url_says_nothing_else_and_the_way_is_told(url):
    with pytest.raises(ConfigurationError) as caught:
        S3Options.from_url(url)
    assert all(word in str(caught.value) for word in (url, "AWS_ENDPOINT_URL", "AWS_PROFILE", "[storage.lake]"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: S3Options.from_url("s3://me:hush@lake/p"),
        lambda: S3Options("lake", endpoint_url="https://me:hush@host"),
    ],
)
def test_credentials_in_a_url_are_refused_and_not_repeated(make):
    with pytest.raises(ConfigurationError, match="AWS_SECRET_ACCESS_KEY") as caught:
        make()
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("prefix", ["Team", "a//b", "a/../b", "a b", "é", "a/.b", "a" * 256])
def test_a_prefix_that_some_store_would_alias_is_refused(prefix):
    with pytest.raises(ConfigurationError, match="the prefix of bucket 'lake'") as caught:
        S3Options("lake", prefix=prefix)
    assert repr(prefix) in str(caught.value)


def test_slashes_around_a_prefix_say_nothing():
    assert S3Options("lake", prefix="/team/artifacts/") == S3Options("lake", prefix="team/artifacts")


def test_the_arn_of_an_access_point_is_a_bucket():
    assert S3Options("arn:aws:s3:eu-west-1:123456789012:accesspoint/lake").url.endswith("accesspoint/lake")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"bucket": "s3://lake"}, "bucket = 's3://lake': bucket is a name only.*prefix"),
        ({"bucket": "lake/team"}, "bucket = 'lake/team': bucket is a name only.*prefix"),
        ({"bucket": ""}, "s3://bucket/prefix"),
        ({"kms_key_id": "alias/eta"}, 'server_side_encryption = "aws:kms"'),
        ({"kms_key_id": "alias/eta", "server_side_encryption": "AES256"}, 'server_side_encryption = "aws:kms"'),
        ({"threads": 0}, "threads = 0 must be 1 or more"),
        ({"part_size": 1 << 20}, "part_size = 1048576 must be 5242880 or more"),
    ],
)
def test_options_that_cannot_be_are_refused(options, words):
    with pytest.raises(ConfigurationError, match=words):
        S3Options(**{"bucket": "lake", **options})


def test_settings_of_the_sdk_are_not_shown_since_proxies_can_have_passwords():
    assert "hush" not in repr(S3Options("lake", config={"proxies": {"https": "http://me:hush@proxy"}}))


@pytest.mark.parametrize("field", dataclasses.fields(S3Options), ids=lambda field: field.name)
def test_every_option_is_documented(field):
    section = REFERENCE.read_text(encoding="utf-8").partition('Of `type = "s3"`')[2]
    table = section.partition("| --- |")[2].partition("\n\n")[0]
    (row,) = [line for line in table.splitlines() if line.startswith(f"| `{field.name}` |")]
    assert row.endswith(f"| {field.metadata['help']} |")
