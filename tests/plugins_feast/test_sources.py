"""Where files go, and what becomes of them while others read and write."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from errno import EXDEV
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import datanectar as dn
from datanectar.errors import FeatureStoreError, UnsupportedError
from datanectar_feast.batches import NAME_IN_FILE
from datanectar_feast.sources import LocalDirectory, source_directory
from datanectar_feast.views import View


def view(path, endpoint=""):
    return View(
        name="stats",
        keys={},
        features={},
        event_timestamp="at",
        created_timestamp="",
        path=str(path),
        endpoint=endpoint,
    )


@pytest.fixture
def file(tmp_path):
    """A file of the batch ``one``."""
    path = tmp_path / "one"
    pq.write_table(pa.table({"a": [1]}).replace_schema_metadata({NAME_IN_FILE: b"one"}), path)
    return path


@pytest.fixture
def publish_to(store, driver, define, rows):
    """Applies a view ``stats`` of a path and publishes a row to it."""
    from feast.types import Int64

    def put(path, *found):
        store.apply([driver, define("stats", trips=Int64, path=str(path))])
        return store.publish("stats", rows(*(found or [(1, 1, 10)])), event_timestamp="at", slot="all")

    return put


@pytest.mark.parametrize("form", ["deep/er/stats", "{repo}/absolute", "with space", "stats.d", "../outside"], ids=str)
def test_a_path_may_be_said_in_every_way_that_feast_reads(store, repo, publish_to, asking, values, form):
    path = form.format(repo=repo)
    batch = publish_to(path)
    store.materialize(batch)
    assert values(store.training_set(asking((1, 2)), ["stats:trips"]), "trips") == [10]
    assert values(store.native.get_historical_features(asking((1, 2)), ["stats:trips"]).to_df(), "trips") == [10]
    assert store.online(["stats:trips"], [{"driver": 1}])["trips"] == [10]


def test_a_url_of_a_file_is_refused_since_feast_does_not_read_it(repo, publish_to, stored):
    with pytest.raises(
        UnsupportedError, match=f'which Feast does not read: give it the path, FileSource.path="{repo}/a b'
    ):
        publish_to(f"file://{repo}/a%20b")
    assert stored() == []


def test_a_path_that_is_a_file_is_refused_before_anything_is_stored(repo, publish_to, stored):
    (repo / "data").mkdir()
    (repo / "data/stats.parquet").write_bytes(b"old")
    with pytest.raises(FeatureStoreError) as caught:
        publish_to("data/stats.parquet")
    assert str(caught.value) == (
        f"the FileSource of view 'stats' is {repo}/data/stats.parquet, which is a file, or below one; batches are "
        "files "
        f'in a directory. Give it one, such as FileSource(path="{repo}/data/stats"), apply it, and publish what was '
        "in a "
        "file"
    )
    assert (stored(), (repo / "data/stats.parquet").read_bytes()) == ([], b"old")


def test_a_path_below_a_file_is_refused(repo, publish_to, stored):
    (repo / "notes").touch()
    with pytest.raises(FeatureStoreError, match="which is a file, or below one"):
        publish_to("notes/stats")
    assert stored() == []


def test_a_path_that_is_called_as_a_file_is_refused_unless_it_is_a_directory(repo, publish_to, stored):
    with pytest.raises(FeatureStoreError, match=r"data/stats.parquet, which is called as a file is"):
        publish_to("data/stats.parquet")
    assert stored() == []
    (repo / "data/stats.parquet").mkdir(parents=True)
    publish_to("data/stats.parquet")
    assert [path.name for path in (repo / "data/stats.parquet").iterdir()] == ["all.parquet"]


def test_a_link_to_a_directory_is_that_directory(repo, publish_to):
    (repo / "elsewhere/stats").mkdir(parents=True)
    (repo / "linked").symlink_to(repo / "elsewhere/stats")
    publish_to("linked")
    assert [path.name for path in (repo / "elsewhere/stats").iterdir()] == ["all.parquet"]


def test_what_may_not_be_written_is_said_and_done_by_the_next_publish(repo, publish_to, stored, monkeypatch):
    def refused(*_):
        raise PermissionError(13, "Permission denied", "data")

    with monkeypatch.context() as patch:  # permissions would not stop the superuser
        patch.setattr("os.chmod", refused)
        with pytest.raises(FeatureStoreError, match=r"files cannot be written there, or beside it .* The batch is sto"):
            publish_to("data/stats")
    assert list((repo / "data/stats").iterdir()) == []
    batch = publish_to("data/stats")
    assert stored() == [batch.name]
    assert [path.name for path in (repo / "data/stats").iterdir()] == ["all.parquet"]


def test_a_directory_of_another_disk_is_refused_with_the_reason(tmp_path, file, monkeypatch):
    def refused(*_):
        raise OSError(EXDEV, "Invalid cross-device link")

    monkeypatch.setattr("os.replace", refused)
    with pytest.raises(FeatureStoreError, match="where a disk is mounted: no file can be moved there from beside it"):
        LocalDirectory(tmp_path / "stats", "stats").put("all", file)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "stats"]


def test_a_copy_that_fails_leaves_nothing(tmp_path, file, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(OSError, match="No space left"):
        LocalDirectory(tmp_path / "stats", "stats").put("all", file)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "stats"]


def test_what_a_killed_copy_left_goes_after_a_day(tmp_path, file):
    (tmp_path / "stats").mkdir()
    old, new = tmp_path / ".stats-a.partial", tmp_path / ".stats-b.partial"
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    LocalDirectory(tmp_path / "stats", "stats").put("all", file)
    assert (old.exists(), new.exists()) == (False, True)


def test_a_file_is_for_all_whom_the_directory_is_for(tmp_path, file):
    for mode, expected in ((0o755, 0o644), (0o700, 0o600), (0o770, 0o660)):
        (tmp_path / f"{mode}").mkdir()
        (tmp_path / f"{mode}").chmod(mode)
        LocalDirectory(tmp_path / f"{mode}", "stats").put("all", file)
        assert (tmp_path / f"{mode}/all.parquet").stat().st_mode & 0o777 == expected


def test_a_file_is_known_by_its_batch(tmp_path, file):
    directory = LocalDirectory(tmp_path / "stats", "stats")
    assert not directory.has("all", "one")
    directory.put("all", file)
    assert (directory.has("all", "one"), directory.has("all", "two")) == (True, False)
    whole = file.read_bytes()
    (tmp_path / "stats/all.parquet").write_bytes(whole[:-20])
    assert not directory.has("all", "one")


def test_files_of_others_stay(repo, publish_to, rows):
    publish_to("data/stats")
    mine = repo / "data/stats/mine.parquet"
    rows((2, 1, 20)).to_parquet(mine, index=False)
    before = mine.read_bytes()
    publish_to("data/stats", (1, 1, 11))
    assert mine.read_bytes() == before


@pytest.mark.parametrize(
    "path", ["az://container/x", "abfs://c@a.dfs.core.windows.net/x", "https://a.blob.core.windows.net/c"]
)
def test_azure_is_refused_with_what_to_do_instead(publish_to, stored, path):
    with pytest.raises(UnsupportedError, match=r"Feast's file source cannot read Azure. Give it a local directory, su"):
        publish_to(path)
    assert stored() == []


def test_an_endpoint_that_only_feast_knows_is_refused(monkeypatch):
    with pytest.raises(
        UnsupportedError, match=r"has s3_endpoint_override='http://here'.* Set AWS_ENDPOINT_URL instead"
    ):
        source_directory(view("s3://b/p", "http://here"), Path())


def test_a_place_that_no_storage_writes_to_is_refused(publish_to, stored):
    with pytest.raises(dn.errors.DatanectarError, match="gs"):
        publish_to("gs://bucket/stats")
    assert stored() == []


# Others at the same time


@pytest.fixture
def while_reading(repo):
    """Reads the directory again and again while a block runs; the sums of ``trips`` that were seen."""

    def read(action):
        seen, done = set(), threading.Event()

        def reader():
            while not done.is_set():
                for path in list((repo / "data").glob("stats*/*")):
                    seen.add((path.name, sum(pq.read_table(path).column("trips").to_pylist())))

        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(reader)
            try:
                action()
            finally:
                done.set()
            reading.result()
        return seen

    return read


def test_who_reads_while_batches_are_published_sees_whole_ones_alone(publish, while_reading):
    def action():
        for trips in range(6):
            publish(*((who, 1, trips) for who in range(20_000)), slot="all")

    action()
    assert while_reading(action) <= {("all.parquet", trips * 20_000) for trips in range(6)}


def test_batches_of_many_slots_at_once_are_all_there(publish, known, repo):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda who: publish((who, 1, who * 10), slot=f"slot-{who}"), range(8)))
    assert len(list((repo / "data/stats").iterdir())) == 8
    assert known(*((who, 2) for who in range(8))) == [who * 10 for who in range(8)]


def test_of_batches_of_one_slot_at_once_the_file_is_the_one_in_force(applied, publish, repo):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda trips: publish((1, 1, trips), slot="all"), range(12)))
    standing = dn.storage_layer().resolve("feature_batch/eta/stats@all")
    (file,) = (repo / "data/stats").iterdir()
    assert pq.read_schema(file).metadata[NAME_IN_FILE].decode() == standing


def test_a_batch_that_was_overtaken_puts_the_other_ones_file(applied, publish, repo, rows, monkeypatch):
    """The second publishes when the first has moved the alias, and not yet put its file."""
    put, published = LocalDirectory.put, []

    def slow(self, slot, file):
        if not published:
            published.append(None)
            published.append(publish((1, 1, 11), slot="all"))
        put(self, slot, file)

    monkeypatch.setattr(LocalDirectory, "put", slow)
    publish((1, 1, 10), slot="all")
    assert pd.read_parquet(repo / "data/stats/all.parquet")["trips"].tolist() == [11]
    assert dn.storage_layer().aliases("feature_batch/eta/stats") == {"all": published[1].name}
