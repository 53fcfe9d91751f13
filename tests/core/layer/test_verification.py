"""Stamps: a local file is hashed once, and again when it changed."""

import os
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from datanectar.errors import IntegrityError
from datanectar.layer import fetching, verification
from datanectar.layer.fetching import read_verified
from datanectar.layer.user_directories import cache_directory
from datanectar.layer.verification import check_file


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are hashed from here on."""
    seen = []
    real = verification.measure

    def measure(file):
        seen.append(Path(file.name))
        return real(file)

    monkeypatch.setattr(verification, "measure", measure)
    return seen


def replace_in_place(path: Path, data: bytes) -> None:
    """Writes into the very file until its times, which go by ticks, tell."""
    before = path.stat()
    while path.stat().st_ctime_ns == before.st_ctime_ns:
        with path.open("r+b") as file:
            file.write(data)


@pytest.fixture
def stored(disk, make_layer, name):
    layer = make_layer(disk)
    record = layer.store(name, np.arange(50_000))
    return layer, disk.local_path(f"data/{name}/{record.attempt}/0.npy")


def test_what_was_hashed_while_it_was_written_is_not_hashed_when_it_is_read(stored, name, hashed):
    layer, _ = stored
    assert layer.load(name).sum() == sum(range(50_000))
    assert hashed == []


def test_another_machine_or_user_hashes_once(stored, name, hashed, monkeypatch, tmp_path):
    layer, path = stored
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    for _ in range(3):
        layer.load(name)
    assert hashed == [path]


def test_a_changed_file_is_hashed_again_and_refused(stored, name, hashed):
    layer, path = stored
    data = path.read_bytes()
    replace_in_place(path, data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(IntegrityError):
        layer.load(name)
    assert hashed == [path]


def test_a_changed_file_whose_time_was_set_back_is_hashed_again_and_refused(stored, name, hashed):
    layer, path = stored
    before = path.stat()
    data = path.read_bytes()
    replace_in_place(path, data[:-1] + bytes([data[-1] ^ 1]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(IntegrityError):
        layer.load(name)
    assert hashed == [path]


def test_a_file_that_was_only_touched_is_hashed_once_more(stored, name, hashed):
    layer, path = stored
    replace_in_place(path, path.read_bytes())
    for _ in range(2):
        layer.load(name)
    assert hashed == [path]


def test_a_change_while_it_is_hashed_breaks_the_stamp(tmp_path, hashed, monkeypatch):
    path = tmp_path / "f"
    path.write_bytes(b"one")
    real = verification.measure

    def measure(file):
        measured = real(file)
        replace_in_place(path, b"two")
        return measured

    monkeypatch.setattr(verification, "measure", measure)
    check_file(path, "f", 3, sha256(b"one").hexdigest(), trust_stamp=True)
    with pytest.raises(IntegrityError):
        check_file(path, "f", 3, sha256(b"one").hexdigest(), trust_stamp=True)


def test_a_moved_store_is_hashed_anew(stored, name, hashed, tmp_path, make_layer):
    from datanectar.storages.local import LocalBackend, LocalOptions

    (tmp_path / "store").rename(tmp_path / "moved")
    make_layer(LocalBackend(LocalOptions(tmp_path / "moved"))).load(name)
    assert len(hashed) == 1


def test_always_means_at_each_load(disk, make_layer, name, hashed):
    layer = make_layer(disk, verify="always")
    layer.store(name, np.arange(50_000))
    for _ in range(3):
        layer.load(name)
    assert len(hashed) == 3
    assert not cache_directory().exists()


def test_a_pickle_is_hashed_at_each_load_stamp_or_not(disk, make_layer, name, monkeypatch):
    layer = make_layer(disk)
    layer.store(name, {"f": [object] * 50_000}, serializer="pickle")
    seen = []
    real = fetching._fetch
    monkeypatch.setattr(fetching, "_fetch", lambda *args: seen.append(args[1]) or real(*args))
    for _ in range(2):
        layer.load(name)
    assert len(seen) == 2


@pytest.mark.parametrize("content", [b"", b"nonsense", b"[]", b"{}"])
def test_a_damaged_stamp_costs_a_hash(stored, name, hashed, content):
    layer, path = stored
    (stamp,) = (cache_directory() / "stamps").iterdir()
    stamp.write_bytes(content)
    layer.load(name)
    assert hashed == [path]


def test_a_cache_that_cannot_be_written_costs_a_hash(stored, name, hashed, monkeypatch, tmp_path):
    layer, path = stored
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    for _ in range(2):
        layer.load(name)
    assert hashed == [path, path]


def test_stamps_leave_no_temporary_files(stored, name):
    assert len(list((cache_directory() / "stamps").iterdir())) == 1


def test_a_file_that_goes_while_it_is_read_is_missing(disk, tmp_path, monkeypatch):
    disk.create("k", b"x")

    def vanish(file):
        disk.delete(["k"])
        raise FileNotFoundError(file.name)

    monkeypatch.setattr(verification, "measure", vanish)
    with pytest.raises(IntegrityError, match="k is missing"):
        read_verified(disk, "k", 1, sha256(b"x").hexdigest(), trust_stamp=True, in_memory=False)
