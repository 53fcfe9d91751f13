"""A network and a server that fail, through a storage layer: what comes of each fault is decided once, and tested here.

Each test is a row of one table, with just the outcome that the table has. The server is real; a proxy before it makes
the fault.
"""

import io
import warnings
from collections.abc import Callable

import pytest
from testbed.faults import Rule, answer, cut, flip, lose_reply, reset, reset_in_body, slow, stale, stall

import datanectar as dn
from datanectar.errors import (
    AlreadyExists,
    ArtifactNotFound,
    CommitUnknown,
    IntegrityError,
    StorageAccessError,
    StorageError,
    StorageUnavailable,
)
from datanectar.layer.storage_layer import StorageLayer

NAME = "train_model/classifier/eta/aaaa"
MANIFEST = r"/manifests/.*\.json"
DATA = "/data/"
FOR_EVER = None

pytestmark = pytest.mark.usefixtures("hurry")


@pytest.fixture(params=["boto3", "obstore"])
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def said(code: str) -> bytes:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>What it says.</Message></Error>".encode()


@pytest.fixture
def make(s3_faults, make_backend, make_layer) -> Callable[..., StorageLayer]:
    """Makes a layer whose requests go through the proxy."""

    def make(**options) -> StorageLayer:
        return make_layer(make_backend(prefix="artifacts", endpoint_url=s3_faults.url, **options))

    return make


@pytest.fixture
def layer(make) -> StorageLayer:
    """One that was used before, so that its store is probed."""
    layer = make()
    layer.store("task/none/earlier/aaaa", 1)
    return layer


@pytest.fixture
def fault(s3_faults) -> Callable[..., Rule]:
    """From its call on, a fault happens: ``fault(reset, "PUT", MANIFEST)``. What was seen before is forgotten."""

    def happen(action, method: str, path: str, times: int | None = 1) -> Rule:
        s3_faults.requests.clear()
        s3_faults.rules.append(Rule(action, method=method, path=path, times=times))
        return s3_faults.rules[-1]

    return happen


def seen(s3_faults, method: str, path: str) -> list[int | None]:
    """The status of each request, None where the client got no reply."""
    return [request.status for request in s3_faults.requests if Rule(reset, method, path).applies(request)]


def manifests(layer) -> list[str]:
    return [info.key for info in layer.backend.list("manifests/train_model/")]


def data(layer) -> list[str]:
    return [info.key for info in layer.backend.list("data/")]


# The reply is lost after the manifest was put → won, one manifest, nothing computed twice


@pytest.mark.parametrize("times", [1, 2, FOR_EVER])
def test_a_lost_reply_to_the_manifest_is_a_win(layer, fault, s3_faults, engine, times):
    executed = []

    @dn.task(task_type="train_model")
    def train(seed: int) -> int:
        executed.append(seed)
        return 42

    with dn.settings(storage_layer=layer), warnings.catch_warnings():
        warnings.simplefilter("error")
        fault(lose_reply, "PUT", MANIFEST, times)
        assert dn.run(train(1)) == 42
        assert dn.run(train(1)) == 42
    assert executed == [1]
    assert len(manifests(layer)) == 1
    assert [info.key for info in layer.backend.list("repairs/")] == []
    if engine == "obstore":  # which puts once; then it is read back
        assert seen(s3_faults, "PUT", MANIFEST) == [None]
    else:
        assert seen(s3_faults, "PUT", MANIFEST)[:2] == ([None, 412] if times == 1 else [None, None])


# A reset before anything is sent, or in the middle of a body → retried, then a typed error


@pytest.mark.parametrize("action", [reset, reset_in_body])
@pytest.mark.parametrize("path", [MANIFEST, DATA])
def test_a_reset_is_retried(layer, fault, big, action, path):
    rule = fault(action, "PUT", path, times=2)
    layer.store(NAME, big)
    assert rule.acted == 2
    assert layer.load(NAME) == big


@pytest.mark.parametrize("action", [reset, reset_in_body])
@pytest.mark.parametrize(("path", "kind"), [(MANIFEST, CommitUnknown), (DATA, StorageUnavailable)])
def test_resets_for_ever_are_a_typed_error(layer, fault, big, action, path, kind):
    rule = fault(action, "PUT", path, times=FOR_EVER)
    with pytest.raises(kind) as caught:
        layer.store(NAME, big)
    assert isinstance(caught.value.__cause__, Exception)
    assert rule.acted >= 6
    assert not layer.exists(NAME)


@pytest.mark.parametrize("action", [reset, reset_in_body])
def test_a_reset_while_reading_is_retried_and_for_ever_is_a_typed_error(layer, fault, s3_faults, action):
    layer.store(NAME, 42)
    fault(action, "GET", MANIFEST, times=2)
    assert layer.load(NAME) == 42
    fault(action, "GET", MANIFEST, times=FOR_EVER)
    with pytest.raises((StorageUnavailable, IntegrityError), match="manifests/"):
        layer.load(NAME)


