"""Large files of stores that are no local disk: fetched once per machine, verified, mapped."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from datanectar.errors import IntegrityError
from datanectar.layer import fetching, local_copies, verification
from datanectar.layer.local_copies import copy_path
from datanectar.layer.user_directories import cache_directory
from datanectar.layer.verification import stamp
from datanectar.storages.local import LocalBackend, LocalOptions

LARGE = np.arange(200_000)  # 1.5 MiB


class Remote(LocalBackend):
    """A store whose files cannot be opened in place; it counts what is fetched."""

    reach = "anywhere"

    def __init__(self, path: Path) -> None:
        super().__init__(LocalOptions(path))
        self.fetched: list[str] = []
        self.damage = 0

    def local_path(self, key):
        return None

    def read(self, key):
        if key.startswith("data/"):
            self.fetched.append(key)
        return super().read(key)

    def open(self, key, start=0, end=None):
        self.fetched.append(key)
        if self.damage:
            self.damage -= 1
            return super().open(key, start, 100)
        return super().open(key, start, end)


@pytest.fixture
def remote(tmp_path) -> Remote:
    return Remote(tmp_path / "remote")


@pytest.fixture
def layer(remote, make_layer):
    return make_layer(remote)


def test_a_large_file_is_fetched_once_and_mapped(remote, layer, name) -> None:
    layer.store(name, LARGE)
    for _ in range(2):
        loaded = layer.load(name)
        loaded *= 2
        assert (loaded == 2 * LARGE).all()
    assert len(remote.fetched) == 1
    assert layer.local_path(name).parent == cache_directory() / "files"
    assert len(remote.fetched) == 1


def test_a_pickle_is_fetched_once_and_hashed_at_each_load(remote, layer, name, monkeypatch) -> None:
    hashed = []
    real = fetching.check_bytes
    monkeypatch.setattr(fetching, "check_bytes", lambda *args: hashed.append(args[0]) or real(*args))
    layer.store(name, {"f": [object] * 1_000_000}, serializer="pickle")
    for _ in range(2):
        layer.load(name)
    assert (len(remote.fetched), len(hashed)) == (1, 2)


def test_a_small_file_is_not_kept(remote, layer, name) -> None:
    layer.store(name, LARGE[:10_000])
    for _ in range(2):
        layer.load(name)
    assert len(remote.fetched) == 2
    assert not (cache_directory() / "files").exists()


def test_a_large_file_in_memory_is_not_copied_to_disk(make_layer, name) -> None:
    from datanectar.storages.memory import MemoryBackend

    layer = make_layer(MemoryBackend())
    layer.store(name, LARGE)
    assert (layer.load(name) == LARGE).all()
    assert not (cache_directory() / "files").exists()


def test_a_reply_that_was_cut_is_asked_for_again(remote, layer, name) -> None:
    layer.store(name, LARGE)
    remote.damage = 1
    assert (layer.load(name) == LARGE).all()
    assert len(remote.fetched) == 2


def test_a_file_that_stays_damaged_is_refused_and_not_kept(remote, layer, name) -> None:
    layer.store(name, LARGE)
    remote.damage = 2
    with pytest.raises(IntegrityError, match="is damaged: expected"):
        layer.load(name)
    assert [path for path in (cache_directory() / "files").iterdir() if not path.name.startswith(".lock")] == []


def test_a_missing_file_is_damage(remote, layer, name) -> None:
    layer.store(name, LARGE)
    remote.delete([info.key for info in remote.list("data/")])
    with pytest.raises(IntegrityError, match=r"is missing from .*Run the task again"):
        layer.load(name)


def test_a_damaged_copy_is_fetched_anew(remote, layer, name) -> None:
    layer.store(name, LARGE)
    path = layer.local_path(name)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert (layer.load(name) == LARGE).all()
    assert len(remote.fetched) == 2


def test_without_room_for_a_copy_a_file_is_fetched_into_memory(remote, layer, name, monkeypatch, tmp_path) -> None:
    layer.store(name, LARGE)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert (layer.load(name) == LARGE).all()


def test_copies_that_were_longest_unused_make_room(layer, name, monkeypatch) -> None:
    disk = SimpleNamespace(total=10 * (4 << 20))  # a tenth of that holds two of these files
    monkeypatch.setattr(local_copies.shutil, "disk_usage", lambda path: disk)
    digests = []
    for number in range(3):
        digests.append(layer.store(f"{name}-{number}", LARGE + number).files[0]["sha256"])
    for age, number in ((3, 1), (9, 0)):
        layer.load(f"{name}-{number}")
        then = time.time() - age * 3600
        os.utime(copy_path(digests[number], "npy"), (then, then))
    layer.load(f"{name}-2")
    assert [copy_path(digest, "npy").exists() for digest in digests] == [False, True, True]


def test_a_copy_that_was_used_a_moment_ago_stays(layer, name, monkeypatch) -> None:
    monkeypatch.setattr(local_copies.shutil, "disk_usage", lambda path: SimpleNamespace(total=0))
    digests = [layer.store(f"{name}-{number}", LARGE + number).files[0]["sha256"] for number in range(2)]
    for number in range(2):
        layer.load(f"{name}-{number}")
    assert all(copy_path(digest, "npy").exists() for digest in digests)


def test_use_renews_the_time_of_a_copy_and_costs_no_hash(layer, name, monkeypatch) -> None:
    digest = layer.store(name, LARGE).files[0]["sha256"]
    path = layer.local_path(name)
    then = time.time() - 3600
    os.utime(path, (then, path.stat().st_mtime))
    layer.load(name)  # hashes once more, since the times have changed
    os.utime(path, (then, path.stat().st_mtime))
    stamp(path, digest)
    monkeypatch.setattr(verification, "measure", None)
    for _ in range(2):
        layer.load(name)
    assert path.stat().st_atime > then + 1800


def test_what_a_killed_fetch_left_goes_after_a_day(layer, name, monkeypatch) -> None:
    monkeypatch.setattr(local_copies.shutil, "disk_usage", lambda path: SimpleNamespace(total=0))
    folder = cache_directory() / "files"
    folder.mkdir(parents=True)
    for hours in (2, 48):
        partial = folder / f".partial-{hours}"
        partial.write_bytes(b"x")
        os.utime(partial, (time.time() - hours * 3600,) * 2)
    layer.store(name, LARGE)
    layer.load(name)
    assert [(folder / f".partial-{hours}").exists() for hours in (2, 48)] == [True, False]


FETCH = """
import sys
import time
from pathlib import Path
sys.path.insert(0, {here!r})
from test_local_copies import Remote
from datanectar.layer.local_copies import local_copy

print("ready", flush=True)
sys.stdin.readline()
remote = Remote(Path({root!r}))
local_copy(remote, {key!r}, {size}, {digest!r}, trust_stamp=True)
print(len(remote.fetched))
"""


def test_of_many_processes_at_once_one_fetches(remote, layer, name, tmp_path) -> None:
    record = layer.store(name, np.arange(3_000_000))
    (file,) = record.files
    key = f"data/{name}/{record.attempt}/0.npy"
    program = FETCH.format(
        here=str(Path(__file__).parent),
        root=str(tmp_path / "remote"),
        key=key,
        size=file["size"],
        digest=file["sha256"],
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert {process.stdout.readline() for process in processes} == {"ready\n"}
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert sorted(process.communicate()[0] for process in processes) == ["0\n", "0\n", "0\n", "1\n"]
