"""The thin module, and what core makes of it."""

import subprocess
import sys
from pathlib import Path

import pytest

import datanectar as dn
from datanectar.errors import ConfigurationError
from datanectar_s3.backend import S3Backend

ASK = """
import sys
import datanectar_s3.plugin
from datanectar.cli.application import invoke
invoke(["plugins"])
print({"boto3", "botocore", "s3transfer", "urllib3"} & set(sys.modules))
"""


def test_listing_plugins_imports_no_sdk():
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    assert "storage s3" in done.stdout
    assert done.stdout.splitlines()[-1] == "set()"


def test_a_url_opens_a_bucket_and_asks_it_nothing():
    with dn.settings(storage_layer="s3://lake/artifacts"):
        layer = dn.storage_layer()
    assert isinstance(layer.backend, S3Backend)
    assert layer.uri("train/none/x/aaaa") == "s3://lake/artifacts/manifests/train/none/x/aaaa.json"


TABLE = """
[storage.lake]
type = "s3"
bucket = "acme"
prefix = "artifacts"
region = "eu-west-1"
server_side_encryption = "aws:kms"
kms_key_id = "alias/eta"
tags = { team = "eta", stage = "dev" }
checksums = "when_required"
verify = "always"

[storage.lake.config]
read_timeout = 5
s3 = { addressing_style = "path" }
"""


def test_a_table_sets_every_option_and_those_of_the_sdk(monkeypatch):
    Path("datanectar.toml").write_text(TABLE)
    monkeypatch.setenv("DATANECTAR_STORAGE__LAKE__REQUEST_PAYER", "true")
    with dn.settings():
        layer = dn.storage_layer("lake")
    options = layer.backend.options
    assert (options.url, options.region, options.request_payer) == ("s3://acme/artifacts", "eu-west-1", True)
    assert options.tags == {"team": "eta", "stage": "dev"}
    assert options.config == {"read_timeout": 5, "s3": {"addressing_style": "path"}}
    assert layer.options.verify == "always"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('bukcet = "acme"', r"unknown option storage\.lake\.bukcet .*did you mean 'bucket'"),
        ('prefix = "p"', r"storage\.lake\.bucket is missing \(The bucket"),
        ('bucket = "b"\naccess_key = "AK"', r"unknown option storage\.lake\.access_key"),
        ('bucket = "b"\nchecksums = "never"', r"storage\.lake\.checksums = 'never' .*when_required"),
        ('bucket = "b"\nprefix = "Team A"', "the prefix of bucket 'b': key 'Team A' is refused"),
    ],
)
def test_slips_in_a_table_are_told(line, words):
    Path("datanectar.toml").write_text(f'[storage.lake]\ntype = "s3"\n{line}\n')
    with dn.settings(), pytest.raises(ConfigurationError, match=words):
        dn.storage_layer("lake")
