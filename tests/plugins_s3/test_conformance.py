"""S3 keeps the rules of every store: on a real server, and on moto, which keeps all keys apart as S3 does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from datanectar.testing import StorageConformance
from datanectar.testing.storage.keys import Keys
from datanectar.testing.storage.listings import Listings
from datanectar_s3.backend import S3Backend
from datanectar_s3.options import S3Options

if TYPE_CHECKING:
    from testbed.seaweedfs import SeaweedFS


SMALL_PARTS = {"part_size": 5 << 20, "threads": 3}  # three at a time are the memory that a stream takes


class TestS3(StorageConformance):
    #: What the SDK takes for itself, some 40 MiB, is the same for an object of any size.
    huge = (128 << 20) + 3
    #: Where more than two ask for one key, SeaweedFS has each that waits for its lock wait for whole seconds.
    rounds = 2

    @pytest.fixture
    def backend(self, s3_place: tuple[str, str]) -> S3Backend:
        return S3Backend(S3Options(*s3_place, **SMALL_PARTS))

    @pytest.fixture
    def secrets(self, seaweedfs: SeaweedFS) -> list[str]:
        return [seaweedfs.secret_key]

    # SeaweedFS keeps directories, and answers 412 where one is in the way of an object. S3 has none, and nor has moto.
    @pytest.mark.parametrize(("first", "second"), [("a", "a/b")])
    def test_an_object_beside_a_longer_key_is_stored_or_refused(self, backend, first: str, second: str) -> None:
        super().test_an_object_beside_a_longer_key_is_stored_or_refused(backend, first, second)


class TestS3ByObstore(TestS3):
    # The parts under way are freed by other threads than made them, so more of them are kept.
    huge = (128 << 20) + 3
    # The server that decides races is the same, so fewer of them.
    contenders = (4,)

    @pytest.fixture
    def backend(self, s3_place: tuple[str, str]) -> S3Backend:
        return S3Backend(S3Options(*s3_place, engine="obstore", **SMALL_PARTS))


class TestS3OnMoto(Keys, Listings):
    """What keys there are and how they are listed: moto keeps apart what SeaweedFS does not. Its bytes are its own."""

    page = 100

    @pytest.fixture
    def backend(self, moto: S3Backend) -> S3Backend:
        return S3Backend(S3Options(moto.options.bucket, prefix="artifacts"))
