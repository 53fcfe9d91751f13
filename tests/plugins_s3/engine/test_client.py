"""What obstore is asked, and what it is not: on SeaweedFS, behind a proxy that notes and fails."""

import io
import multiprocessing
import os
import signal
import subprocess
import sys
from threading import Timer

import pytest
from testbed.faults import Rule, answer, cut, lose_reply, replace_response, stall

from datanectar.errors import ConfigurationError, StorageAccessError, StorageUnavailable
from datanectar_s3.backend import S3Backend
from datanectar_s3.options import S3Options

PART = 5 << 20
LONG = bytes(range(256)) * (PART // 100)  # two parts and a piece
KEYS = [f"a/{number:03}" for number in range(30)]


@pytest.fixture
def engine() -> str:
    return "obstore"


@pytest.fixture
def backend(make_backend, s3_faults):
    """All of its requests are seen by the proxy."""
    return make_backend(prefix="artifacts", part_size=PART, threads=3, endpoint_url=s3_faults.url)


def headers(request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def by(s3_faults) -> set[str]:
    """Who sent requests since the last time."""
    agents = {headers(request)["user-agent"].partition("/")[0] for request in s3_faults.requests}
    s3_faults.requests.clear()
    return agents


def uploads(backend) -> list[str]:
    options = backend.options
    reply = backend._connection.client.list_multipart_uploads(Bucket=options.bucket, Prefix=options.prefix)
    return [upload["Key"] for upload in reply.get("Uploads", [])]


def listing(backend, *keys: str) -> bytes:
    entries = "".join(
        f"<Contents><Key>{backend.options.prefix}/{key}</Key><LastModified>2026-01-01T00:00:00Z</LastModified>"
        f"<ETag>e</ETag><Size>1</Size></Contents>"
        for key in keys
    )
    return f"<ListBucketResult><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>".encode()


# Who does what


def test_obstore_moves_bytes_and_lists_and_the_sdk_does_the_rest(backend, s3_faults):
    backend.create("a/1", b"1")
    backend.write("a/2", LONG)
    backend.write("a/3", io.BytesIO(LONG))
    assert backend.read("a/1") == b"1"
    assert backend.open("a/2", 5).read() == LONG[5:]
    backend.fetch("a/3", file := io.BytesIO())
    assert file.getvalue() == LONG
    assert backend.stat("a/2").size == len(LONG)
    assert len(list(backend.list("a/"))) == 3
    assert by(s3_faults) == {"object_store"}
    assert len(list(backend.list("a/1"))) == 1  # within a segment
    backend.delete(["a/1", "a/2", "a/3"])
    assert by(s3_faults) == {"Boto3"}


def test_a_small_object_is_one_request(backend, s3_faults):
    backend.write("a/0", b"x")
    s3_faults.requests.clear()
    backend.write("a/1", b"x")
    backend.create("a/2", b"x")
    backend.read("a/1")
    assert [request.method for request in s3_faults.requests] == ["PUT", "PUT", "GET"]


def test_objects_are_stored_as_the_options_say(make_backend, s3_faults):
    backend = make_backend(
        endpoint_url=s3_faults.url,
        storage_class="STANDARD_IA",
        tags={"team": "eta"},
        request_payer=True,
        server_side_encryption="aws:kms",
        kms_key_id="alias/eta",
        checksums="when_supported",
        part_size=PART,
    )
    s3_faults.rules.append(Rule(answer(200, b"", {"ETag": "e"}), method="PUT", times=None))
    backend.write("a/1", b"data")
    backend.create("a/2", b"manifest")
    s3_faults.rules.append(Rule(answer(403, b""), method="POST", path="uploads"))
    with pytest.raises(StorageAccessError):
        backend.write("a/3", LONG)
    data, manifest, upload = (headers(one) for one in s3_faults.requests if one.method in ("PUT", "POST"))
    for sent in (data, manifest, upload):
        assert sent["x-amz-tagging"] == "team=eta"
        assert sent["x-amz-request-payer"] == "requester"
        assert sent["x-amz-server-side-encryption"] == "aws:kms"
        assert sent["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/eta"
    assert data["x-amz-storage-class"] == upload["x-amz-storage-class"] == "STANDARD_IA"
    assert "x-amz-storage-class" not in manifest
    assert (manifest["if-none-match"], data.get("if-none-match")) == ("*", None)
    assert "x-amz-checksum-crc64nvme" in data
    assert upload["x-amz-checksum-algorithm"] == "CRC64NVME"


# What comes of trouble


def test_a_create_is_one_put_and_a_conflict_is_no_winner(backend, s3_faults):
    backend.create("a/0", b"x")
    s3_faults.requests.clear()
    conflict = answer(409, b"<Error><Code>ConditionalRequestConflict</Code></Error>")
    for action in (conflict, answer(503, b""), lose_reply):
        s3_faults.rules.append(Rule(action, method="PUT"))
        with pytest.raises(StorageUnavailable):
            backend.create("a/1", b"x")
    assert len(s3_faults.requests) == 3


def test_an_upload_whose_last_part_fails_is_aborted(backend, s3_faults):
    s3_faults.rules.append(Rule(answer(403, b"<Error><Code>AccessDenied</Code></Error>"), path="partNumber=3"))
    with pytest.raises(StorageAccessError, match="AccessDenied"):
        backend.write("a/1", LONG)
    assert uploads(backend) == [] == list(backend.list(""))


@pytest.mark.parametrize("code", ["AccessDenied", "InternalError"])
def test_a_success_with_an_error_in_it_is_none(backend, s3_faults, code):
    error = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>No.</Message></Error>".encode()
    s3_faults.rules.append(Rule(answer(200, error), method="POST", path="uploadId", times=None))
    with pytest.raises(StorageUnavailable):
        backend.write("a/1", LONG)
    assert uploads(backend) == [] == list(backend.list(""))


def test_what_the_source_raises_is_raised_and_nothing_stays(backend):
    class Source(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > PART:
                raise FileNotFoundError("the source's own")
            return super().read(size)

    with pytest.raises(FileNotFoundError, match="the source's own"):
        backend.write("a/1", Source(LONG))
    assert uploads(backend) == [] == list(backend.list(""))


def test_a_reply_that_is_no_range_is_fetched_by_the_sdk(backend, s3_faults):
    backend.write("a/1", LONG)
    s3_faults.rules.append(Rule(replace_response(200, LONG), method="GET"))
    backend.fetch("a/1", file := io.BytesIO())
    assert file.getvalue() == LONG


def test_a_body_that_breaks_off_is_asked_for_from_there_on(backend, s3_faults):
    backend.write("a/1", LONG)
    s3_faults.rules.append(Rule(cut(after=1000), method="GET", times=2))
    with backend.open("a/1") as stream:
        assert stream.read() == LONG


# Listings


def test_a_listing_with_a_key_that_obstore_cannot_spell_goes_on_with_the_sdk(backend, s3_faults):
    for key in KEYS:
        backend.create(key, b"x")
    s3_faults.rules.append(
        Rule(replace_response(200, listing(backend, "a/000", "a//b")), method="GET", path="list-type")
    )
    assert [info.key for info in backend.list("a/")] == KEYS


def test_an_empty_object_is_listed_and_a_folder_is_not(backend, s3_faults):
    backend.create("a/empty", b"")
    options = backend.options
    backend._connection.client.put_object(Bucket=options.bucket, Key=f"{options.prefix}/a/full", Body=b"x")
    folder = listing(backend, "a/full", "a/folder/").replace(b"<Size>1", b"<Size>0", 2)
    assert [info.key for info in backend.list("a/")] == ["a/empty", "a/full"]
    s3_faults.rules.append(Rule(replace_response(200, folder), method="GET", path="list-type"))
    assert [info.key for info in backend.list("a/")] == ["a/full"]


# Processes, threads, signals


def test_ctrl_c_is_heard_while_the_store_says_nothing(backend, s3_faults):
    backend.create("a/1", b"x")
    s3_faults.rules.append(Rule(stall, method="GET", times=None))
    Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        backend.read("a/1")


def _read(backend, results) -> None:
    results.put(backend.read("a/1"))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # that threads are lost is what this is about
def test_a_forked_process_goes_on_with_the_sdk(backend, s3_faults):
    backend.create("a/1", b"x")
    by(s3_faults)
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    child = context.Process(target=_read, args=(backend, results))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert results.get() == b"x"
    assert by(s3_faults) == {"Boto3"}


# Options


def test_without_obstore_the_error_says_what_to_install(s3_place, monkeypatch):
    monkeypatch.setitem(sys.modules, "datanectar_s3.engine.client", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'datanectar-s3\[fast\]'"):
        S3Backend(S3Options(*s3_place, engine="obstore")).read("a")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"config": {"proxies": {}, "retries": {}}}, r"^config.proxies would do nothing"),
        ({"bucket": "a--use1-az4--x-s3"}, "directory bucket"),
    ],
)
def test_what_obstore_would_pass_over_is_refused(options, named):
    with pytest.raises(ConfigurationError, match=named):
        S3Options(**{"bucket": "lake", "engine": "obstore", **options})


def test_the_sdk_alone_does_not_import_obstore(s3_place):
    code = (
        "import sys; from datanectar_s3.backend import S3Backend; from datanectar_s3.options import S3Options; "
        f"S3Backend(S3Options(*{s3_place!r})).create('a', b''); assert 'obstore' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
