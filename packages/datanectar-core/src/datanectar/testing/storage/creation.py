"""Put-if-absent: what the commit of every artifact stands on."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from datanectar.contracts.storage import StorageBackend
from datanectar.errors import AlreadyExists, KeyNotFound, StorageUnavailable
from datanectar.testing.storage.rules import StorageRules

#: Whether somebody won a race, and what he read then.
Outcome = tuple[bool, bytes | None]


def bytes_of(contender: int) -> bytes:
    """Returns what one of those who race wants to store."""
    return bytes([contender]) * 50_000


def contend(backend: StorageBackend, key: str, me: int) -> Outcome:
    """Creates an object if nobody else has; returns whether it did, and what it reads then, if anything."""
    in_doubt = False
    while True:
        try:
            backend.create(key, bytes_of(me))
            return True, _found(backend, key)
        except AlreadyExists:
            found = _found(backend, key)
            return in_doubt and found == bytes_of(me), found
        except StorageUnavailable:  # as a busy store may say; asked again, it knows
            in_doubt = True


def _found(backend: StorageBackend, key: str) -> bytes | None:
    try:
        return backend.read(key)
    except KeyNotFound:
        return None


def check_race(outcomes: Sequence[Outcome]) -> None:
    """Checks that one has won and that all, the losers too, read its bytes."""
    winners = [number for number, (won, _) in enumerate(outcomes) if won]
    assert winners, (
        f"all {len(outcomes)} who raced for a key were told that it exists, so nobody's result was stored: "
        "raise AlreadyExists only if the key is taken, and StorageUnavailable where that is not known"
    )
    assert len(winners) == 1, (
        f"{len(winners)} of {len(outcomes)} who raced for a key won, and all but one of them lost their result: "
        "create must ask the store itself to refuse a key that is taken, and never look first"
    )
    assert all(found == bytes_of(winners[0]) for _, found in outcomes), "not all read what the winner stored"


class Creation(StorageRules):
    """Rules of `create`."""

    def test_what_was_created_is_there(self, backend: StorageBackend) -> None:
        info = backend.create("a/b.json", b"one")
        assert info.key == "a/b.json"
        assert backend.read("a/b.json") == b"one", "create returned and stored something else"

    @pytest.mark.parametrize("data", [b"one", b""], ids=["bytes", "nothing"])
    def test_a_second_create_is_refused(self, backend: StorageBackend, data: bytes) -> None:
        backend.create("a/b", data)
        with pytest.raises(AlreadyExists, match="a/b") as caught:
            backend.create("a/b", b"two")
        assert isinstance(caught.value, FileExistsError)

    def test_a_second_create_changes_nothing(self, backend: StorageBackend) -> None:
        backend.create("a/b", b"one")
        before = backend.stat("a/b")
        try:
            backend.create("a/b", b"other")
        except AlreadyExists:
            pass
        assert backend.read("a/b") == b"one", "a second create replaced what a first one stored: a result is lost"
        assert backend.stat("a/b") == before

    def test_a_second_create_of_the_same_bytes_is_refused_too(self, backend: StorageBackend) -> None:
        backend.create("a/b", b"one")
        with pytest.raises(AlreadyExists):
            backend.create("a/b", b"one")

    def test_what_was_written_is_not_created_again(self, backend: StorageBackend) -> None:
        backend.write("a/b", b"one")
        with pytest.raises(AlreadyExists):
            backend.create("a/b", b"two")
        assert backend.read("a/b") == b"one"

    def test_one_of_many_threads_wins(self, backend: StorageBackend) -> None:
        for count in self.contenders:
            for number in range(self.rounds):
                check_race(_race(backend, f"race/{count}/{number}", count))


def _race(backend: StorageBackend, key: str, count: int) -> list[Outcome]:
    gate = Barrier(count)

    def run(me: int) -> Outcome:
        gate.wait()
        return contend(backend, key, me)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
