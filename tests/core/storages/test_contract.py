"""What every backend promises, held against both that core brings."""

import io
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datanectar.contracts.storage import StorageBackend, check_key
from datanectar.errors import AlreadyExists, InvalidKey, KeyNotFound, UnsupportedError
from datanectar.records import ObjectInfo
from datanectar.storages.local import LocalBackend, LocalOptions
from datanectar.storages.memory import MemoryBackend

REFUSED_KEYS = [
    "",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "a/../b",
    "a/./b",
    ".hidden",
    "a/.tmp-x",
    "A",
    "a b",
    "a\\b",
    "a\n",
    "a\0b",
    "é",
    "a/" * 500 + "b",
    "a" * 256,
]


@pytest.fixture(params=["local", "local without fsync", "memory"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> StorageBackend:
    if request.param == "memory":
        return MemoryBackend()
    durability = "fsync" if request.param == "local" else "none"
    return LocalBackend(LocalOptions(tmp_path / "store", durability=durability))


def keys(found) -> list[str]:
    return sorted(info.key for info in found)


@pytest.mark.parametrize("key", REFUSED_KEYS)
def test_a_key_that_some_store_would_alias_or_refuse_is_refused_everywhere(backend, key):
    for use in (
        lambda: backend.read(key),
        lambda: backend.open(key),
        lambda: backend.write(key, b""),
        lambda: backend.create(key, b""),
        lambda: backend.stat(key),
        lambda: backend.delete([key]),
        lambda: backend.local_path(key) or check_key(key),
    ):
        with pytest.raises(InvalidKey, match="is refused"):
            use()
    assert keys(backend.list("")) == []


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


def test_create_keeps_bytes_and_says_what_it_kept(backend):
    info = backend.create("a/b.json", b"one")
    assert (info.key, info.size) == ("a/b.json", 3)
    assert backend.read("a/b.json") == b"one"


def test_a_second_create_is_refused_and_changes_nothing(backend):
    first = backend.create("a/b", b"one")
    with pytest.raises(AlreadyExists, match="a/b") as caught:
        backend.create("a/b", b"two")
    assert isinstance(caught.value, FileExistsError)
    assert backend.read("a/b") == b"one"
    assert backend.stat("a/b") == first


def test_one_of_many_threads_that_create_a_key_wins(backend):
    gate = threading.Barrier(8)
    won = []

    def create(number: int) -> None:
        gate.wait()
        try:
            backend.create("k", bytes([number]) * 1000)
            won.append(number)
        except AlreadyExists:
            pass

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert backend.read("k") == bytes(won) * 1000


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, (5 << 20) + 3])
@pytest.mark.parametrize("source", ["bytes", "stream", "file", "create", "writer"])
def test_objects_of_any_size_come_back_from_any_source(backend, tmp_path, source, size):
    data = (bytes(range(256)) * (size // 256 + 1))[:size]
    if source == "create":
        backend.create("k", data)
    elif source == "writer":
        with backend.writer("k") as sink:
            for start in range(0, size, 700_001):
                sink.write(data[start : start + 700_001])
    elif source == "file":
        path = tmp_path / "source"
        path.write_bytes(data)
        assert backend.write("k", path).size == size
    else:
        assert backend.write("k", data if source == "bytes" else io.BytesIO(data)).size == size
    assert backend.read("k") == data
    assert backend.stat("k").size == size


def write_and_raise(backend, key: str, error: Exception) -> None:
    with backend.writer(key) as sink:
        sink.write(b"x" * (3 << 20))
        raise error


def test_a_writer_that_raises_leaves_nothing(backend):
    with pytest.raises(RuntimeError, match="mine"):
        write_and_raise(backend, "a/k", RuntimeError("mine"))
    assert backend.stat("a/k") is None
    assert keys(backend.list("")) == []


def test_an_error_of_the_one_who_writes_is_passed_on_as_it_is(backend):
    with pytest.raises(FileNotFoundError, match="theirs"):
        write_and_raise(backend, "k", FileNotFoundError("theirs"))


@pytest.mark.parametrize(
    ("start", "end"), [(0, None), (0, 0), (0, 4), (3, 7), (3, None), (9, 10), (10, None), (12, None), (4, 99), (7, 3)]
)
def test_ranges_are_those_of_a_slice(backend, start, end):
    backend.create("k", b"0123456789")
    with backend.open("k", start, end) as file:
        assert file.read() == b"0123456789"[start:end]


def test_what_is_missing_is_a_key_error_that_names_the_key(backend):
    for use in (backend.read, backend.open, lambda key: backend.open(key, 0, 3)):
        with pytest.raises(KeyNotFound, match="no/such") as caught:
            use("no/such")
        assert isinstance(caught.value, KeyError)
    assert backend.stat("no/such") is None
    assert backend.local_path("no/such") is None


def test_the_start_of_a_longer_key_is_not_an_object(backend):
    backend.create("a/b/c", b"x")
    assert backend.stat("a/b") is None
    assert backend.local_path("a/b") is None
    with pytest.raises(KeyNotFound):
        backend.read("a/b")
    with pytest.raises(KeyNotFound):
        backend.open("a/b")
    backend.delete(["a/b"])
    assert backend.read("a/b/c") == b"x"


def test_what_lies_below_an_object_is_missing(backend):
    backend.create("a", b"x")
    assert backend.stat("a/b") is None
    with pytest.raises(KeyNotFound):
        backend.read("a/b")
    assert keys(backend.list("a/")) == []
    backend.delete(["a/b"])
    assert backend.read("a") == b"x"


def test_times_are_of_now_and_in_utc(backend):
    before = datetime.now(UTC) - timedelta(seconds=2)  # file systems count in ticks
    created = backend.create("k", b"")
    assert created.modified.tzinfo is UTC
    assert before <= created.modified <= datetime.now(UTC) + timedelta(seconds=2)
    assert backend.stat("k") == created == next(backend.list("k"))


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("", ["a/b/c.json", "a/b/d.json", "a/bc/d.json", "ab.json"]),
        ("a", ["a/b/c.json", "a/b/d.json", "a/bc/d.json", "ab.json"]),
        ("a/", ["a/b/c.json", "a/b/d.json", "a/bc/d.json"]),
        ("a/b", ["a/b/c.json", "a/b/d.json", "a/bc/d.json"]),
        ("a/b/", ["a/b/c.json", "a/b/d.json"]),
        ("a/b/c", ["a/b/c.json"]),
        ("a/b/c.json", ["a/b/c.json"]),
        ("a/b/c.json/", []),
        ("a/x", []),
        ("x/y/z", []),
    ],
)
def test_a_prefix_may_end_in_the_middle_of_a_segment(backend, prefix, expected):
    for key in ("a/b/c.json", "a/b/d.json", "a/bc/d.json", "ab.json"):
        backend.create(key, b"12")
    found = list(backend.list(prefix))
    assert keys(found) == expected
    assert {info.size for info in found} <= {2}