# 503 SlowDown twice → succeeds; for ever → StorageUnavailable before the deadline


def test_two_times_slow_down_are_waited_out(layer, fault, s3_faults):
    fault(answer(503, said("SlowDown")), "PUT", MANIFEST, times=2)
    layer.store(NAME, 42)
    assert seen(s3_faults, "PUT", MANIFEST) == [503, 503, 200]
    assert layer.load(NAME) == 42


@pytest.mark.parametrize(("method", "path"), [("PUT", DATA), ("GET", "datanectar.json")])
def test_slow_down_for_ever_is_unavailable_before_the_deadline(make, fault, s3_faults, big, method, path):
    layer = make()
    fault(answer(503, said("SlowDown")), method, path, times=FOR_EVER)
    with pytest.raises(StorageUnavailable, match=r"SlowDown .*Run again later"):
        layer.store(NAME, big)
    assert seen(s3_faults, method, path) == [503] * 6


def test_slow_down_for_ever_while_loading_is_unavailable(layer, fault):
    layer.store(NAME, 42)
    fault(answer(503, said("SlowDown")), "GET", MANIFEST, times=FOR_EVER)
    with pytest.raises(StorageUnavailable, match="SlowDown"):
        layer.load(NAME)


# 409 ConditionalRequestConflict twice → won; for ever → CommitUnknown, and the data stay


def test_two_conflicts_are_no_loss(layer, fault, s3_faults, big):
    fault(answer(409, said("ConditionalRequestConflict")), "PUT", MANIFEST, times=2)
    stored = layer.store(NAME, big)
    assert layer.manifest(NAME).attempt == stored.attempt
    assert seen(s3_faults, "PUT", MANIFEST) == [409, 409, 200]


def test_conflicts_for_ever_leave_it_unknown_and_the_data_where_they_are(layer, fault, big):
    fault(answer(409, said("ConditionalRequestConflict")), "PUT", MANIFEST, times=FOR_EVER)
    with pytest.raises(CommitUnknown, match="Nothing was deleted") as caught:
        layer.store(NAME, big)
    assert isinstance(caught.value.__cause__, StorageUnavailable)
    assert len(data(layer)) == 1


# 412 and the key is absent: the store lies → retried, then an error, never "lost"


def test_a_412_for_a_key_that_is_absent_is_tried_again(layer, fault, s3_faults):
    fault(answer(412, said("PreconditionFailed")), "PUT", MANIFEST, times=2)
    stored = layer.store(NAME, 42)
    assert layer.manifest(NAME).attempt == stored.attempt
    assert seen(s3_faults, "PUT", MANIFEST) == [412, 412, 200]


def test_a_412_for_ever_for_a_key_that_is_absent_is_never_taken_for_a_loss(layer, fault, big):
    fault(answer(412, said("PreconditionFailed")), "PUT", MANIFEST, times=FOR_EVER)
    with pytest.raises(CommitUnknown) as caught:
        layer.store(NAME, big)
    assert isinstance(caught.value.__cause__, AlreadyExists)
    assert len(data(layer)) == 1
    assert not layer.exists(NAME)


# 200 with an error in the body → not success


COMPLETING = r"\?uploadId="


def test_a_200_with_an_error_in_its_body_is_tried_again(make, fault, s3_faults):
    layer, value = make(part_size=5 << 20), bytes(11 << 20)
    layer.writer.prepare()
    fault(answer(200, said("InternalError")), "POST", COMPLETING, times=2)
    layer.store(NAME, value)
    assert len(seen(s3_faults, "POST", COMPLETING)) == 3
    assert layer.load(NAME) == value


PAGE = b"<html>A proxy's page, or that of a plain web server</html>"
DATE = {"Date": "Wed, 25 Nov 2026 20:00:00 GMT"}


@pytest.mark.parametrize("body", [said("InternalError"), PAGE], ids=["error", "page"])
@pytest.mark.parametrize(("method", "path"), [("POST", COMPLETING), ("PUT", "uploadId="), ("PUT", MANIFEST)])
def test_a_200_with_an_error_in_its_body_is_not_success(make, fault, method, path, body):
    layer = make(part_size=5 << 20)
    layer.writer.prepare()
    fault(answer(200, body, DATE), method, path, times=FOR_EVER)
    with pytest.raises((StorageUnavailable, CommitUnknown)):
        layer.store(NAME, bytes(11 << 20))
    assert not layer.exists(NAME)
    client, options = layer.backend._connection.client, layer.backend.options
    assert client.list_multipart_uploads(Bucket=options.bucket, Prefix=options.prefix).get("Uploads", []) == []


