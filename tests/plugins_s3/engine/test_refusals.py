"""What obstore says is read off its text; and what can't be, may or may not have been done."""

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from botocore.parsers import ResponseParserError
from obstore.exceptions import GenericError
from obstore.store import S3Store

from datanectar_s3.engine.refusals import OBSTORE_ERRORS, sdk_error

BODY = "<Error><Code>ConditionalRequestConflict</Code><Message>Try again.</Message><Region>eu-west-1</Region></Error>"
DONE = "Generic S3 error: Error performing PUT http://127.0.0.1:1/lake/a in 1ms"


def test_an_answer_is_the_sdks_error_with_its_code_and_status():
    error = sdk_error(GenericError(f"{DONE} - Server returned non-2xx status code: 409 Conflict: {BODY}"), "PutObject")
    assert isinstance(error, ClientError)
    assert error.operation_name == "PutObject"
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert error.response["Error"] == {
        "Code": "ConditionalRequestConflict",
        "Message": "Try again.",
        "Region": "eu-west-1",
    }


def test_an_answer_without_a_body_has_its_status_as_code():
    error = sdk_error(FileNotFoundError(f"{DONE} - Server returned non-2xx status code: 404 Not Found: "), "HeadObject")
    assert (error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]) == ({"Code": "404"}, 404)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"{DONE} - HTTP error: x\n\nDebug source:\nkind: Connect,", EndpointConnectionError),
        (f"{DONE} - HTTP error: x\n\nDebug source:\nkind: Timeout,", ReadTimeoutError),
        (f"{DONE} - HTTP error: x\n\nDebug source:\nkind: Interrupted,", ConnectionClosedError),
        ("Generic S3 error: Got invalid multipart response: missing field `ETag`", ResponseParserError),
        ("something that was never said before", ResponseParserError),
    ],
)
def test_what_is_no_answer_is_none_of_the_sdks(text, kind):
    assert type(sdk_error(GenericError(text), "PutObject")) is kind


def test_a_redirect_is_a_wrong_region():
    error = sdk_error(GenericError("Generic S3 error: … - Received redirect without LOCATION, this"), "GetObject")
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 301


def test_obstore_says_what_is_read_off(s3_bucket, seaweedfs):
    """What it says is no interface; so this is what a new release has to pass."""
    keys = {"access_key_id": seaweedfs.access_key, "secret_access_key": seaweedfs.secret_key}
    settings = {"endpoint": seaweedfs.endpoint_url, "client_options": {"allow_http": True}, **keys}
    store = S3Store(s3_bucket, **settings)
    store.put("a", b"1")

    def said(call) -> tuple[str, int]:
        with pytest.raises(OBSTORE_ERRORS) as caught:
            call()
        response = sdk_error(caught.value, "PutObject").response
        return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]

    assert said(lambda: store.put("a", b"2", mode="create")) == ("PreconditionFailed", 412)
    assert said(lambda: store.get("b")) == ("NoSuchKey", 404)
    assert said(lambda: store.head("b")) == ("404", 404)
    assert said(lambda: S3Store("no-such-bucket", **settings).get("b")) == ("NoSuchBucket", 404)
    assert said(lambda: list(S3Store("no-such-bucket", **settings).list())) == ("NoSuchBucket", 404)
    denied = S3Store(s3_bucket, **{**settings, "secret_access_key": "no"})
    assert said(lambda: denied.put("b", b"")) == ("SignatureDoesNotMatch", 403)
    assert said(lambda: store.get("a", options={"range": (5, 6)})) == ("InvalidRange", 416)
