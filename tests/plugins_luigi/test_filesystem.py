"""`ArtifactFileSystem` shows the names of a store as Luigi's file systems show theirs, and overwrites nothing."""

from __future__ import annotations

import pickle
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from luigi.target import FileAlreadyExists, FileSystemException, MissingParentDirectory, NotADirectory

import datanectar as dn
from datanectar.errors import ArtifactNotFound, InvalidKey, StorageError
from datanectar.layer.writing import DifferentResult
from datanectar_luigi import ArtifactFileSystem

NAMES = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,8}(/[a-z0-9][a-z0-9._-]{0,8}){0,3}", fullmatch=True)


@pytest.fixture
def files(each_store: dn.StorageLayer) -> ArtifactFileSystem:
    """A file system with `a/b/one`, `a/b/two` and `a/three`, on every kind of store."""
    for name in ("a/b/one", "a/b/two", "a/three"):
        each_store.store(name, name)
    return ArtifactFileSystem()


def names(files: ArtifactFileSystem, path: str = "") -> list[str]:
    """The names below a path."""
    return [files.name_of(uri) for uri in files.listdir(path)]


# Paths


@given(NAMES)
def test_a_uri_and_a_name_are_the_same_path(name: str) -> None:
    files = ArtifactFileSystem("memory://")
    assert files.name_of(files.storage_layer.uri(name)) == name == files.name_of(name)


def test_a_directory_has_a_uri_too(files: ArtifactFileSystem) -> None:
    above = files.storage_layer.uri("a/b/one").rpartition("/")[0]
    assert files.name_of(above) == files.name_of(f"{above}/") == "a/b"
    assert files.isdir(above)


def test_the_store_itself_is_a_directory(files: ArtifactFileSystem) -> None:
    url = files.storage_layer.backend.url
    for path in ("", url, f"{url}/", f"{url}/manifests", f"{url}/manifests/"):
        assert files.name_of(path) == ""
        assert files.isdir(path)
        assert names(files, path) == ["a/b/one", "a/b/two", "a/three"]


def test_a_path_of_another_store_is_refused(files: ArtifactFileSystem) -> None:
    with pytest.raises(InvalidKey, match="give storage_layer="):
        files.exists("s3://elsewhere/manifests/a.json")


def test_what_cannot_be_a_name_is_refused(files: ArtifactFileSystem) -> None:
    with pytest.raises(InvalidKey, match="not an artifact name"):
        files.exists("Reports/*.csv")


# Looking


def test_artifacts_and_directories_exist(files: ArtifactFileSystem) -> None:
    assert files.exists("a/b/one")
    assert files.exists("a/b")
    assert not files.exists("a/b/on")
    assert not files.exists("b")


def test_only_directories_are_directories(files: ArtifactFileSystem) -> None:
    assert files.isdir("a")
    assert not files.isdir("a/three")
    assert not files.isdir("a/t")


def test_listing_gives_uris_at_whatever_depth(files: ArtifactFileSystem) -> None:
    uri = files.storage_layer.uri
    assert list(files.listdir("a")) == [uri("a/b/one"), uri("a/b/two"), uri("a/three")]
    assert list(files.listdir(uri("a/three"))) == []


