"""Bodies that break: asked for again from the start, or gone on with where a stream broke."""

import io

import pytest
from botocore import exceptions as sdk
from botocore.exceptions import ClientError

from datanectar.errors import IntegrityError, StorageUnavailable
from datanectar_s3 import reading
from datanectar_s3.options import S3Options

OPTIONS = S3Options("lake")
DATA = bytes(range(200))
CUT = sdk.ResponseStreamingError(error="cut")
STALLED = sdk.ReadTimeoutError(endpoint_url="http://h")
DIFFERS = sdk.FlexibleChecksumError(error_msg="differs")


class Body(io.BytesIO):
    """Bytes, and what happens behind them."""

    def __init__(self, data: bytes, breaks: Exception | None) -> None:
        super().__init__(data)
        self._breaks = breaks

    def read(self, amount: int | None = None) -> bytes:
        piece = super().read(amount)
        if self._breaks is not None and (amount is None or not piece):
            raise self._breaks
        return piece


class Store:
    """Answers one request after the other: each with the bytes up to a place, and what happens there."""

    def __init__(self, *breaks: tuple[int, Exception]) -> None:
        self._breaks = list(breaks)
        self.asked: list[dict[str, str]] = []
        self.bodies: list[Body] = []

    def get(self, **arguments: str) -> dict[str, object]:
        self.asked.append(arguments)
        start, _, last = arguments.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        end, error = self._breaks.pop(0) if self._breaks else (len(DATA), None)
        asked_end = int(last) + 1 if last else len(DATA)
        self.bodies.append(Body(DATA[int(start) : min(end, asked_end)], error))
        return {"Body": self.bodies[-1], "ETag": '"one"'}

    def stream(self, start: int = 0, end: int | None = None):
        return reading.stream(self.get, OPTIONS, "k", start, end)


@pytest.mark.parametrize("error", [CUT, STALLED, DIFFERS, sdk.IncompleteReadError(actual_bytes=1, expected_bytes=2)])
def test_a_broken_body_is_asked_for_again(error):
    store = Store((10, error), (150, error))
    assert reading.whole(store.get) == DATA
    assert len(store.asked) == 3
    assert all(body.closed for body in store.bodies)


def test_a_body_that_breaks_each_time_is_an_error():
    store = Store(*[(10, CUT)] * 9)
    with pytest.raises(sdk.ResponseStreamingError):
        reading.whole(store.get)
    assert len(store.asked) == 3


def test_a_stream_goes_on_where_it_broke_with_the_object_that_it_began_with():
    store = Store((10, CUT), (150, STALLED))
    with store.stream() as stream:
        assert stream.read() == DATA
    assert store.asked == [
        {},
        {"Range": "bytes=10-", "IfMatch": '"one"'},
        {"Range": "bytes=150-", "IfMatch": '"one"'},
    ]
    assert all(body.closed for body in store.bodies)


def test_a_range_goes_on_within_the_range():
    store = Store((60, CUT))
    with store.stream(50, 70) as stream:
        assert stream.read() == DATA[50:70]
    assert [asked["Range"] for asked in store.asked] == ["bytes=50-69", "bytes=60-69"]


def test_a_stream_that_gets_on_is_never_given_up():
    store = Store(*[(place, CUT) for place in range(10, 200, 10)])
    with store.stream() as stream:
        assert stream.read() == DATA


@pytest.mark.parametrize(("error", "kind"), [(CUT, IntegrityError), (STALLED, StorageUnavailable)])
def test_a_stream_that_gets_nowhere_is_an_error_that_names_the_key(error, kind):
    store = Store(*[(10, error)] * 9)
    with store.stream() as stream, pytest.raises(kind, match="k in s3://lake"):
        stream.read()
    assert len(store.asked) == 3


def test_a_checksum_that_differs_in_the_end_cannot_be_mended_by_reading_on():
    store = Store((200, DIFFERS))
    with store.stream() as stream, pytest.raises(IntegrityError, match="differs"):
        stream.read()
    assert len(store.asked) == 1


def test_an_object_that_was_replaced_meanwhile_is_not_mixed_with_the_new_one():
    def changed(**arguments: str) -> dict[str, object]:
        if "IfMatch" in arguments:
            reply = {"Error": {"Code": "PreconditionFailed"}, "ResponseMetadata": {"HTTPStatusCode": 412}}
            raise ClientError(reply, "GetObject")
        return Store((10, CUT)).get()

    with reading.stream(changed, OPTIONS, "k", 0, None) as stream, pytest.raises(IntegrityError, match="replaced"):
        stream.read()


def test_closing_a_stream_early_gives_its_connection_up():
    store = Store()
    stream = store.stream()
    assert stream.read(1) == b"\0"
    stream.close()
    assert store.bodies[0].closed
