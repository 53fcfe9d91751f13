"""What S3 and its SDK say, in Datanectar's words: the kind of each error, and the option or variable to set."""

import pytest
from botocore import exceptions as sdk
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from s3transfer.exceptions import RetriesExceededError, S3DownloadFailedError, S3ValidationError

from datanectar import errors
from datanectar_s3.errors import typed_error, typed_errors
from datanectar_s3.options import S3Options

OPTIONS = S3Options("lake", prefix="artifacts")


def said(code: str, status: int, operation: str = "GetObject", **more: str) -> ClientError:
    headers = {"x-amz-bucket-region": more.pop("region")} if "region" in more else {}
    reply = {
        "Error": {"Code": code, "Message": "What it says.", **more},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers},
    }
    return ClientError(reply, operation)


REFUSALS = [
    ("NoSuchKey", 404, "GetObject", errors.KeyNotFound, "a/b is not in s3://lake/artifacts"),
    ("404", 404, "HeadObject", errors.KeyNotFound, "a/b is not in s3://lake/artifacts"),
    ("404", 404, "GetObject", errors.StorageUnavailable, "no answer of S3.*endpoint_url"),
    ("", 404, "PutObject", errors.StorageUnavailable, "no answer of S3.*endpoint_url"),
    ("NoSuchBucket", 404, "GetObject", errors.StoreNotFound, "aws s3 mb s3://lake"),
    ("PreconditionFailed", 412, "PutObject", errors.AlreadyExists, "a/b exists in s3://lake/artifacts"),
    ("412", 412, "PutObject", errors.AlreadyExists, "a/b exists"),
    ("PreconditionFailed", 412, "GetObject", errors.IntegrityError, "replaced while it was read"),
    ("ConditionalRequestConflict", 409, "PutObject", errors.StorageUnavailable, "Run again later"),
    ("OperationAborted", 409, "PutObject", errors.StorageUnavailable, "Run again later"),
    ("SlowDown", 503, "PutObject", errors.StorageUnavailable, "SlowDown"),
    ("InternalError", 500, "CompleteMultipartUpload", errors.StorageUnavailable, "InternalError"),
    ("502", 502, "GetObject", errors.StorageUnavailable, "Run again later"),
    ("RequestTimeout", 400, "PutObject", errors.StorageUnavailable, "Run again later"),
    ("BadDigest", 400, "UploadPart", errors.StorageUnavailable, "Run again later"),
    ("InvalidAccessKeyId", 403, "GetObject", errors.StorageAccessError, "AWS_ACCESS_KEY_ID"),
    ("SignatureDoesNotMatch", 403, "GetObject", errors.StorageAccessError, "AWS_SECRET_ACCESS_KEY"),
    ("ExpiredToken", 400, "GetObject", errors.StorageAccessError, "aws sso login"),
    ("RequestTimeTooSkewed", 403, "GetObject", errors.StorageAccessError, "clock by the network"),
    ("AccessDenied", 403, "GetObject", errors.StorageAccessError, "need s3:GetObject; without s3:ListBucket"),
    ("AccessDenied", 403, "PutObject", errors.StorageAccessError, "need s3:PutObject$"),
    ("AccessDenied", 403, "UploadPart", errors.StorageAccessError, "need s3:PutObject$"),
    ("AccessDenied", 403, "ListObjectsV2", errors.StorageAccessError, "need s3:ListBucket$"),
    ("AccessDenied", 403, "DeleteObjects", errors.StorageAccessError, "need s3:DeleteObject$"),
    ("AccessDenied", 403, "AbortMultipartUpload", errors.StorageAccessError, "need s3:AbortMultipartUpload$"),
    ("SomethingNew", 403, "PutObject", errors.StorageAccessError, "SomethingNew .*need s3:PutObject"),
    ("KMS.DisabledException", 400, "PutObject", errors.StorageAccessError, "kms_key_id"),
    ("InvalidObjectState", 403, "GetObject", errors.StorageError, "restore-object"),
    ("InvalidStorageClass", 400, "PutObject", errors.ConfigurationError, "option storage_class"),
    ("XMinioStorageFull", 507, "PutObject", errors.StorageFull, "datanectar rm"),
    ("QuotaExceeded", 403, "PutObject", errors.StorageFull, "quota"),
    ("Unheard", 507, "PutObject", errors.StorageFull, "quota"),
    ("NotImplemented", 501, "PutObject", errors.StorageError, "If-None-Match"),
    ("InvalidRequest", 400, "PutObject", errors.StorageError, "InvalidRequest \\(What it says\\)$"),
]


@pytest.mark.parametrize(("code", "status", "operation", "kind", "words"), REFUSALS)
def test_a_refusal_has_its_kind_and_says_what_to_do(code, status, operation, kind, words):
    error = typed_error(said(code, status, operation), OPTIONS, "a/b")
    assert type(error) is kind
    with pytest.raises(kind, match=words):
        raise error


