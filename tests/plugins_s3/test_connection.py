"""One client a process, and what it is set to."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from datanectar.errors import ConfigurationError
from datanectar_s3.connection import Connection
from datanectar_s3.options import S3Options


def settings(**options):
    return Connection(S3Options("lake", **options)).client.meta.config


def test_threads_share_one_client():
    connection, gate, found = Connection(S3Options("lake")), threading.Barrier(8), set()

    def ask() -> None:
        gate.wait()
        found.add(connection.client)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {connection.client}


FORK = """
import os, sys
from datanectar_s3.backend import S3Backend
from datanectar_s3.options import S3Options

backend = S3Backend(S3Options(sys.argv[1]))
backend.create("k", b"one")
parents = backend._connection.client
for number in range(3):
    child = os.fork()
    sockets_are_shared = any(backend.read("k") != b"one" for _ in range(20))
    if child == 0:
        os._exit(sockets_are_shared or backend._connection.client is parents)
    assert os.waitpid(child, 0)[1] == 0 and not sockets_are_shared
print("apart")
"""


def test_a_forked_process_reads_at_the_same_time_over_connections_of_its_own(s3_bucket):
    done = subprocess.run([sys.executable, "-c", FORK, s3_bucket], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("apart\n", "")


def test_what_holds_where_nothing_is_said():
    found = settings()
    assert (found.connect_timeout, found.read_timeout) == (5, 30)
    assert found.retries == {"mode": "standard", "total_max_attempts": 6}
    assert (found.request_checksum_calculation, found.response_checksum_validation) == (
        "when_supported",
        "when_required",
    )
    assert found.max_pool_connections == 80


def test_variables_of_the_sdk_hold(monkeypatch):
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    monkeypatch.setenv("AWS_RESPONSE_CHECKSUM_VALIDATION", "when_supported")
    monkeypatch.setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    client = Connection(S3Options("lake")).client
    found = client.meta.config
    assert found.retries == {"mode": "adaptive", "total_max_attempts": 2}
    assert (found.request_checksum_calculation, found.response_checksum_validation) == (
        "when_required",
        "when_supported",
    )
    assert (client.meta.endpoint_url, client.meta.region_name) == ("http://127.0.0.1:9", "eu-north-1")


PROFILE = """
[profile eta]
region = eu-west-3
retry_mode = legacy
max_attempts = 3
response_checksum_validation = when_supported
"""


def test_a_profile_of_the_users_file_holds_and_options_choose_it(monkeypatch):
    monkeypatch.setenv("AWS_CONFIG_FILE", "config")
    Path("config").write_text(PROFILE)
    client = Connection(S3Options("lake", profile="eta")).client
    assert client.meta.region_name == "eu-west-3"
    assert client.meta.config.retries == {"mode": "legacy", "total_max_attempts": 3}
    assert client.meta.config.response_checksum_validation == "when_supported"
    monkeypatch.setenv("AWS_PROFILE", "eta")
    assert Connection(S3Options("lake")).client.meta.region_name == "eu-west-3"
    assert Connection(S3Options("lake", region="us-west-2")).client.meta.region_name == "us-west-2"


def test_options_win_over_the_sdks_own():
    found = settings(
        checksums="when_required",
        threads=3,
        config={"read_timeout": 7, "retries": {"mode": "legacy"}, "s3": {"addressing_style": "path"}},
    )
    assert (found.read_timeout, found.connect_timeout, found.max_pool_connections) == (7, 5, 24)
    assert found.retries["mode"] == "legacy"
    assert found.request_checksum_calculation == "when_required"
    assert found.s3["addressing_style"] == "path"


def test_credentials_in_the_sdks_endpoint_are_refused_and_not_repeated(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://me:hush@127.0.0.1:9")
    with pytest.raises(ConfigurationError, match=r"AWS_ENDPOINT_URL.* holds no credentials") as caught:
        settings()
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"profile": "nobody"}, r"s3://lake: .*nobody.*AWS_PROFILE or the option profile"),
        ({"endpoint_url": "localhost"}, "Invalid endpoint: localhost"),
        ({"region": "not a region"}, "not a region"),
        ({"config": {"read_timout": 1}}, "read_timout"),
        ({"config": {"read_timeout": "5"}}, "read"),
        ({"config": {"retries": {"mode": "often"}}}, "often"),
        ({"config": {"s3": {"addressing_style": "odd"}}}, "addressing style odd"),
    ],
)
def test_settings_that_cannot_be_are_told_before_anything_is_sent(options, words):
    with pytest.raises(ConfigurationError, match=words):
        settings(**options)
