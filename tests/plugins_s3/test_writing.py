"""Arguments of uploads, and streams of unknown length."""

import io

import pytest

from datanectar.errors import StorageError
from datanectar_s3 import writing
from datanectar_s3.options import S3Options


class Halting(io.RawIOBase):
    """A stream that gives few bytes at a time, as sockets do."""

    def __init__(self, data: bytes, most: int) -> None:
        self._left, self._most = data, most

    def read(self, amount: int = -1) -> bytes:
        piece, self._left = self._left[: min(amount, self._most)], self._left[min(amount, self._most) :]
        return piece


@pytest.mark.parametrize("most", [1, 3, 100])
def test_parts_are_whole_also_of_a_stream_that_gives_few_bytes_at_a_time(most):
    stream = Halting(b"0123456789", most)
    assert [writing.take(stream, 4) for _ in range(4)] == [b"0123", b"4567", b"89", b""]


def test_bytes_read_in_one_go_are_not_copied():
    data = b"x" * 1000
    assert writing.take(io.BytesIO(data), 1000) is data


def test_a_stream_goes_on_behind_its_first_part_and_is_counted():
    parts = writing.Parts(b"0123", io.BytesIO(b"456789"), S3Options("lake"))
    assert [parts.read(4) for _ in range(4)] == [b"0123", b"4567", b"89", b""]
    assert parts.size == 10


def test_a_stream_of_too_many_parts_is_refused_with_the_option_to_set(monkeypatch):
    monkeypatch.setattr(writing, "_MOST_PARTS", 1)
    parts = writing.Parts(b"x" * (5 << 20), io.BytesIO(b"y"), S3Options("lake", part_size=5 << 20))
    parts.read(5 << 20)
    with pytest.raises(StorageError, match="set part_size to more"):
        parts.read(5 << 20)


def test_options_become_arguments_of_what_makes_objects():
    options = S3Options(
        "lake",
        storage_class="STANDARD_IA",
        server_side_encryption="aws:kms",
        kms_key_id="alias/eta",
        tags={"team": "eta & co"},
        request_payer=True,
    )
    manifest = {
        "RequestPayer": "requester",
        "ServerSideEncryption": "aws:kms",
        "SSEKMSKeyId": "alias/eta",
        "Tagging": "team=eta+%26+co",
    }
    assert writing.manifest_arguments(options) == manifest
    assert writing.data_arguments(options) == {**manifest, "StorageClass": "STANDARD_IA"}
    assert writing.request_arguments(options) == {"RequestPayer": "requester"}


def test_without_options_nothing_is_sent_but_what_must_be():
    assert writing.data_arguments(S3Options("lake")) == {}
