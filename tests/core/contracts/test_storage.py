"""Keys that every store can hold, and what a backend gets that has nothing but what is asked of it."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datanectar.contracts.storage import StorageBackend, check_key
from datanectar.errors import InvalidKey, UnsupportedError
from datanectar.records import ObjectInfo
from datanectar.storages.memory import MemoryBackend


class Minimal(MemoryBackend):
    """Has nothing but what is asked of every backend."""

    writer = StorageBackend.writer
    fetch = StorageBackend.fetch
    link = StorageBackend.link
    local_path = StorageBackend.local_path


@pytest.mark.parametrize("key", ["a", "0", "a-b_c.d/e..f", "k" * 255, "/".join(["k" * 249] * 4)])
def test_a_key_of_plain_segments_is_returned(key):
    assert check_key(key) is key


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "..", "a/../b", ".a", "A", "a\n", "é", "k" * 256, "k/" * 501])
def test_a_key_that_some_store_would_alias_or_refuse_is_refused(key):
    with pytest.raises(InvalidKey, match="is refused"):
        check_key(key)


@given(st.text(max_size=20))
def test_no_text_becomes_a_key_that_leaves_the_store(text):
    try:
        key = check_key(text)
    except InvalidKey:
        return
    path = Path("/store") / key
    assert path.is_relative_to("/store/")
    assert path.as_posix() == f"/store/{text}"
    assert all(not part.startswith(".") for part in path.parts)


def test_a_backend_without_a_stream_of_its_own_gets_one_from_its_write():
    backend = Minimal()
    with backend.writer("k") as sink:
        sink.write(b"a" * 100_000)
        sink.write(b"b")
    assert backend.read("k") == b"a" * 100_000 + b"b"


def test_a_backend_without_a_fetch_of_its_own_gets_one_from_its_open():
    backend, copy = Minimal(), io.BytesIO()
    backend.create("k", b"a" * (3 << 20))
    backend.fetch("k", copy)
    assert copy.getvalue() == b"a" * (3 << 20)


def test_a_store_that_makes_no_links_says_so():
    backend = Minimal()
    backend.create("k", b"")
    with pytest.raises(UnsupportedError, match="cannot make links"):
        backend.link("k", 60)


def test_what_is_known_of_an_object_is_a_record():
    assert ObjectInfo("k", 1, datetime(2013, 1, 1, tzinfo=UTC)).key == "k"
