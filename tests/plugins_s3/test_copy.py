"""`datanectar copy` to a bucket and back: a store is afterwards what it was, also when the copy was killed."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import datanectar as dn
from datanectar.cli.application import invoke

LARGE = bytes(range(256)) * (80 << 10)  # 20 MiB: several parts of an upload


def fill(url: str) -> None:
    """Makes a store of a value of each kind: inline, files, a pickle, a directory, an alias, a failed attempt's log."""
    folder = Path("plots")
    folder.mkdir()
    (folder / "by day.png").write_bytes(LARGE[:100_000])
    layer = dn.storage_layer(url)
    layer.store("t/f/small/one", {"n": 1})
    layer.store("t/f/large/one", LARGE)
    layer.store("t/f/parts/one", {"a": LARGE[:70_000], "b": (LARGE[1:90_000], None)})
    layer.store("t/f/pickle/one", {frozenset({1}), frozenset({2})}, serializer="pickle")
    layer.store("t/f/folder/one", folder)
    layer.writer.record_code("c0de", {"eta": "d1"}, {"eta": "def eta(): ..."})
    layer.writer.commit("t/f/coded/one", "0" * 24, 1, identity={"task": ["t", "f", "coded"], "code": "c0de"})
    layer.alias("t/f/small/one", "champion")
    layer.backend.write("logs/t/f/small/one/failed.log", b"no luck\n")


def content(url: str) -> dict[str, object]:
    """All bytes of a store; of an alias, which a copy points anew, what it points to."""
    with dn.settings():
        backend = dn.storage_layer(url).backend
        found = {info.key: backend.read(info.key) for info in backend.list("")}
    return {key: json.loads(data)["name"] if key.startswith("aliases/") else data for key, data in found.items()}


@pytest.fixture
def start() -> str:
    url = f"{Path.cwd().as_uri()}/start"
    with dn.settings():
        fill(url)
    return url


@pytest.fixture
def bucket(s3_place: tuple[str, str]) -> str:
    return f"s3://{'/'.join(s3_place)}/artifacts"


def test_a_store_that_went_to_a_bucket_and_back_is_what_it_was(start, bucket) -> None:
    end = f"{Path.cwd().as_uri()}/end"
    assert invoke(["copy", start, bucket]) == 0
    assert invoke(["copy", bucket, end]) == 0
    assert content(bucket) == content(end) == content(start)
    with dn.settings():
        assert dn.storage_layer(bucket).load("t/f/large/one") == LARGE
        assert (dn.storage_layer(bucket).load("t/f/folder/one") / "by day.png").read_bytes() == LARGE[:100_000]
        assert dn.storage_layer(bucket).resolve("t/f/small@champion") == "t/f/small/one"


def test_what_is_damaged_on_disk_does_not_reach_the_bucket(start, bucket, capsys) -> None:
    (file,) = Path("start/data/t/f/large").rglob("0.bin")
    file.chmod(0o600)
    file.write_bytes(LARGE[:-1] + b"x")
    assert invoke(["copy", start, bucket]) == 1
    assert "FAILED         t/f/large/one  file://" in capsys.readouterr().err
    assert not [key for key in content(bucket) if "/large/" in key]
    assert len(content(bucket)) == len(content(start)) - 2


def test_what_a_bucket_lost_is_made_good(start, bucket) -> None:
    assert invoke(["copy", start, bucket]) == 0
    with dn.settings():
        backend = dn.storage_layer(bucket).backend
        backend.delete([info.key for info in backend.list("data/t/f/parts/")])
    assert invoke(["copy", start, bucket]) == 0
    assert content(start).items() <= content(bucket).items()


def test_a_copy_that_is_killed_is_finished_by_the_same_command(bucket) -> None:
    start = f"{Path.cwd().as_uri()}/start"
    with dn.settings():
        for number in range(120):
            dn.storage_layer(start).store(f"t/f/x/{number:03}", bytes([number]) * 70_000)
    ours, theirs = os.pipe()
    fcntl.fcntl(ours, fcntl.F_SETPIPE_SZ, 4096)  # so that it cannot get to its end before anybody reads
    copying = subprocess.Popen([sys.executable, "-m", "datanectar", "copy", start, bucket], stderr=theirs)
    os.close(theirs)
    with open(ours) as lines:
        for _ in range(5):
            assert "] copied         t/f/x/" in lines.readline()
        copying.send_signal(signal.SIGKILL)
        lines.read()
    assert copying.wait(timeout=60) == -signal.SIGKILL
    with dn.settings():
        there = list(dn.storage_layer(bucket).list())
        assert 5 <= len(there) < 120
        assert all(dn.storage_layer(bucket).load(name) == bytes([int(name[-3:])]) * 70_000 for name in there)
    assert invoke(["copy", start, bucket]) == 0
    assert content(bucket) == content(start)
