"""What obstore is asked, and what it is not: on Azurite, behind a proxy that notes and fails."""

import io
import multiprocessing
import os
import signal
import sys
from threading import Timer

import pytest
from testbed.faults import Rule, answer, cut, lose_reply, replace_response, stall

from datanectar.errors import ConfigurationError, KeyNotFound, StorageAccessError, StorageUnavailable
from datanectar_azure.options import AzureOptions

BLOCK = 4 << 20
LONG = bytes(range(256)) * (BLOCK // 100)  # two blocks and a piece
KEYS = [f"a/{number:03}" for number in range(30)]
ERROR = "<Error><Code>{}</Code><Message>No.</Message></Error>"


@pytest.fixture
def engine() -> str:
    return "obstore"


@pytest.fixture
def backend(make_faulty):
    """All of its requests are seen by the proxy."""
    return make_faulty()


def headers(request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def by(azure_faults) -> set[str]:
    """Who sent requests since the last time."""
    agents = {headers(request)["user-agent"].partition("/")[0] for request in azure_faults.requests}
    azure_faults.requests.clear()
    return agents


def blobs(container) -> list[str]:
    return [found.name for found in container.list_blobs(include=["uncommittedblobs"])]


def listing(*names: str, size: int = 1) -> bytes:
    entries = "".join(
        f"<Blob><Name>artifacts/{name}</Name><Properties><Last-Modified>Thu, 01 Jan 2026 00:00:00 GMT</Last-Modified>"
        f"<Etag>e</Etag><Content-Length>{size}</Content-Length><Content-Type>x/y</Content-Type></Properties></Blob>"
        for name in names
    )
    return f"<EnumerationResults><Blobs>{entries}</Blobs><NextMarker /></EnumerationResults>".encode()


# Who does what


def test_obstore_moves_bytes_and_lists_and_the_sdk_does_the_rest(backend, azure_faults):
    backend.create("a/1", b"1")
    backend.write("a/2", LONG)
    backend.write("a/3", io.BytesIO(LONG))
    assert backend.read("a/1") == b"1"
    assert backend.open("a/2", 5).read() == LONG[5:]
    assert backend.read("a/2") == LONG
    backend.fetch("a/3", file := io.BytesIO())
    assert file.getvalue() == LONG
    assert backend.stat("a/2").size == len(LONG)
    assert len(list(backend.list("a/"))) == 3
    assert by(azure_faults) == {"object_store"}
    assert len(list(backend.list("a/1"))) == 1  # within a segment
    assert backend.stat("a/4") is None  # obstore's answer to a HEAD does not tell why
    backend.delete(["a/1", "a/2", "a/3"])
    assert by(azure_faults) == {"azsdk-python-storage-blob", "object_store"}


def test_a_small_object_is_one_request(backend, azure_faults):
    backend.write("a/0", b"x")
    azure_faults.requests.clear()
    backend.write("a/1", b"x")
    backend.create("a/2", b"x")
    backend.read("a/1")
    assert [request.method for request in azure_faults.requests] == ["PUT", "PUT", "GET"]


def test_blobs_are_stored_as_the_options_say(make_faulty, container):
    backend = make_faulty(tier="cool", tags={"team": "eta"})
    backend.write("a/1", b"data")
    backend.write("a/2", LONG)
    backend.create("a/3", b"manifest")
    found = {blob.name[-1]: blob for blob in container.list_blobs(include=["tags"])}
    assert {number: blob.blob_tier for number, blob in found.items()} == {"1": "Cool", "2": "Cool", "3": "Hot"}
    assert all(blob.tags == {"team": "eta"} for blob in found.values())


# What comes of trouble


def test_a_create_is_one_put(backend, azure_faults):
    backend.create("a/0", b"x")
    azure_faults.requests.clear()
    for action in (answer(500, ERROR.format("OperationTimedOut").encode()), answer(503, b""), lose_reply):
        azure_faults.rules.append(Rule(action, method="PUT"))
        with pytest.raises(StorageUnavailable):
            backend.create("a/1", b"x")
    assert len(azure_faults.requests) == 3


def test_a_commit_of_blocks_whose_answer_is_lost_is_looked_at(backend, azure_faults):
    azure_faults.rules.append(Rule(lose_reply, method="PUT", path="comp=blocklist"))
    backend.write("a/1", io.BytesIO(LONG))
    assert backend.read("a/1") == LONG


def test_blocks_that_are_not_there_are_no_blob(backend, azure_faults, container):
    refusal = answer(400, ERROR.format("InvalidBlockList").encode())
    azure_faults.rules.append(Rule(refusal, method="PUT", path="comp=blocklist", times=None))
    with pytest.raises((KeyNotFound, StorageUnavailable)):
        backend.write("a/1", io.BytesIO(LONG))
    assert list(backend.list("")) == []


def test_what_the_source_raises_is_raised_and_nothing_stays(backend, container):
    class Source(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > BLOCK:
                raise FileNotFoundError("the source's own")
            return super().read(size)

    with pytest.raises(FileNotFoundError, match="the source's own"):
        backend.write("a/1", Source(LONG))
    assert list(backend.list("")) == []


def test_a_body_that_breaks_off_is_asked_for_from_there_on(backend, azure_faults):
    backend.write("a/1", LONG)
    azure_faults.rules.append(Rule(cut(after=1000), method="GET", times=2))
    with backend.open("a/1") as stream:
        assert stream.read() == LONG


def test_a_sas_is_in_no_error(make_faulty, make_sas):
    sas = make_sas("r")
    signature = sas.partition("sig=")[2].partition("&")[0]
    with pytest.raises(StorageAccessError) as caught:
        make_faulty(sas_token=sas).write("a/1", b"x")
    error = caught.value
    while error is not None:
        assert signature not in f"{error!r} {error}"
        error = error.__cause__


# Listings


def test_a_listing_with_a_name_that_obstore_cannot_spell_goes_on_with_the_sdk(backend, azure_faults):
    for key in KEYS:
        backend.create(key, b"x")
    odd = replace_response(200, listing("a/000", "a//b"))
    azure_faults.rules.append(Rule(odd, method="GET", path="comp=list"))
    assert [info.key for info in backend.list("a/")] == KEYS


def test_an_empty_blob_is_listed_and_a_folder_is_not(backend, container, azure_faults):
    backend.create("a/empty", b"")
    container.upload_blob("artifacts/a/folder", b"", metadata={"hdi_isfolder": "true"})
    assert [info.key for info in backend.list("a/")] == ["a/empty"]
    assert backend.stat("a/folder") is None
    with pytest.raises(KeyNotFound):
        backend.read("a/folder")
    azure_faults.rules.append(Rule(replace_response(200, listing("a/b/", size=0)), method="GET", path="comp=list"))
    assert list(backend.list("a/")) == []


# Processes, threads, signals


def test_ctrl_c_is_heard_while_the_service_says_nothing(backend, azure_faults):
    backend.create("a/1", b"x")
    azure_faults.rules.append(Rule(stall, method="GET", times=None))
    Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        backend.read("a/1")


def _read(backend, results) -> None:
    results.put(backend.read("a/1"))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # that threads are lost is what this is about
def test_a_forked_process_goes_on_with_the_sdk(backend, azure_faults):
    backend.create("a/1", b"x")
    by(azure_faults)
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    child = context.Process(target=_read, args=(backend, results))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert results.get() == b"x"
    assert by(azure_faults) == {"azsdk-python-storage-blob"}


# Options


def test_without_obstore_the_error_says_what_to_install(make_backend, monkeypatch):
    monkeypatch.setitem(sys.modules, "datanectar_azure.engine.container", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'datanectar-azure\[fast\]'"):
        make_backend()


@pytest.mark.parametrize("options", [{"encryption_scope": "eta"}, {"config": {"proxies": {}, "retry_total": 1}}])
def test_what_obstore_would_pass_over_is_refused(options):
    with pytest.raises(ConfigurationError, match=r"^(encryption_scope|config.proxies) would do nothing"):
        AzureOptions("eta", engine="obstore", **options)
