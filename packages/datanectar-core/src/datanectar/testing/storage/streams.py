"""Streams: an object is there when its last byte is, and not at all if there never is one."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from datanectar.contracts.storage import StorageBackend
from datanectar.testing.storage.objects import Pipe
from datanectar.testing.storage.rules import StorageRules, content, keys


class _Mine(Exception):
    """What goes wrong in the code that writes."""


class Streams(StorageRules):
    """Rules of `write` from a stream and of `writer`."""

    @pytest.mark.parametrize("size", [0, 1 << 20, (9 << 20) + 3])
    def test_a_source_that_raises_leaves_nothing(self, backend: StorageBackend, size: int) -> None:
        source = io.BufferedReader(Pipe(bytes(size), _Mine("half way")))
        with pytest.raises(_Mine, match="half way"):
            backend.write("a/k", source)
        _check_nothing(backend, f"a source raised after {size} bytes")

    def test_a_file_that_is_missing_leaves_nothing(self, backend: StorageBackend, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            backend.write("a/k", tmp_path / "absent")
        _check_nothing(backend, "a file to be stored was missing")

    @pytest.mark.parametrize("size", [0, 1 << 20, (9 << 20) + 3])
    def test_a_writer_that_raises_leaves_nothing(self, backend: StorageBackend, size: int) -> None:
        with pytest.raises(_Mine, match="half way"):
            _write_and_raise(backend, size, _Mine("half way"))
        _check_nothing(backend, f"the block of a writer raised after {size} bytes")

    @pytest.mark.parametrize("how", ["write", "writer"])
    def test_a_key_that_could_not_be_written_can_be_written_again(self, backend: StorageBackend, how: str) -> None:
        if how == "write":
            with pytest.raises(_Mine):
                backend.write("a/k", io.BufferedReader(Pipe(bytes(1000), _Mine("half way"))))
            backend.write("a/k", io.BytesIO(b"again"))
        else:
            with pytest.raises(_Mine):
                _write_and_raise(backend, 1000, _Mine("half way"))
            with backend.writer("a/k") as sink:
                sink.write(b"again")
        assert backend.read("a/k") == b"again"

    def test_an_error_of_the_one_who_writes_is_passed_on_as_it_is(self, backend: StorageBackend) -> None:
        with pytest.raises(FileNotFoundError, match="theirs"):
            _write_and_raise(backend, 1000, FileNotFoundError("theirs"))

    def test_an_object_is_not_seen_before_it_is_whole(self, backend: StorageBackend) -> None:
        data = content(9 << 20)
        with backend.writer("a/k") as sink:
            sink.write(data)
            assert backend.stat("a/k") is None, "half of an object is seen: a reader would take it for the whole"
            assert keys(backend.list("")) == [], "half of an object is listed"
        assert backend.read("a/k") == data

    def test_a_writer_takes_any_pieces(self, backend: StorageBackend) -> None:
        data = content(300_000)
        with backend.writer("k") as sink:
            sink.write(data[:1])
            sink.write(b"")
            sink.write(bytearray(data[1:100_000]))
            sink.write(memoryview(data)[100_000:])
        assert backend.read("k") == data

    def test_two_writers_at_once_do_not_mix(self, backend: StorageBackend) -> None:
        with backend.writer("one") as one, backend.writer("two") as two:
            for number in range(10):
                one.write(bytes([number]) * 100_000)
                two.write(bytes([100 + number]) * 100_000)
        assert backend.read("one") == b"".join(bytes([number]) * 100_000 for number in range(10))
        assert backend.read("two") == b"".join(bytes([100 + number]) * 100_000 for number in range(10))


def _write_and_raise(backend: StorageBackend, size: int, error: Exception) -> None:
    with backend.writer("a/k") as sink:
        sink.write(bytes(size))
        raise error


def _check_nothing(backend: StorageBackend, when: str) -> None:
    assert backend.stat("a/k") is None, f"{when}, and an object is there: half of a result is taken for the whole"
    assert keys(backend.list("")) == [], f"{when}, and something is left"