def test_what_is_listed_can_be_deleted_meanwhile(backend):
    for number in range(50):
        backend.create(f"a/{number}/k", b"")
    seen = []
    for info in backend.list("a/"):
        seen.append(info.key)
        backend.delete([info.key])
        backend.delete([f"a/{number}/k" for number in range(40, 50)])
    assert set(seen) >= {f"a/{number}/k" for number in range(40)}
    assert keys(backend.list("")) == []


def test_deleting_twice_is_no_error(backend):
    backend.create("a/b/c", b"")
    backend.create("a/d", b"")
    backend.delete(["a/b/c", "a/b/c", "never/there"])
    backend.delete(["a/b/c"])
    backend.delete([])
    assert keys(backend.list("")) == ["a/d"]


def test_a_deleted_key_is_free_again(backend):
    backend.create("a/b", b"one")
    backend.delete(["a/b"])
    backend.create("a/b", b"two")
    assert backend.read("a/b") == b"two"


class Minimal(MemoryBackend):
    """Has nothing but what is asked of every backend."""

    writer = StorageBackend.writer
    write = MemoryBackend.write


def test_a_backend_without_a_stream_of_its_own_gets_one_from_its_write():
    backend = Minimal()
    with backend.writer("k") as sink:
        sink.write(b"a" * 100_000)
        sink.write(b"b")
    assert backend.read("k") == b"a" * 100_000 + b"b"


def test_a_store_that_makes_no_links_says_so():
    backend = MemoryBackend()
    backend.create("k", b"")
    with pytest.raises(UnsupportedError, match="cannot make links"):
        backend.link("k", 60)


def test_what_is_known_of_an_object_is_a_record():
    assert ObjectInfo("k", 1, datetime(2013, 1, 1, tzinfo=UTC)).key == "k"
