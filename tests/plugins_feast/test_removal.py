"""Batches that were removed from the store, or damaged in it."""

from pathlib import Path

import pytest

import datanectar as dn
from datanectar.errors import ArtifactNotFound, IntegrityError

MANY = [(who, 1, who) for who in range(20_000)]  # enough for a file of their own, which can be damaged


def damage(batch: dn.FeatureBatch) -> None:
    (file,) = Path(".datanectar/data", batch.name).rglob("*.parquet")
    file.chmod(0o600)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def test_a_batch_that_is_removed_is_in_force_no_more(publish, known, applied, repo) -> None:
    removed, kept = publish((1, 1, 10), slot="january"), publish((2, 1, 20), slot="february")
    dn.storage_layer().delete(removed.name)
    assert known((1, 2), (2, 2)) == [None, 20]
    assert [path.name for path in (repo / "data/stats").iterdir()] == ["february.parquet"]
    (view,) = applied.views()
    assert list(view.batches) == [kept]


def test_a_slot_whose_batch_was_removed_takes_another(publish, known) -> None:
    dn.storage_layer().delete(publish((1, 1, 10), slot="january").name)
    publish((1, 1, 11), slot="january")
    assert known((1, 2)) == [11]


def test_materialising_goes_by_what_is_left(publish, applied, repo) -> None:
    removed, kept = publish((1, 2, 10), slot="january"), publish((1, 1, 20), slot="february")
    dn.storage_layer().delete(removed.name)
    applied.materialize(kept)
    assert applied.online(["stats:trips"], [{"driver": 1}])["trips"] == [20]
    assert [path.name for path in (repo / "data/stats").iterdir()] == ["february.parquet"]


def test_a_batch_that_was_given_and_is_gone_is_told_of(publish, known) -> None:
    batch = publish((1, 1, 10))
    dn.storage_layer().delete(batch.name)
    with pytest.raises(ArtifactNotFound, match=r"a batch of features cannot be read: .* publish its rows again"):
        known((1, 2), batches=[batch])


def test_a_damaged_batch_is_told_of_with_what_mends_it(publish, known) -> None:
    damage(publish(*MANY, slot="all"))
    with pytest.raises(IntegrityError, match=r"a batch of features cannot be read: .* publish its rows again"):
        known((1, 2))


def test_a_damaged_batch_of_a_task_names_what_is_to_be_run_again(applied, rows, known) -> None:
    @dn.task
    def published() -> dn.FeatureBatch:
        return applied.publish("stats", rows(*MANY), event_timestamp="at", created_timestamp="created")

    damage(dn.run(published()))
    with pytest.raises(IntegrityError, match=rf"`datanectar rm {published().name}` and run that task again"):
        known((1, 2))
    dn.storage_layer().delete(published().name)
    dn.run(published())
    assert known((7, 2)) == [7]


def test_publishing_mends_a_damaged_batch(publish, known) -> None:
    damage(publish(*MANY, slot="all"))
    publish(*MANY, slot="all")
    assert known((7, 2)) == [7]
