"""The raw end of a stream to a local disk."""

import pytest

from datanectar.storages import local_errors
from datanectar.storages.local import LocalBackend, LocalOptions

LARGE = 9 << 20


@pytest.mark.parametrize(
    ("durability", "size", "times"), [("fsync", LARGE, 1), ("fsync", 1000, 0), ("none", LARGE, 0)], ids=str
)
def test_large_pieces_of_a_durable_file_go_to_the_disk_while_their_writer_hashes_them(
    tmp_path, monkeypatch, durability, size, times
):
    sent = []
    monkeypatch.setattr(local_errors, "_sync_data", sent.append)
    backend = LocalBackend(LocalOptions(tmp_path, durability=durability))
    with backend.writer("a/b") as stream:
        stream.write(memoryview(bytes(size)))
        assert len(sent) == times
    assert backend.read("a/b") == bytes(size)