@pytest.mark.parametrize("code", ["AuthorizationHeaderMalformed", "PermanentRedirect"])
def test_the_right_region_is_said_where_s3_says_it(code):
    for answer in (said(code, 400, Region="eu-west-1"), said(code, 301, region="eu-west-1")):
        error = typed_error(answer, OPTIONS, "a/b")
        assert "the option region, or AWS_DEFAULT_REGION, to the region where the bucket is, eu-west-1" in str(error)
    assert str(typed_error(said(code, 301), OPTIONS, "a/b")).endswith("to the region where the bucket is")


def test_permissions_are_those_that_the_options_in_force_need():
    options = S3Options("lake", tags={"a": "b"}, server_side_encryption="aws:kms", kms_key_id="alias/eta")
    writing = str(typed_error(said("AccessDenied", 403, "PutObject"), options, "k"))
    assert writing.endswith("s3:PutObject, s3:PutObjectTagging, kms:Decrypt, kms:GenerateDataKey")
    assert "s3:GetObject, kms:Decrypt;" in str(typed_error(said("AccessDenied", 403), options, "k"))


PARTED = sdk.ResponseStreamingError(error="broken")
EXCEPTIONS = [
    (sdk.NoCredentialsError(), errors.StorageAccessError, "AWS_ACCESS_KEY_ID .*AWS_PROFILE or the option profile"),
    (sdk.PartialCredentialsError(provider="env", cred_var="X"), errors.StorageAccessError, "AWS_SECRET_ACCESS_KEY"),
    (sdk.CredentialRetrievalError(provider="x", error_msg="y"), errors.StorageAccessError, "AWS_ACCESS_KEY_ID"),
    (sdk.UnauthorizedSSOTokenError(), errors.StorageAccessError, "aws sso login"),
    (sdk.ProfileNotFound(profile="x"), errors.ConfigurationError, "AWS_PROFILE or the option profile"),
    (sdk.EndpointConnectionError(endpoint_url="http://h"), errors.StorageUnavailable, "endpoint_url"),
    (sdk.ConnectTimeoutError(endpoint_url="http://h"), errors.StorageUnavailable, "AWS_ENDPOINT_URL"),
    (sdk.ReadTimeoutError(endpoint_url="http://h"), errors.StorageUnavailable, "Check the network"),
    (sdk.ConnectionClosedError(endpoint_url="http://h"), errors.StorageUnavailable, "Run again later"),
    (
        sdk.SSLError(endpoint_url="https://h", error="verify"),
        errors.StorageUnavailable,
        "AWS_CA_BUNDLE; or write http://",
    ),
    (ResponseParserError("Unable to parse <html>"), errors.StorageUnavailable, "no answer of S3.*endpoint_url"),
    (sdk.IncompleteReadError(actual_bytes=1, expected_bytes=2), errors.IntegrityError, "made anew"),
    (sdk.FlexibleChecksumError(error_msg="differs"), errors.IntegrityError, "made anew"),
    (PARTED, errors.IntegrityError, "made anew"),
    (RetriesExceededError(PARTED), errors.IntegrityError, "made anew"),
    (RetriesExceededError(TimeoutError("timed out")), errors.StorageUnavailable, "timed out. Check the network"),
    (RetriesExceededError(ConnectionResetError("reset")), errors.StorageUnavailable, "reset. Check the network"),
    (RetriesExceededError(RuntimeError("unheard of")), errors.StorageError, "unheard of$"),
    (S3DownloadFailedError("another ETag"), errors.IntegrityError, "made anew"),
    (S3ValidationError("another range"), errors.IntegrityError, "made anew"),
    (sdk.ParamValidationError(report="Invalid\nbucket"), errors.ConfigurationError, "Invalid bucket. Mend"),
]


@pytest.mark.parametrize(("error", "kind", "words"), EXCEPTIONS, ids=lambda it: type(it).__name__)
def test_an_exception_of_the_sdk_has_its_kind_and_says_what_to_do(error, kind, words):
    with pytest.raises(kind, match=words) as caught, typed_errors(OPTIONS, "a/b"):
        raise error
    assert type(caught.value) is kind
    assert caught.value.__cause__ is error
    assert str(caught.value).startswith("a/b in s3://lake/artifacts: ")


def test_damage_names_the_key():
    assert typed_error(PARTED, OPTIONS, "a/b").key == "a/b"


@pytest.mark.parametrize("theirs", [ValueError("theirs"), OSError("theirs"), KeyboardInterrupt()])
def test_errors_of_whoever_gives_the_bytes_pass_as_they_are(theirs):
    with pytest.raises(type(theirs)) as caught, typed_errors(OPTIONS, "a/b"):
        raise theirs
    assert caught.value is theirs
