"""What the kit does not ask: requests, options of the service, and what stands in a container that is not ours."""

import io
import threading
from contextlib import suppress

import numpy as np
import pytest
from testbed.faults import Rule, answer, cut, lose_reply

from datanectar.errors import AlreadyExists, KeyNotFound, StorageAccessError, StorageError, StorageUnavailable

BLOCK = 4 << 20


def requests(proxy) -> list[str]:
    """What was asked since last time, as ``PUT comp=block``."""
    found = [
        f"{it.method} {'&'.join(part for part in it.target.partition('?')[2].split('&') if 'comp=' in part)}".strip()
        for it in proxy.requests
    ]
    proxy.requests.clear()
    return found


# How many requests


@pytest.mark.parametrize(
    ("size", "made"),
    [(0, ["PUT"]), (BLOCK - 1, ["PUT"]), (2 * BLOCK + 1, ["PUT comp=block"] * 3 + ["PUT comp=blocklist"])],
)
def test_a_stream_within_a_block_is_one_request_and_a_longer_one_is_one_a_block(make_faulty, azure_faults, size, made):
    backend = make_faulty()
    with backend.writer("k") as sink:
        sink.write(bytes(size))
    assert requests(azure_faults) == made
    assert backend.stat("k").size == size


def test_bytes_are_one_request_up_to_the_size_that_the_sdk_puts_at_once(make_faulty, azure_faults):
    backend = make_faulty({"max_single_put_size": 3 * BLOCK})
    backend.write("k", bytes(3 * BLOCK))
    backend.create("m", bytes(BLOCK))
    assert requests(azure_faults) == ["PUT", "PUT"]


def test_reading_takes_one_request_and_so_does_asking(make_faulty, azure_faults, big):
    backend = make_faulty()
    backend.write("k", big)
    requests(azure_faults)
    assert backend.read("k") == big
    backend.stat("k")
    with backend.open("k") as stream:
        assert stream.read() == big
    with backend.open("k", 5, 9) as stream:
        assert stream.read() == big[5:9]
    file = io.BytesIO()
    backend.fetch("k", file)
    assert file.getvalue() == big
    assert requests(azure_faults) == ["GET", "HEAD", "GET", "GET", "GET"]


def test_names_are_one_request_a_page(make_faulty, azure_faults):
    backend = make_faulty()
    for number in range(30):
        backend.create(f"a/{number}", b"")
    requests(azure_faults)
    assert len(list(backend.list("a/"))) == 30
    assert requests(azure_faults) == ["GET comp=list"]


def test_deleting_takes_one_request_for_256_keys(make_faulty, azure_faults):
    backend = make_faulty()
    backend.create("a/1", b"")
    backend.create("a/300", b"")
    requests(azure_faults)
    backend.delete(f"a/{number}" for number in range(513))
    assert requests(azure_faults) == ["POST comp=batch"] * 2 + ["DELETE"]
    assert list(backend.list("")) == []


def test_what_a_layer_asks_for_is_what_it_needs(make_faulty, make_layer, azure_faults):
    layer = make_layer(make_faulty())
    layer.store("a/b", {"auc": 0.9})
    ever_first = ["GET", "PUT", "PUT", "GET", "DELETE", "PUT"]  # what the store says, the probe, and what it showed
    assert requests(azure_faults) == [*ever_first, "PUT"]
    layer.store("a/c", {"auc": 0.9})
    assert requests(azure_faults) == ["PUT"]
    assert layer.load("a/c") == {"auc": 0.9}
    assert requests(azure_faults) == ["GET"]
    layer.store("a/d", np.zeros(1 << 20))
    assert requests(azure_faults) == ["PUT comp=block"] * 3 + ["PUT comp=blocklist", "PUT"]
    assert layer.load("a/d").nbytes == 8 << 20
    assert requests(azure_faults) == ["GET", "GET"]
    assert len(list(layer.list())) == 3
    assert requests(azure_faults) == ["GET comp=list"]


# The body


def test_large_objects_are_fetched_by_several_requests_at_once(make_faulty, azure_faults, tmp_path):
    backend = make_faulty({"max_single_get_size": 1 << 20, "max_chunk_get_size": 1 << 20}, threads=4)
    data = bytes(range(256)) * 4096 * 5
    backend.write("k", data)
    requests(azure_faults)
    with (tmp_path / "file").open("w+b") as file:
        backend.fetch("k", file)
    assert (tmp_path / "file").read_bytes() == data
    assert requests(azure_faults) == ["GET"] * 5


