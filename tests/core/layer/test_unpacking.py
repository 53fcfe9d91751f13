"""Paths from a store: a verified file or directory under its own name."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import datanectar as dn
from datanectar.errors import IntegrityError, SerializationError
from datanectar.layer import keys
from datanectar.layer.user_directories import cache_directory
from datanectar.values.typed_json import dumps

LARGE = bytes(range(256)) * 1000


def tree(path):
    return {inner.name: tree(inner) for inner in path.iterdir()} if path.is_dir() else path.read_bytes()


@pytest.fixture
def report(tmp_path):
    """A directory with large and small files, an empty one, and names that no key could have."""
    root = tmp_path / "Bericht für März"
    (root / "plots/empty").mkdir(parents=True)
    (root / "plots/by day.png").write_bytes(LARGE)
    (root / "plots/ü\n.txt").write_bytes(b"small")
    (root / "index.html").write_bytes(b"")
    return root


@pytest.fixture
def stored(layer, name, report):
    layer.store(name, report)
    expected = tree(report)
    shutil.rmtree(report)
    return expected


def test_a_directory_comes_back_with_its_name_and_content(layer, name, report, stored):
    loaded = layer.load(name)
    assert type(loaded) is type(report)
    assert loaded.name == report.name
    assert tree(loaded) == stored


def test_a_file_comes_back_with_its_name(layer, name, tmp_path):
    (tmp_path / "a model.bin").write_bytes(LARGE)
    layer.store(name, tmp_path / "a model.bin")
    assert layer.load(name).name == "a model.bin"
    assert layer.load(name).read_bytes() == LARGE
    assert layer.local_path(name).read_bytes() == LARGE


def test_the_local_path_of_a_directory_is_the_directory(layer, name, stored):
    assert layer.local_path(name) == layer.load(name)
    assert tree(layer.local_path(name)) == stored


def test_a_cache_that_cannot_be_written_is_told(layer, name, stored, monkeypatch, tmp_path):
    (tmp_path / "a file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a file"))
    with pytest.raises(SerializationError, match=r"Not a directory.*XDG_CACHE_HOME"):
        layer.load(name)


def test_no_key_has_a_name_of_the_users(layer, backend, name, stored):
    data = [key for key in backend.listed() if key.startswith("data/")]
    assert [key.rpartition("/")[2] for key in data] == ["1.bin"]
    assert all(key.isascii() and " " not in key for key in backend.listed())


def test_paths_in_containers_are_parts_like_others(layer, name, report):
    layer.store(name, {"report": report, "n": (1, [report / "index.html"])})
    loaded = layer.load(name)
    assert loaded["n"][1][0].read_bytes() == b""
    assert tree(loaded["report"]) == tree(report)


def test_the_second_load_reads_nothing_that_was_copied(layer, backend, name, stored):
    first = layer.load(name)
    backend.calls.clear()
    assert layer.load(name) == first
    assert {method for method, key in backend.calls if key.startswith("data/")} <= set()


def test_a_store_on_disk_is_linked_not_copied(make_layer, disk, name, report):
    layer = make_layer(disk)
    layer.store(name, report)
    large = layer.load(name) / "plots/by day.png"
    assert large.is_symlink()
    assert large.resolve().is_relative_to(Path(disk.root))


def test_the_directory_is_the_users_own(layer, name, stored):
    loaded = layer.load(name)
    assert loaded.is_relative_to(cache_directory())
    for path in (loaded.parent, loaded, loaded / "plots", loaded / "plots/empty"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


HARMS = ["changed", "removed", "replaced by a directory", "more", "all gone", "a file", "deep"]


@pytest.mark.parametrize("harm", HARMS)
def test_what_was_harmed_in_the_cache_is_mended(layer, name, stored, harm):
    loaded = layer.load(name)
    small = loaded / "plots/ü\n.txt"
    if harm == "changed":
        small.write_bytes(b"SMALL")
    elif harm == "removed":
        small.unlink()
        (loaded / "plots/by day.png").unlink()
    elif harm == "replaced by a directory":
        small.unlink()
        (small / "deep").mkdir(parents=True)
    elif harm == "more":
        (loaded / "more").write_bytes(b"")
        (loaded / "plots/empty/more").mkdir()
    elif harm == "all gone":
        shutil.rmtree(loaded.parent)
    elif harm == "a file":
        shutil.rmtree(loaded / "plots")
        (loaded / "plots").write_bytes(b"")
    else:
        shutil.rmtree(loaded)
    assert layer.load(name) == loaded
    assert tree(loaded) == stored


def test_a_damaged_file_of_the_store_is_told(make_layer, backend, name, report):
    layer = make_layer(backend, verify="always")
    layer.store(name, report)
    (key,) = backend.listed("data/")
    backend.put(key, LARGE[::-1])
    with pytest.raises(IntegrityError, match="is damaged"):
        layer.load(name)


def test_a_link_into_an_attempt_that_is_gone_is_made_anew(make_layer, disk, name, report):
    layer = make_layer(disk)
    layer.store(name, report)
    loaded, before = layer.load(name), os.readlink(layer.load(name) / "plots/by day.png")
    layer.delete(name)
    layer.store(name, report)
    assert layer.load(name) == loaded
    assert os.readlink(loaded / "plots/by day.png") != before
    assert tree(loaded) == tree(report)


@pytest.mark.parametrize("bad", ["..", ".", "", "a/b", "/etc/passwd", "../up", "nul\0", 5, None])
@pytest.mark.parametrize("where", ["path", "inner"])
def test_a_manifest_with_a_name_that_leads_elsewhere_is_refused(layer, backend, name, bad, where, report):
    from datanectar.layer.manifest import seal

    document = layer.store(name, report).document
    node = {"path": bad, "content": 0} if where == "path" else {"path": "good", "content": [["good", [[bad, 0]]]]}
    backend.put(keys.manifest(name), seal({**document, "value": node}))
    with pytest.raises(IntegrityError, match="not a manifest"):
        layer.load(name)


@pytest.mark.parametrize("content", [99, -1, True, "x", None, {}, [["a"]], [["a", 99]], [["a", [["b", "x"]]]], ["ab"]])
def test_a_manifest_with_other_content_than_files_is_refused(layer, backend, name, report, content):
    from datanectar.layer.manifest import seal

    document = layer.store(name, report).document
    backend.put(keys.manifest(name), seal({**document, "value": {"path": "good", "content": content}}))
    with pytest.raises(IntegrityError, match="not a manifest"):
        layer.load(name)


LOADER = """
import sys, datanectar as dn
sys.stdout.write("ready\\n"); sys.stdout.flush()
with dn.settings(storage_layer=sys.argv[1]):
    for line in sys.stdin:
        loaded = dn.storage_layer().load("a/b")
        found = [path.read_bytes()[:3] for path in loaded.rglob("*") if path.is_file()]
        print(len(found), len(set(found)), flush=True)
