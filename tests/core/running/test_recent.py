"""What this process stored a moment ago is not read again, and is bounded."""

import pytest

import datanectar as dn
from datanectar.running.recent import RecentManifests

NAME = "task/none/x/"


@pytest.fixture
def reads(memory, monkeypatch) -> list[str]:
    """The keys that are read from the store."""
    seen = []
    real = type(memory.backend).read
    monkeypatch.setattr(type(memory.backend), "read", lambda self, key: seen.append(key) or real(self, key))
    return seen


def test_a_small_result_is_not_read_again(memory, reads):
    recent = RecentManifests()
    recent.add(memory, memory.store(f"{NAME}a", [1]))
    reads.clear()
    assert recent.load(memory, f"{NAME}a") == [1]
    assert reads == []


def test_each_use_gets_a_value_of_its_own(memory):
    recent = RecentManifests()
    recent.add(memory, memory.store(f"{NAME}a", [1]))
    recent.load(memory, f"{NAME}a").append(2)
    assert recent.load(memory, f"{NAME}a") == [1]


def test_a_large_result_is_read_from_its_store(memory, reads):
    recent = RecentManifests()
    recent.add(memory, memory.store(f"{NAME}a", b"x" * 100_000))
    reads.clear()
    assert recent.load(memory, f"{NAME}a") == b"x" * 100_000
    assert reads != []


@pytest.mark.parametrize("size", [0, 50_000])
def test_the_oldest_goes_when_too_many_bytes_are_held_tiny_results_counted(memory, reads, monkeypatch, size):
    monkeypatch.setattr(RecentManifests, "_MOST_BYTES", 2 * (RecentManifests._OWN_BYTES + size + 10))
    recent = RecentManifests()
    for letter in "abc":
        recent.add(memory, memory.store(NAME + letter, b"x" * size))
    reads.clear()
    for letter in "cba":
        assert recent.load(memory, NAME + letter) == b"x" * size
    assert reads == [f"manifests/{NAME}a.json"]


def test_what_a_run_made_is_returned_without_reading_it_again(memory, reads):
    @dn.task
    def made() -> list[int]:
        return [1]

    artifact = made()
    assert dn.run(artifact) == [1]
    assert reads.count(f"manifests/{artifact.name}.json") == 1  # whether it was there already


def test_a_result_that_is_added_again_counts_once(memory) -> None:
    manifest = memory.store("by/hand", "x" * 1000)
    kept = RecentManifests()
    for _ in range(3):
        kept.add(memory, manifest)
    assert kept._size == RecentManifests._OWN_BYTES + 1000
