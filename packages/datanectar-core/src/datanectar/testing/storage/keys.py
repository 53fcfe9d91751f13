"""Keys: those that stores alias are refused by every method, and all others are kept apart."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from datanectar.contracts.storage import StorageBackend
from datanectar.errors import AlreadyExists, InvalidKey, KeyNotFound, StorageError, UnsupportedError
from datanectar.testing.storage.rules import StorageRules, keys

_HOSTILE = (
    *("", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", ".hidden", "a/.tmp-x", "_a", "-a", "a/-b"),
    *("A", "a b", "a\\b", "a\n", "a\0b", "a%2fb", "a?b", "a#b", "a:b", "a*", "~", "a" * 256, "a/" * 500 + "b"),
)
_UNICODE = ("é", "e\u0301", "a/ß", "ａ", "\u202e", "日本", "\ud800", "😀")
_ALIKE = ("a/b", "a-b", "a_b", "a.b", "ab", "a.c/b", "a..b", "a-.b", "0", "00", "a0", "con", "k.json", "k.jso", "k")
_LONGEST = "/".join(["k" * 255] * 3 + ["k" * 232])

_METHODS: dict[str, Callable[[StorageBackend, str], object]] = {
    "read": lambda backend, key: backend.read(key),
    "open": lambda backend, key: backend.open(key),
    "write": lambda backend, key: backend.write(key, b""),
    "create": lambda backend, key: backend.create(key, b""),
    "stat": lambda backend, key: backend.stat(key),
    "delete": lambda backend, key: backend.delete([key]),
    "fetch": lambda backend, key: backend.fetch(key, io.BytesIO()),
    "writer": lambda backend, key: _write_nothing(backend, key),
}


class Keys(StorageRules):
    """Rules of keys."""

    @pytest.mark.parametrize("method", _METHODS)
    def test_a_key_that_some_store_would_alias_is_refused(self, backend: StorageBackend, method: str) -> None:
        _check_refused(backend, method, _HOSTILE)

    @pytest.mark.parametrize("method", _METHODS)
    def test_a_key_in_unicode_is_refused(self, backend: StorageBackend, method: str) -> None:
        _check_refused(backend, method, _UNICODE)

    @pytest.mark.parametrize("prefix", ["/", "../", "a//", "a/../", "a\\", "É", "~"])
    def test_a_hostile_prefix_lists_nothing(self, backend: StorageBackend, prefix: str) -> None:
        backend.create("a/b", b"x")
        try:
            found = keys(backend.list(prefix))
        except InvalidKey:  # which is as good
            return
        assert found == [], f"list({prefix!r}) gave what does not start with it"

    @pytest.mark.parametrize("key", [_LONGEST, "k" * 255, "k/" * 499 + "kk"], ids=["1000", "255", "500 segments"])
    def test_a_key_of_the_longest_length_works(self, backend: StorageBackend, key: str) -> None:
        backend.create(key, b"x")
        assert backend.read(key) == b"x"
        assert keys(backend.list(key[:200])) == [key]
        backend.delete([key])
        assert backend.stat(key) is None

    def test_keys_that_look_alike_are_kept_apart(self, backend: StorageBackend) -> None:
        for key in _ALIKE:
            backend.create(key, key.encode())
        assert {key: backend.read(key).decode() for key in _ALIKE} == {key: key for key in _ALIKE}
        assert keys(backend.list("")) == sorted(_ALIKE), "listed keys are not those that were stored"

    def test_the_start_of_a_longer_key_is_not_an_object(self, backend: StorageBackend) -> None:
        backend.create("a/b/c", b"x")
        for key in ("a/b", "a", "a/b/"[:3]):
            assert backend.stat(key) is None
            assert backend.local_path(key) is None
            with pytest.raises(KeyNotFound):
                backend.read(key)
            with pytest.raises(KeyNotFound):
                backend.open(key)
        backend.delete(["a/b"])
        assert backend.read("a/b/c") == b"x", "deleting a/b took a/b/c with it"

    def test_what_lies_below_an_object_is_missing(self, backend: StorageBackend) -> None:
        backend.create("a", b"x")
        assert backend.stat("a/b") is None
        with pytest.raises(KeyNotFound):
            backend.read("a/b")
        assert keys(backend.list("a/")) == []
        backend.delete(["a/b"])
        assert backend.read("a") == b"x", "deleting a/b took a with it"

    @pytest.mark.parametrize(("first", "second"), [("a", "a/b"), ("a/b", "a")])
    def test_an_object_beside_a_longer_key_is_stored_or_refused(
        self, backend: StorageBackend, first: str, second: str
    ) -> None:
        backend.create(first, b"first")
        try:
            backend.create(second, b"second")
        except AlreadyExists:
            pytest.fail(f"{second} is told to exist, because {first} does: its writer would never get it stored")
        except StorageError:  # a file system has no room for both, and may say so
            pass
        else:
            assert backend.read(second) == b"second"
        assert backend.read(first) == b"first"


def _check_refused(backend: StorageBackend, method: str, hostile: tuple[str, ...]) -> None:
    for key in hostile:
        try:
            _METHODS[method](backend, key)
        except InvalidKey:
            pass
        except Exception as error:
            pytest.fail(f"{method} of key {key!r} raised {error!r} instead of InvalidKey: begin with check_key(key)")
        else:
            pytest.fail(f"{method} of key {key!r} went through, though some stores alias it: begin with check_key(key)")
    try:
        backend.link(hostile[-1], 60)
    except (InvalidKey, UnsupportedError):
        pass
    assert keys(backend.list("")) == [], "a refused key left an object behind"


def _write_nothing(backend: StorageBackend, key: str) -> None:
    with backend.writer(key):
        pass
