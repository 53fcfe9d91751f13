"""Listings and deletes: nothing is lost, doubled or left, over pages and batches."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from datanectar.contracts.storage import StorageBackend
from datanectar.testing.storage.rules import StorageRules, keys


class Listings(StorageRules):
    """Rules of `list` and `delete`."""

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
    def test_a_prefix_may_end_in_the_middle_of_a_segment(
        self, backend: StorageBackend, prefix: str, expected: list[str]
    ) -> None:
        for key in ("a/b/c.json", "a/b/d.json", "a/bc/d.json", "ab.json"):
            backend.create(key, b"12")
        assert keys(backend.list(prefix)) == expected

    def test_sizes_and_times_of_a_listing_are_those_of_each_object(self, backend: StorageBackend) -> None:
        tolerance = timedelta(seconds=self.clock_skew)
        earliest = datetime.now(UTC) - tolerance
        for size in range(5):
            backend.create(f"a/{size}", bytes(size))
        found = list(backend.list("a/"))
        assert {info.key: info.size for info in found} == {f"a/{size}": size for size in range(5)}
        latest = datetime.now(UTC) + tolerance
        for info in found:
            assert info.modified.utcoffset() == timedelta(0), f"{info.key} has {info.modified!r}, not in UTC"
            assert earliest <= info.modified <= latest

    def test_a_listing_of_many_pages_loses_and_doubles_nothing(self, backend: StorageBackend) -> None:
        stored = self._many(backend)
        found = keys(backend.list("many/"))
        lost, doubled = sorted(set(stored) - set(found)), len(found) - len(set(found))
        assert not lost, f"{len(lost)} of {len(stored)} keys are not listed, such as {lost[0]}: results are made again"
        assert not doubled, f"{doubled} keys are listed twice"
        assert found == stored

    def test_what_is_listed_can_be_deleted_meanwhile(self, backend: StorageBackend) -> None:
        stored = self._many(backend)
        ahead, seen, some = set(stored[-3:]), list[str](), max(1, self.page // 20)
        for info in backend.list("many/"):
            seen.append(info.key)
            if len(seen) % some == 0:
                backend.delete([*seen[-some:], *ahead])
        missed = sorted(set(stored) - ahead - set(seen))
        assert not missed, f"{len(missed)} keys were passed over while others were deleted, such as {missed[0]}"
        backend.delete(seen)
        assert keys(backend.list("many/")) == []

    def test_deleting_what_is_missing_is_no_error(self, backend: StorageBackend) -> None:
        backend.create("a/b/c", b"")
        backend.create("a/d", b"")
        backend.delete(["a/b/c", "a/b/c", "never/there"])
        backend.delete(["a/b/c"])
        backend.delete([])
        assert keys(backend.list("")) == ["a/d"]

    def test_more_keys_than_one_batch_are_deleted(self, backend: StorageBackend) -> None:
        named = [f"a/{number}" for number in range(self.page + 300)]  # most of them of nothing, so that it is cheap
        there = {named[number] for number in (0, 255, 256, self.page - 1, self.page, self.page + 299)}
        for key in [*there, "b"]:
            backend.write(key, b"")
        backend.delete(named)
        left = keys(backend.list(""))
        assert left == ["b"], f"one call with {len(named)} keys left {left[:-1]}: space that nobody gets back"

    def test_keys_to_delete_may_come_from_a_generator(self, backend: StorageBackend) -> None:
        for number in range(10):
            backend.create(f"a/{number}", b"")
        backend.delete(info.key for info in backend.list("a/"))
        assert keys(backend.list("")) == []

    def test_a_deleted_key_is_free_again(self, backend: StorageBackend) -> None:
        backend.create("a/b", b"one")
        backend.delete(["a/b"])
        backend.create("a/b", b"two")
        assert backend.read("a/b") == b"two"

    def _many(self, backend: StorageBackend) -> list[str]:
        """Stores more objects than a page has, and returns their keys, sorted."""
        named = sorted(f"many/{number % 7}/{number}" for number in range(self.page + 5))
        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(lambda key: backend.write(key, b"x"), named))
        return named