"""


def test_processes_that_load_at_once_each_get_the_whole(tmp_path):
    report = tmp_path / "report"
    for number in range(20):
        (report / f"{number % 3}").mkdir(parents=True, exist_ok=True)
        (report / f"{number % 3}/{number}").write_bytes(b"%03d" % number * (1 if number % 2 else 30_000))
    url = (tmp_path / "store").as_uri()
    with dn.settings(storage_layer=url):
        dn.storage_layer().store("a/b", report)
    command = [sys.executable, "-c", LOADER, url]
    loaders = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    try:
        assert {loader.stdout.readline() for loader in loaders} == {"ready\n"}
        for _ in range(5):
            shutil.rmtree(cache_directory() / "paths", ignore_errors=True)
            for loader in loaders:
                loader.stdin.write("go\n")
                loader.stdin.flush()
            assert {loader.stdout.readline() for loader in loaders} == {"20 20\n"}
    finally:
        for loader in loaders:
            loader.communicate()
    assert [path.name for path in (cache_directory() / "paths").iterdir() if path.name.startswith(".")] == []


# In a run


@dn.task
def written(text: str) -> Path:
    path = Path("out") / text
    path.mkdir(parents=True)
    (path / "part.txt").write_text(text)
    return path


@dn.task
def read(folder: Path) -> str:
    return (folder / "part.txt").read_text() + str(folder.name)


def test_a_cold_and_a_warm_run_return_the_same_path(tmp_path):
    with dn.settings(storage_layer=(tmp_path / "store").as_uri()):
        cold = dn.run(written("one"))
        assert not cold.is_relative_to(Path.cwd())
        shutil.rmtree("out")
        assert dn.run(written("one")) == cold
        assert dn.run(read(written("one"))) == "oneone"
        assert dumps(dn.storage_layer().manifest(written("one").name).value) == dumps(
            {"path": "one", "content": [["part.txt", 0]]}
        )