# A proxy or a plain web server answers in S3's place → StorageUnavailable, and never stored, missed or empty


USES = {
    "create": lambda backend: backend.create("a/c", b"1"),
    "write": lambda backend: backend.write("a/c", b"1"),
    "read": lambda backend: backend.read("a/b"),
    "open": lambda backend: backend.open("a/b"),
    "fetch": lambda backend: backend.fetch("a/b", io.BytesIO()),
    "stat": lambda backend: backend.stat("a/b"),
    "list": lambda backend: list(backend.list("a/")),
    "list by a part of a name": lambda backend: list(backend.list("a/b")),
    "delete": lambda backend: backend.delete(["a/b"]),
}


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_page_of_the_web_is_no_answer_of_s3(make, fault, use, status):
    backend = make().backend
    for method in ("PUT", "GET", "HEAD", "POST"):
        fault(answer(status, b"" if method == "HEAD" else PAGE, DATE), method, "", times=FOR_EVER)
    with pytest.raises(StorageUnavailable, match="no answer of S3: check AWS_ENDPOINT_URL"):
        use(backend)


# The reply to completing an upload is lost → stored; who cannot know whether it is stored removes it


def test_a_completed_upload_whose_reply_was_lost_is_stored(make, fault, s3_faults):
    layer, value = make(part_size=5 << 20), bytes(11 << 20)
    layer.writer.prepare()
    fault(lose_reply, "POST", COMPLETING)
    s3_faults.rules.append(Rule(answer(404, said("NoSuchUpload")), method="POST", path=COMPLETING, times=1))
    layer.store(NAME, value)
    assert seen(s3_faults, "POST", COMPLETING) == [None, 404]
    assert layer.load(NAME) == value


def test_an_upload_that_is_gone_is_not_stored(make, fault):
    layer = make(part_size=5 << 20)
    layer.writer.prepare()
    fault(answer(404, said("NoSuchUpload")), "POST", COMPLETING, times=FOR_EVER)
    with pytest.raises(StorageError, match=r"should have .* bytes .* and has nothing"):
        layer.store(NAME, bytes(11 << 20))


@pytest.mark.parametrize(
    ("action", "method", "path", "size"),
    [
        (lose_reply, "POST", COMPLETING, 11 << 20),
        (lose_reply, "PUT", DATA, 100_000),
        (answer(403), "HEAD", DATA, 11 << 20),
    ],
)
def test_what_may_have_been_written_is_left_and_is_no_artifact(make, fault, s3_faults, action, method, path, size):
    layer = make(part_size=5 << 20)
    layer.store("task/none/earlier/aaaa", 1)
    fault(action, method, path, times=FOR_EVER)
    if method == "HEAD":
        fault(answer(403, said("AccessDenied")), "GET", path, times=FOR_EVER)
    with pytest.raises(StorageError):
        layer.store(NAME, bytes(size))
    s3_faults.rules.clear()
    assert not layer.exists(NAME)
    layer.store(NAME, bytes(size))
    assert layer.load(NAME) == bytes(size)


# A body of one byte a second, or none → a read timeout, then it is tried again


@pytest.mark.parametrize("action", [slow(1), stall], ids=["slow", "stall"])
@pytest.mark.parametrize(("path", "size"), [(MANIFEST, 100_000), (DATA, 100_000), (DATA, 2 << 20)])
def test_a_body_that_stops_coming_is_asked_for_again(make, fault, action, path, size):
    value = bytes(size)
    make().store(NAME, value)
    layer = make(config={"read_timeout": 0.5})
    rule = fault(action, "GET", path, times=1)
    assert layer.load(NAME) == value
    assert rule.acted == 1


def test_a_body_that_never_comes_is_unavailable(make, fault):
    make().store(NAME, 42)
    layer = make(config={"read_timeout": 0.2})
    fault(stall, "GET", MANIFEST, times=FOR_EVER)
    with pytest.raises(StorageUnavailable, match="Read timeout"):
        layer.load(NAME)


# A body that is cut, flipped or stale → fetched again once, then IntegrityError


DAMAGE = {"cut": cut(after=100), "flipped": flip(byte=50_000), "stale": stale}


