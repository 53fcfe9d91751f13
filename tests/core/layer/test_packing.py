"""Paths as results: what is stored of them, and what is refused."""

import os
import socket
from pathlib import Path

import pytest

from datanectar.errors import SerializationError, StorageError
from datanectar.layer.packing import pack


class Kept:
    def __init__(self):
        self.contents = []

    def __call__(self, path):
        self.contents.append(path.read_bytes())
        return len(self.contents) - 1


@pytest.fixture
def kept():
    return Kept()


def refused(path, words):
    with pytest.raises(SerializationError, match=words) as caught:
        pack(path, Kept(), "the result")
    assert "the result" in str(caught.value)


def test_a_file_is_its_name_and_its_content(tmp_path, kept):
    (tmp_path / "über uns.txt").write_bytes(b"x")
    assert pack(tmp_path / "über uns.txt", kept, "the result") == {"path": "über uns.txt", "content": 0}
    assert kept.contents == [b"x"]


def test_a_directory_is_stored_file_by_file_in_the_order_of_its_names(tmp_path, kept):
    (tmp_path / "plots/deep/empty").mkdir(parents=True)
    (tmp_path / "plots/b.png").write_bytes(b"b")
    (tmp_path / "plots/a.png").write_bytes(b"a")
    (tmp_path / "plots/deep/.hidden").write_bytes(b"h")
    node = pack(tmp_path / "plots", kept, "the result")
    assert node == {"path": "plots", "content": [["a.png", 0], ["b.png", 1], ["deep", [[".hidden", 2], ["empty", []]]]]}
    assert kept.contents == [b"a", b"b", b"h"]


@pytest.mark.parametrize("path", [".", "deep/..", "./"])
def test_the_name_of_a_relative_path_is_that_of_the_directory(tmp_path, monkeypatch, kept, path):
    (tmp_path / "plots/deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "plots")
    assert pack(Path(path), kept, "the result")["path"] == "plots"


def test_links_are_followed(tmp_path, kept):
    (tmp_path / "there").mkdir()
    (tmp_path / "there/file").write_bytes(b"x")
    (tmp_path / "here").mkdir()
    (tmp_path / "here/link").symlink_to(tmp_path / "there")
    (tmp_path / "here/twice").symlink_to(tmp_path / "there")
    node = pack(tmp_path / "here", kept, "the result")
    assert node["content"] == [["link", [["file", 0]]], ["twice", [["file", 1]]]]


def test_a_missing_path_is_told_with_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(Path("model.bin"), r"No such file or directory: 'model.bin' in /.*make it before the task returns")


def test_a_dangling_link_is_told(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    refused(tmp_path, r"No such file or directory: '.*link'")


def test_a_link_to_itself_is_told(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "link")
    refused(tmp_path, "Too many levels of symbolic links")


def test_a_directory_that_leads_into_itself_is_told(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/up").symlink_to(tmp_path)
    refused(tmp_path, r"deep/up is a link to a directory that it stands in itself")


def test_a_pipe_is_refused_without_being_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path, r"pipe is neither a file nor a directory")


def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the name of a socket may not be long
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
        refused(Path("s"), "neither a file nor a directory")


def test_errors_of_the_store_are_the_stores(tmp_path):
    (tmp_path / "file").write_bytes(b"x")

    def fail(path):
        raise StorageError("full")

    with pytest.raises(StorageError, match="full"):
        pack(tmp_path, fail, "the result")