def test_trouble_of_the_store_passes_through(store: dn.StorageLayer, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(key: str) -> None:
        raise StorageError("no answer")

    monkeypatch.setattr(store.backend, "stat", refuse)
    with pytest.raises(StorageError, match="no answer"):
        ArtifactFileSystem().exists("a/b")


# Directories


def test_directories_need_not_be_made(files: ArtifactFileSystem) -> None:
    files.mkdir("new/directory")
    files.mkdir("a/b")
    assert not files.exists("new")


def test_making_what_is_there_is_refused_on_demand(files: ArtifactFileSystem) -> None:
    for path in ("a/b", "a/three"):
        with pytest.raises(FileAlreadyExists, match=path):
            files.mkdir(path, raise_if_exists=True)


def test_no_directory_is_made_of_an_artifact(files: ArtifactFileSystem) -> None:
    with pytest.raises(NotADirectory, match="a/three"):
        files.mkdir("a/three")


def test_the_directory_above_is_asked_for_on_demand(files: ArtifactFileSystem) -> None:
    files.mkdir("a/new", parents=False)
    files.mkdir("new", parents=False)
    with pytest.raises(MissingParentDirectory, match="new is not there"):
        files.mkdir("new/directory", parents=False)


# Removing


def test_an_artifact_is_removed_alone(files: ArtifactFileSystem) -> None:
    files.storage_layer.store("a/three/below", 1)
    files.remove("a/three")
    assert names(files) == ["a/b/one", "a/b/two", "a/three/below"]


def test_a_directory_is_removed_with_all_that_is_in_it(files: ArtifactFileSystem) -> None:
    files.storage_layer.store("a/bee", 1)
    files.remove(files.storage_layer.uri("a/b").removesuffix(".json"))
    assert names(files) == ["a/bee", "a/three"]


def test_a_directory_stays_unless_recursive(files: ArtifactFileSystem) -> None:
    with pytest.raises(FileSystemException, match="2 artifacts; recursive=True"):
        files.remove("a/b", recursive=False)
    assert files.exists("a/b/one")


def test_the_whole_store_is_not_removed(files: ArtifactFileSystem) -> None:
    with pytest.raises(FileSystemException, match="the whole store"):
        files.remove(files.storage_layer.backend.url)
    assert files.exists("a/b/one")


def test_what_is_not_there_is_not_removed(files: ArtifactFileSystem) -> None:
    with pytest.raises(ArtifactNotFound, match="nothing/here"):
        files.remove("nothing/here")


# Copying and moving


def test_a_copy_has_the_value(files: ArtifactFileSystem) -> None:
    files.copy("a/b/one", "copies/one")
    assert files.storage_layer.load("copies/one") == files.storage_layer.load("a/b/one") == "a/b/one"


def test_a_copy_is_stored_as_the_original_was(store: dn.StorageLayer) -> None:
    store.store("table", pd.DataFrame({"x": [1]}), serializer="pickle")
    ArtifactFileSystem().copy("table", "copy")
    assert store.manifest("copy").value == store.manifest("table").value


def test_files_and_directories_are_copied(store: dn.StorageLayer, tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "one").write_text("1")
    store.store("plots", tmp_path / "plots")
    ArtifactFileSystem().copy("plots", "copy")
    assert (store.load("copy") / "one").read_text() == "1"


def test_a_directory_is_copied_with_all_that_is_in_it(files: ArtifactFileSystem) -> None:
    files.copy("a", "copies")
    assert names(files, "copies") == ["copies/b/one", "copies/b/two", "copies/three"]
    assert files.exists("a/b/one")


@pytest.mark.parametrize("method", ["move", "rename", "rename_dont_move"])
def test_what_is_moved_is_elsewhere(files: ArtifactFileSystem, method: str) -> None:
    getattr(files, method)("a/b", "moved")
    assert names(files) == ["a/three", "moved/one", "moved/two"]
    assert files.storage_layer.load("moved/one") == "a/b/one"


@pytest.mark.parametrize("method", ["copy", "move", "rename", "rename_dont_move"])
@pytest.mark.parametrize("dest", ["a/three", "a/b"])
def test_nothing_is_moved_onto_what_is_there_or_into_it(files: ArtifactFileSystem, method: str, dest: str) -> None:
    with pytest.raises(FileAlreadyExists, match=f"{dest} is in .* never overwritten: remove it first"):
        getattr(files, method)("a/b/one", dest)
    assert names(files) == ["a/b/one", "a/b/two", "a/three"]


@pytest.mark.parametrize("method", ["copy", "move", "rename_dont_move"])
def test_what_is_not_there_is_not_moved(files: ArtifactFileSystem, method: str) -> None:
    with pytest.raises(ArtifactNotFound, match="nothing/here"):
        getattr(files, method)("nothing/here", "moved")


def test_what_was_moved_already_is_there_already(files: ArtifactFileSystem) -> None:
    files.rename_dont_move("a/three", "moved")
    with pytest.raises(FileAlreadyExists, match="moved is in"):
        files.rename_dont_move("a/three", "moved")


def test_what_loses_a_race_is_not_removed(store: dn.StorageLayer, monkeypatch: pytest.MonkeyPatch) -> None:
    store.store("mine", "mine")
    files, load = ArtifactFileSystem(), store.load

    def load_too_late(name: str) -> object:
        value = load(name)
        store.store("wanted", "theirs")
        return value

    monkeypatch.setattr(store, "load", load_too_late)
    with pytest.warns(DifferentResult), pytest.raises(FileAlreadyExists, match="wanted"):
        files.move("mine", "wanted")
    assert (load("mine"), load("wanted")) == ("mine", "theirs")


def test_it_pickles_as_the_stores_name(store: dn.StorageLayer) -> None:
    store.store("a/b", 1)
    data = pickle.dumps(ArtifactFileSystem(store))
    assert len(data) < 500
    assert pickle.loads(data).exists("a/b")