@pytest.mark.parametrize("action", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("size", [100_000, 2 << 20])
def test_damage_on_the_way_is_mended_by_fetching_again(layer, fault, action, size):
    value = bytes(size)
    layer.store(NAME, value)
    rule = fault(action, "GET", DATA, times=1)
    assert layer.load(NAME) == value
    assert rule.acted == 1


@pytest.mark.parametrize("action", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("size", [100_000, 2 << 20])
def test_damage_that_stays_is_an_error_that_names_the_key(layer, fault, action, size):
    layer.store(NAME, bytes(size))
    (key,) = data(layer)
    rule = fault(action, "GET", DATA, times=FOR_EVER)
    with pytest.raises(IntegrityError, match=key) as caught:
        layer.load(NAME)
    assert caught.value.key == key
    assert "made anew" in str(caught.value)
    assert rule.acted >= 2


DAMAGED_MANIFEST = {"cut": cut(after=50), "flipped": flip(byte=50), "stale": stale}


@pytest.mark.parametrize("action", DAMAGED_MANIFEST.values(), ids=DAMAGED_MANIFEST)
def test_a_manifest_that_is_damaged_on_the_way_is_fetched_again(layer, fault, action):
    layer.store(NAME, 42)
    assert layer.load("task/none/earlier/aaaa") == 1
    rule = fault(action, "GET", MANIFEST, times=1)
    assert layer.load(NAME) == 42
    assert rule.acted == 1


@pytest.mark.parametrize("action", DAMAGED_MANIFEST.values(), ids=DAMAGED_MANIFEST)
def test_a_manifest_that_stays_damaged_is_an_error(layer, fault, action):
    layer.store(NAME, 42)
    assert layer.load("task/none/earlier/aaaa") == 1
    rule = fault(action, "GET", MANIFEST, times=FOR_EVER)
    with pytest.raises(IntegrityError, match="manifests/"):
        layer.load(NAME)
    assert rule.acted >= 2


# 404, then 200, of a manifest → a miss will do, wrong bytes never


def test_a_manifest_that_appears_late_is_missed_and_nothing_else(layer, fault):
    first = layer.store(NAME, 42)
    fault(answer(404, said("NoSuchKey")), "GET", MANIFEST, times=1)
    with pytest.raises(ArtifactNotFound):
        layer.load(NAME)
    assert layer.load(NAME) == 42
    assert layer.store(NAME, 42).attempt == first.attempt


def test_who_missed_a_manifest_ends_with_the_one_that_stands(layer, fault):
    made = iter([1, 2])

    @dn.task
    def count(of: str) -> int:
        return next(made)

    with dn.settings(storage_layer=layer):
        assert dn.run(count("runs")) == 1
        fault(answer(404, said("NoSuchKey")), "GET", MANIFEST, times=1)
        fault(answer(404), "HEAD", MANIFEST, times=1)
        with pytest.warns(UserWarning, match="not deterministic"):
            assert dn.run(count("runs")) == 1
        assert count("runs").load() == 1


# An expired token, a 403, a clock that is wrong → a clear error at once


REFUSALS = [
    (400, "ExpiredToken", "aws sso login"),
    (403, "AccessDenied", "s3:"),
    (403, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"),
    (403, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
    (403, "RequestTimeTooSkewed", "clock"),
]


@pytest.mark.parametrize(("status", "code", "words"), REFUSALS)
def test_a_refusal_to_read_is_told_at_once(layer, fault, s3_faults, status, code, words):
    layer.store(NAME, 42)
    fault(answer(status, said(code)), "GET", MANIFEST, times=FOR_EVER)
    fault(answer(status), "HEAD", MANIFEST, times=FOR_EVER)
    with pytest.raises(StorageAccessError, match=f"{code} .*{words}"):
        layer.load(NAME)
    assert seen(s3_faults, "GET", MANIFEST) == [status]
    with pytest.raises(StorageAccessError, match=f"{code} .*{words}"):
        layer.exists(NAME)


@pytest.mark.parametrize(
    ("path", "status", "code", "words"), [*((MANIFEST, *refusal) for refusal in REFUSALS), (DATA, *REFUSALS[1])]
)
def test_a_refusal_to_write_is_told_at_once_and_leaves_nothing(layer, fault, s3_faults, big, path, status, code, words):
    fault(answer(status, said(code)), "PUT", path, times=FOR_EVER)
    with pytest.raises(StorageAccessError, match=f"{code} .*{words}"):
        layer.store(NAME, big)
    assert seen(s3_faults, "PUT", path) == [status]
    assert data(layer) == []
    assert not layer.exists(NAME)


@pytest.mark.parametrize(("status", "code"), [(400, "InvalidRequest"), (501, "NotImplemented")])
def test_what_is_refused_for_good_is_not_tried_again_and_never_put_without_the_condition(
    layer, fault, s3_faults, status, code
):
    fault(answer(status, said(code)), "PUT", MANIFEST, times=FOR_EVER)
    with pytest.raises(dn.errors.StorageError, match=code) as caught:
        layer.store(NAME, 42)
    assert not isinstance(caught.value, (StorageUnavailable, CommitUnknown))
    (request,) = [request for request in s3_faults.requests if request.method == "PUT"]
    assert {name.lower(): value for name, value in request.headers.items()}["if-none-match"] == "*"