def test_a_stream_that_breaks_off_goes_on_where_it_was(make_faulty, azure_faults, hurry):
    backend = make_faulty({"max_single_get_size": 1 << 20, "max_chunk_get_size": 1 << 20})
    data = bytes(range(256)) * 4096 * 3
    backend.write("k", data)
    requests(azure_faults)
    with backend.open("k") as stream:
        assert stream.read(10) == data[:10]
        azure_faults.rules.append(Rule(cut(1000), method="GET"))
        assert stream.read() == data[10:]
    asked = [{name.lower(): value for name, value in it.headers.items()} for it in azure_faults.requests]
    ranges = [(headers["x-ms-range"], "if-match" in headers) for headers in asked]
    second = ("bytes=1048576-2097151", True)
    assert ranges == [("bytes=0-1048575", False), second, second, ("bytes=2097152-3145727", True)]


def test_a_stream_whose_object_is_replaced_does_not_mix_the_two(make_faulty, azure_faults, hurry):
    backend = make_faulty({"max_single_get_size": 1 << 20, "max_chunk_get_size": 1 << 20})
    backend.write("k", b"a" * (2 << 20))
    with backend.open("k") as stream:
        stream.read(10)
        backend.write("k", b"b" * (2 << 20))
        with pytest.raises(StorageUnavailable, match=r"ConditionNotMet \(412\): it was replaced meanwhile"):
            stream.read()


def test_what_is_no_answer_of_the_service_is_told(make_faulty, azure_faults, hurry):
    backend = make_faulty()
    azure_faults.rules.append(
        Rule(answer(200, b"<html>Please sign in</html>", {"Content-Type": "text/html"}), times=None)
    )
    for use in (lambda: backend.read("k"), lambda: backend.create("k", b""), lambda: list(backend.list(""))):
        with pytest.raises(StorageUnavailable, match="no answer of Azure Blob Storage: check account_url and proxies"):
            use()


# Errors on the way


def test_a_source_that_raises_leaves_neither_blob_nor_sign(backend, container):
    class Breaks(io.RawIOBase):
        given = 0

        def readable(self):
            return True

        def readinto(self, target):
            Breaks.given += len(target)
            if Breaks.given > 3 * BLOCK:
                raise RuntimeError("mine")
            return len(target)

    with pytest.raises(RuntimeError, match="mine"):
        backend.write("a/k", io.BufferedReader(Breaks()))
    assert backend.stat("a/k") is None
    assert list(backend.list("")) == []
    with pytest.raises(KeyNotFound):
        backend.read("a/k")


def test_blocks_that_were_never_committed_are_nothing(backend, container):
    blob = container.get_blob_client("artifacts/a/k")
    blob.stage_block("AAAA", b"half")
    assert backend.stat("a/k") is None
    assert list(backend.list("")) == []
    with pytest.raises(KeyNotFound):
        backend.read("a/k")
    backend.delete(["a/k"])
    backend.create("a/k", b"whole")
    assert backend.read("a/k") == b"whole"


def test_two_writers_of_one_key_never_mix_their_blocks(backend):
    """Who commits drops the others' blocks, so they fail, which is all right: nobody is to write to another's key."""
    gate = threading.Barrier(4)

    def write(letter: bytes) -> None:
        gate.wait()
        with suppress(StorageError):
            backend.write("k", io.BytesIO(letter * (2 * BLOCK + 1)))

    threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b", b"c", b"d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    data = backend.read("k")
    assert data == data[:1] * (2 * BLOCK + 1)


@pytest.mark.parametrize(("size", "part"), [(100, ""), (2 * BLOCK, "comp=block&"), (2 * BLOCK, "comp=blocklist")])
def test_a_write_of_which_the_reply_was_lost_is_done_again(make_faulty, azure_faults, size, part):
    backend = make_faulty()
    azure_faults.rules.append(Rule(lose_reply, method="PUT", path=part))
    assert backend.write("k", io.BytesIO(bytes(size))).size == size
    assert backend.read("k") == bytes(size)


