"""Objects: what went in comes out, whole or in ranges, and what is said of it is true."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

import pytest

from datanectar.contracts.storage import StorageBackend
from datanectar.errors import KeyNotFound, UnsupportedError
from datanectar.records import ObjectInfo
from datanectar.testing.storage.rules import StorageRules, content

_TOLD_BY: dict[str, Callable[[StorageBackend, bytes], ObjectInfo | None]] = {
    "create": lambda backend, data: backend.create("k", data),
    "write": lambda backend, data: backend.write("k", io.BytesIO(data)),
    "write of bytes": lambda backend, data: backend.write("k", data),
    "write of a file": lambda backend, data: _write_file(backend, data),
    "stat": lambda backend, data: (backend.create("k", data), backend.stat("k"))[1],
    "list": lambda backend, data: (backend.create("k", data), next(backend.list("k")))[1],
}
_READ_BY: dict[str, Callable[[StorageBackend, str], object]] = {
    "read": lambda backend, key: backend.read(key),
    "open": lambda backend, key: backend.open(key),
    "open of a range": lambda backend, key: backend.open(key, 0, 3),
    "fetch": lambda backend, key: backend.fetch(key, io.BytesIO()),
}


class Objects(StorageRules):
    """Rules of whole objects and their ranges."""

    @pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, (9 << 20) + 3])
    @pytest.mark.parametrize("source", ["create", "bytes", "stream", "pipe", "file", "writer"])
    def test_an_object_comes_back_as_it_was_stored(self, backend: StorageBackend, source: str, size: int) -> None:
        data = content(size)
        _store(backend, source, data)
        found = backend.read("k")
        assert len(found) == size, f"{size} bytes from {source} were stored, {len(found)} came back"
        assert found == data, f"other bytes than those from {source} came back: users would load another result"

    def test_a_stream_is_stored_from_where_it_stands(self, backend: StorageBackend) -> None:
        stream = io.BytesIO(b"0123456789")
        stream.seek(4)
        backend.write("k", stream)
        assert backend.read("k") == b"456789"

    @pytest.mark.parametrize("teller", _TOLD_BY)
    @pytest.mark.parametrize("size", [0, 100_000])
    def test_a_size_is_that_of_the_bytes(self, backend: StorageBackend, teller: str, size: int) -> None:
        info = _TOLD_BY[teller](backend, bytes(size))
        assert info is not None
        assert (info.key, info.size) == ("k", size), f"{teller} tells the wrong size: sound results look damaged"

    @pytest.mark.parametrize("teller", _TOLD_BY)
    def test_a_time_is_of_now_and_in_utc(self, backend: StorageBackend, teller: str) -> None:
        tolerance = timedelta(seconds=self.clock_skew)
        earliest = datetime.now(UTC) - tolerance
        info = _TOLD_BY[teller](backend, b"x")
        assert info is not None
        assert info.modified.utcoffset() == timedelta(0), f"{teller} tells {info.modified!r}, which is not in UTC"
        assert earliest <= info.modified <= datetime.now(UTC) + tolerance, f"{teller} tells {info.modified}, not now"

    @pytest.mark.parametrize(
        ("start", "end"),
        [(0, None), (0, 0), (0, 4), (3, 7), (3, None), (9, 10), (10, None), (12, None), (4, 99), (7, 3)],
    )
    def test_a_range_is_that_of_a_slice(self, backend: StorageBackend, start: int, end: int | None) -> None:
        backend.create("k", b"0123456789")
        with backend.open("k", start, end) as file:
            found = file.read()
        expected = b"0123456789"[start:end]
        assert found == expected, f"open(key, {start}, {end}) gave {found!r} instead of {expected!r}"

    @pytest.mark.parametrize("end", [(2 << 20) + 1, None])
    def test_a_range_of_a_large_object_is_that_of_a_slice(self, backend: StorageBackend, end: int | None) -> None:
        data, start = content(12 << 20), (1 << 20) - 1
        backend.write("k", data)
        with backend.open("k", start, end) as file:
            found = file.read()
        assert len(found) == len(data[start:end]), f"open(key, {start}, {end}) of {len(data)} bytes gave {len(found)}"
        assert found == data[start:end], f"open(key, {start}, {end}) gave other bytes than those of the slice"

    def test_an_open_object_is_read_piece_by_piece(self, backend: StorageBackend) -> None:
        data = content(200_000)
        backend.create("k", data)
        with backend.open("k") as file:
            pieces = list(iter(lambda: file.read(70_001), b""))
            assert file.read() == b"", "after its end an object has no more bytes"
        assert b"".join(pieces) == data

    @pytest.mark.parametrize("size", [0, (9 << 20) + 3])
    def test_fetch_copies_the_whole_object(self, backend: StorageBackend, tmp_path: Path, size: int) -> None:
        data = content(size)
        backend.write("k", data)
        with (tmp_path / "copy").open("w+b") as file:
            backend.fetch("k", file)
        assert (tmp_path / "copy").read_bytes() == data

    @pytest.mark.parametrize("reader", _READ_BY)
    def test_what_is_missing_is_a_key_error_that_names_the_key(self, backend: StorageBackend, reader: str) -> None:
        with pytest.raises(KeyNotFound, match="no/such") as caught:
            _READ_BY[reader](backend, "no/such")
        assert isinstance(caught.value, KeyError)

    @pytest.mark.parametrize("reader", _READ_BY)
    def test_what_was_deleted_is_missing(self, backend: StorageBackend, reader: str) -> None:
        backend.create("a/k", b"x")
        backend.read("a/k")
        backend.delete(["a/k"])
        with pytest.raises(KeyNotFound, match="a/k"):
            _READ_BY[reader](backend, "a/k")

    def test_what_is_missing_has_no_stat_and_no_file(self, backend: StorageBackend) -> None:
        assert backend.stat("no/such") is None
        assert backend.local_path("no/such") is None

    def test_a_local_path_is_a_file_with_the_bytes(self, backend: StorageBackend) -> None:
        backend.create("a/k", b"one")
        path = backend.local_path("a/k")
        assert path is None or path.read_bytes() == b"one"

    def test_a_link_reads_the_object_without_credentials(self, backend: StorageBackend) -> None:
        backend.create("a/k", b"one")
        try:
            url = backend.link("a/k", 60)
        except UnsupportedError:  # which a store may say of links
            return
        with urlopen(url, timeout=60) as reply:
            assert reply.read() == b"one", "whoever follows the link gets something else"


def _write_file(backend: StorageBackend, data: bytes) -> ObjectInfo:
    with TemporaryDirectory() as folder:
        (Path(folder) / "source").write_bytes(data)
        return backend.write("k", Path(folder) / "source")


def _store(backend: StorageBackend, source: str, data: bytes) -> None:
    """Stores an object under ``k`` in one of the ways there are."""
    if source == "create":
        backend.create("k", data)
    elif source == "writer":
        with backend.writer("k") as sink:
            for start in range(0, len(data), 700_001):
                sink.write(data[start : start + 700_001])
    elif source == "file":
        _write_file(backend, data)
    else:
        streams: dict[str, Any] = {"bytes": data, "stream": io.BytesIO(data), "pipe": io.BufferedReader(Pipe(data))}
        backend.write("k", streams[source])


class Pipe(io.RawIOBase):
    """A stream that cannot seek, knows no length and gives less than it is asked for; then it ends, or raises."""

    def __init__(self, data: bytes, error: Exception | None = None) -> None:
        self._data, self._error = io.BytesIO(data), error

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any, /) -> int:
        count = self._data.readinto(memoryview(target)[:100_000])
        if not count and self._error is not None:
            raise self._error
        return count
