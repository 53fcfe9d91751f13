"""The backend: on SeaweedFS, and on moto where SeaweedFS keeps keys otherwise than S3."""

import io
import os
import pickle
import signal
import threading
from contextlib import nullcontext
from datetime import UTC, datetime
from urllib.request import urlopen

import pytest
from botocore.stub import Stubber
from testbed.faults import Rule, answer

import datanectar as dn
from datanectar.errors import (
    AlreadyExists,
    InvalidKey,
    KeyNotFound,
    StorageAccessError,
    StorageError,
    StorageUnavailable,
    StoreNotFound,
    UnsupportedError,
)
from datanectar_s3.backend import S3Backend
from datanectar_s3.options import S3Options

PART = 5 << 20
LONG = bytes(range(256)) * (PART // 100)  # two parts and a piece


def keys(backend, prefix: str = "") -> list[str]:
    return sorted(info.key for info in backend.list(prefix))


@pytest.fixture
def parted(make_backend):
    """A backend whose parts are as small as S3 takes them."""
    return make_backend(prefix="artifacts", part_size=PART)


def uploads(backend) -> list[str]:
    """The keys of uploads that were begun and neither completed nor aborted."""
    options = backend.options
    reply = backend._connection.client.list_multipart_uploads(Bucket=options.bucket, Prefix=options.prefix)
    return [upload["Key"] for upload in reply.get("Uploads", [])]


# Keys


def test_stores_in_one_bucket_do_not_see_each_other(make_backend):
    one, two = make_backend(prefix="team"), make_backend(prefix="team/b")
    one.create("a", b"1")
    two.create("a", b"2")
    make_backend(prefix="team2").create("a", b"3")
    assert (one.read("a"), two.read("a")) == (b"1", b"2")
    assert (keys(one), keys(two)) == (["a", "b/a"], ["a"])
    assert make_backend().read("team/b/a") == b"2"


def test_a_key_that_is_too_long_with_its_prefix_is_refused(make_backend):
    backend = make_backend(prefix="/".join(["p" * 200] * 4))
    key = "/".join(["k" * 100] * 3)
    with pytest.raises(InvalidKey, match="1024 bytes"):
        backend.create(key, b"")


def test_keys_that_others_made_are_left_out(moto):
    moto.create("a/b", b"")
    for key in ("artifacts/folder/", "artifacts/Upper", "artifacts/a//b", "artifacts/", "elsewhere/a"):
        moto._connection.client.put_object(Bucket="lake", Key=key, Body=b"x")
    assert keys(moto) == ["a/b"]


def test_a_listing_goes_on_page_by_page(backend):
    prefix, modified = backend.options.prefix, datetime.now(UTC)
    pages = [
        {"Contents": [{"Key": f"{prefix}/{key}", "Size": 1, "LastModified": modified} for key in page], "KeyCount": 1}
        for page in (["a", "b"], ["c"])
    ]
    with Stubber(backend._connection.client) as stubber:
        stubber.add_response("list_objects_v2", {**pages[0], "IsTruncated": True, "NextContinuationToken": "next"})
        stubber.add_response("list_objects_v2", pages[1])
        assert keys(backend) == ["a", "b", "c"]
        stubber.assert_no_pending_responses()


def test_a_thousand_objects_are_deleted_at_once(backend):
    for number in range(3):
        backend.create(f"a/{number}", b"")
    backend.operations()
    backend.delete(f"a/{number}" for number in reversed(range(1005)))
    assert backend.operations() == ["DeleteObjects"] * 2
    assert keys(backend) == []
    backend.delete([])
    assert backend.operations() == ["ListObjectsV2"]


# A bucket that is not there


def test_a_missing_bucket_is_told_and_not_taken_for_a_missing_key(s3_bucket):
    backend = S3Backend(S3Options(f"{s3_bucket}-no"))
    for use in (
        lambda: backend.stat("k"),
        lambda: backend.read("k"),
        lambda: backend.open("k"),
        lambda: backend.fetch("k", io.BytesIO()),
        lambda: backend.create("k", b""),
        lambda: backend.write("k", b""),
        lambda: list(backend.list("")),
        lambda: backend.delete(["k"]),
    ):
        with pytest.raises(StoreNotFound, match=f"aws s3 mb s3://{s3_bucket}-no"):
            use()


def test_whether_the_bucket_is_there_is_asked_once(backend):
    assert [backend.stat("k") for _ in range(3)] == [None, None, None]
    assert backend.operations() == ["HeadObject", "GetObject", "HeadObject", "HeadObject"]


def test_a_read_that_finds_nothing_has_asked_for_the_bucket(backend):
    with pytest.raises(KeyNotFound):
        backend.read("k")
    assert backend.stat("k") is None
    assert backend.operations() == ["GetObject", "HeadObject"]


# Writing


def test_a_second_create_is_refused_and_the_first_stays(make_backend):
    for engine in ("boto3", "obstore"):
        backend = make_backend(prefix=engine, engine=engine)
        backend.create("k", b"one")
        with pytest.raises(AlreadyExists, match="k exists in s3://"):
            backend.create("k", b"two")
        assert backend.read("k") == b"one"


@pytest.mark.parametrize("source", ["bytes", "stream", "file"])
@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, len(LONG)])
def test_what_fits_in_one_part_is_one_request(parted, tmp_path, source, size):
    data = LONG[:size]
    path = tmp_path / "source"
    path.write_bytes(data)
    began = datetime.now(UTC).replace(microsecond=0)
    info = parted.write("k", {"bytes": data, "stream": io.BytesIO(data), "file": path}[source])
    parts = ["CreateMultipartUpload", *["UploadPart"] * -(-size // PART), "CompleteMultipartUpload", "HeadObject"]
    assert sorted(parted.operations()) == sorted(["PutObject"] if size < PART else parts)
    assert (info.key, info.size) == ("k", size)
    assert began <= info.modified <= datetime.now(UTC)
    assert parted.read("k") == data


class Failing(io.BytesIO):
    """A stream that does something in its third part."""

    def __init__(self, deed) -> None:
        super().__init__(LONG)
        self._deed = deed

    def read(self, amount: int = -1) -> bytes:
        if self.tell() >= 2 * PART:
            self._deed()
        return super().read(amount)


def fail() -> None:
    raise RuntimeError("theirs")


heard = threading.Event()


@pytest.fixture
def ctrl_c():
    """Ctrl-C is heard, as in a shell: whoever started the tests in the background has it ignored."""

    def handler(*_):
        heard.set()
        raise KeyboardInterrupt

    heard.clear()
    before = signal.signal(signal.SIGINT, handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt() -> None:
    """Interrupts the main thread, once: who does so twice no longer waits for the abort. Goes on when it was heard."""
    if not heard.is_set():
        os.kill(os.getpid(), signal.SIGINT)
        heard.wait()


@pytest.mark.parametrize(("deed", "error"), [(fail, RuntimeError), (interrupt, KeyboardInterrupt)])
def test_a_write_that_ends_early_is_aborted_on_the_server(parted, deed, error, ctrl_c):
    with pytest.raises(error):
        parted.write("k", Failing(deed))
    operations = parted.operations()
    assert operations[0] == "CreateMultipartUpload"
    assert operations[-1] == "AbortMultipartUpload"
    assert uploads(parted) == []
    assert parted.stat("k") is None


def test_an_object_that_is_not_as_long_as_what_was_written_is_told_of(parted, monkeypatch):
    found = dn.ObjectInfo("k", 7, datetime.now(UTC))
    monkeypatch.setattr(parted, "stat", lambda key: found)
    with pytest.raises(StorageError, match=f"should have {len(LONG)} bytes under k, and has 7 bytes"):
        parted.write("k", LONG)


def test_options_go_with_what_is_stored_and_manifests_stay_in_the_standard_class(moto):
    options = S3Options(
        "lake",
        storage_class="STANDARD_IA",
        server_side_encryption="AES256",
        tags={"team": "eta + co"},
        part_size=PART,
    )
    backend = S3Backend(options)
    backend.create("manifest", b"")
    backend.write("small", b"")
    backend.write("large", LONG)
    client = backend._connection.client
    kept = {key: client.head_object(Bucket="lake", Key=key) for key in ("manifest", "small", "large")}
    assert [kept[key].get("StorageClass") for key in kept] == [None, "STANDARD_IA", "STANDARD_IA"]
    assert {kept[key]["ServerSideEncryption"] for key in kept} == {"AES256"}
    for key in kept:
        assert client.get_object_tagging(Bucket="lake", Key=key)["TagSet"] == [{"Key": "team", "Value": "eta + co"}]


def test_who_pays_is_said_in_every_request(make_backend):
    backend = make_backend(request_payer=True, part_size=PART)
    backend.create("a", b"1")
    backend.write("b", LONG)
    backend.read("a")
    backend.stat("a")
    backend.fetch("b", io.BytesIO())
    list(backend.list(""))
    backend.delete(["a", "b"])
    assert {arguments.get("RequestPayer") for _, arguments in backend.sent} == {"requester"}


# Reading


@pytest.mark.parametrize(("size", "requests"), [(0, 1), (PART, 1), (len(LONG), 3)])
def test_a_file_is_fetched_part_by_part_and_nothing_else_is_asked(parted, tmp_path, size, requests):
    parted.write("k", LONG[:size])
    parted.operations()
    with (tmp_path / "copy").open("w+b") as file:
        parted.fetch("k", file)
        file.seek(0)
        assert file.read() == LONG[:size]
    assert parted.operations() == ["GetObject"] * requests


def test_a_missing_object_cannot_be_fetched(parted):
    with pytest.raises(KeyNotFound, match="no/such is not in s3://"):
        parted.fetch("no/such", io.BytesIO())


def test_a_link_reads_one_object_without_credentials_and_is_signed_by_version_4(backend):
    backend.create("a/b", b"one")
    link = backend.link("a/b", 60)
    assert "X-Amz-Signature=" in link
    with urlopen(link) as reply:
        assert reply.read() == b"one"


def test_a_link_that_s3_would_refuse_is_refused(backend):
    assert backend.link("k", 604_800)
    with pytest.raises(UnsupportedError, match="604800 seconds at most, not for 604801"):
        backend.link("k", 604_801)


# Deleting


@pytest.mark.parametrize(
    ("code", "kind"), [("AccessDenied", StorageAccessError), ("InternalError", StorageUnavailable)]
)
def test_one_of_many_that_is_not_deleted_is_an_error_that_names_it(make_backend, s3_faults, code, kind):
    backend = make_backend(prefix="artifacts", endpoint_url=s3_faults.url)
    gone, kept = (
        f"<Error><Key>{backend.options.prefix}/{key}</Key><Code>{code}</Code><Message>No</Message></Error>"
        for key, code in (("a", "NoSuchKey"), ("b", code))
    )
    for errors, names_it in ((gone, False), (gone + kept, True)):
        reply = answer(200, f"<DeleteResult>{errors}</DeleteResult>".encode())
        s3_faults.rules.append(Rule(reply, method="POST", times=1))
        with pytest.raises(kind, match=f"DeleteObjects of b in s3://.*{code} ") if names_it else nullcontext():
            backend.delete(["a", "b"])


# Travelling


def test_a_pickle_holds_the_options_and_neither_client_nor_secret(backend, seaweedfs):
    backend.create("k", b"one")
    data = pickle.dumps(S3Backend(backend.options))
    assert pickle.loads(data).read("k") == b"one"
    assert seaweedfs.secret_key.encode() not in data


def test_nothing_of_a_store_shows_a_secret(backend, seaweedfs):
    shown = f"{backend.__dict__} {backend.options} {backend.url}"
    assert seaweedfs.secret_key not in shown