def test_a_create_has_its_condition_however_small_a_put_may_be(make_backend):
    """`max_single_put_size` is the user's: a manifest in blocks is no less exclusive."""
    backend = make_backend(config={"max_single_put_size": 1000, "max_block_size": 1000})
    backend.create("k", b"a" * 5000)
    with pytest.raises(AlreadyExists, match="k exists in az://"):
        backend.create("k", b"b" * 5000)
    assert backend.read("k") == b"a" * 5000


@pytest.mark.parametrize(
    ("status", "kind"), [(403, StorageAccessError), (409, StorageAccessError), (503, StorageUnavailable)]
)
def test_one_refusal_in_a_batch_of_deletes_is_told(make_faulty, azure_faults, status, kind):
    code = {403: "AuthorizationPermissionMismatch", 409: "SnapshotsPresent", 503: "ServerBusy"}[status]
    parts = ["HTTP/1.1 202 Accepted\r\n\r\n", f"HTTP/1.1 {status} No\r\nx-ms-error-code: {code}\r\n\r\n"]
    body = "".join(
        f"--b\r\nContent-Type: application/http\r\nContent-ID: {number}\r\n\r\n{part}\r\n"
        for number, part in enumerate(parts)
    )
    batch = answer(202, f"{body}--b--\r\n".encode(), {"Content-Type": "multipart/mixed; boundary=b"})
    azure_faults.rules.append(Rule(batch, method="POST"))
    with pytest.raises(kind, match=rf"cannot delete a/2 in az://.*{code} \({status}\)"):
        make_faulty().delete(["a/1", "a/2"])


# Options of the service


def test_data_has_the_tier_tags_and_scope_that_were_asked_for_and_manifests_no_tier(make_faulty, azure_faults):
    backend = make_faulty(tier="cool", tags={"team": "eta", "kind": "model"}, encryption_scope="acme")
    backend.write("d", b"1")
    backend.write("e", io.BytesIO(bytes(2 * BLOCK)))
    backend.create("m", b"1")
    last = {}
    for it in azure_faults.requests:
        last[it.target.partition("?")[0].rpartition("/")[2]] = it.headers
    assert {key: it.get("x-ms-access-tier") for key, it in last.items()} == {"d": "Cool", "e": "Cool", "m": None}
    assert {it["x-ms-tags"] for it in last.values()} == {"team=eta&kind=model"}
    assert {it["x-ms-encryption-scope"] for it in last.values()} == {"acme"}


# What stands in the container besides


def test_names_that_are_no_keys_are_left_out_and_prefixes_keep_to_themselves(backend, make_backend, container):
    backend.create("a/b", b"1")
    make_backend(prefix="artifacts2").create("x", b"1")
    make_backend(prefix="").create("y", b"1")
    for name in ("artifacts/A", "artifacts/c//d", "artifacts/.x", "artifacts/a b", "artifacts/ü"):
        container.upload_blob(name, b"")
    assert [info.key for info in backend.list("")] == ["a/b"]
    assert {info.key for info in make_backend(prefix="").list("")} == {"artifacts/a/b", "artifacts2/x", "y"}


def test_snapshots_are_not_listed(backend, container):
    backend.create("a", b"1")
    container.get_blob_client("artifacts/a").create_snapshot()
    assert [info.key for info in backend.list("")] == ["a"]
    with pytest.raises(StorageAccessError, match="it has snapshots, which somebody made"):
        backend.delete(["a"])


def test_directories_of_a_hierarchical_namespace_are_no_objects(backend, container):
    """Accounts of Data Lake Storage list a blob for each directory, and mark it so."""
    backend.create("a/b", b"1")
    container.upload_blob("artifacts/a", b"", metadata={"hdi_isfolder": "true"})
    assert [info.key for info in backend.list("")] == ["a/b"]
    assert backend.stat("a") is None
    for use in (backend.read, backend.open):
        with pytest.raises(KeyNotFound):
            use("a")


def test_a_lease_is_told(backend, container):
    backend.create("a", b"1")
    container.get_blob_client("artifacts/a").acquire_lease()
    with pytest.raises(StorageAccessError, match="somebody holds a lease on it: end it with `az storage blob lease br"):
        backend.delete(["a"])


def test_an_archived_blob_is_told(backend, container):
    backend.write("a", b"1")
    container.get_blob_client("artifacts/a").set_standard_blob_tier("Archive")
    with pytest.raises(OSError, match=r"BlobArchived \(409\): it is in the archive tier: set its tier to hot or cool"):
        backend.read("a")
