"""Errors of S3 and of its SDK, in Datanectar's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from s3transfer.exceptions import RetriesExceededError
from urllib3.exceptions import HTTPError

from datanectar.errors import AlreadyExists, DatanectarError, IntegrityError, KeyNotFound, StorageError
from datanectar_s3.meanings import BY_CODE, BY_EXCEPTION, BY_STATUS, CHANGED, NO_ANSWER, TRANSFER_ERRORS, Meaning
from datanectar_s3.options import S3Options

#: What the SDK raises. Errors of whoever provides the bytes that are stored are none of these, and pass.
SDK_ERRORS = (ClientError, BotoCoreError, RetriesExceededError, *TRANSFER_ERRORS, ResponseParserError, HTTPError)

_PERMISSIONS = {
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "ListObjectsV2": "s3:ListBucket",
    "DeleteObjects": "s3:DeleteObject",
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
}


@contextmanager
def typed_errors(options: S3Options, key: str = "") -> Iterator[None]:
    """A block in which Datanectar's errors stand for the SDK's, which are kept as their cause."""
    try:
        yield
    except SDK_ERRORS as error:
        raise typed_error(error, options, key) from error


def typed_error(error: Exception, options: S3Options, key: str) -> DatanectarError:
    """Returns in Datanectar's words what S3, or its SDK, says of a key."""
    if isinstance(error, RetriesExceededError):  # of a transfer, which has tried again itself
        error = error.last_exception
    if isinstance(error, ClientError):
        return refusal(error.response, error.operation_name, options, key)
    meaning = next((meaning for kinds, meaning in BY_EXCEPTION if isinstance(error, kinds)), Meaning(StorageError))
    where = f"{key} in {options.url}" if key else options.url
    said = " ".join(str(error).split()).rstrip(".")
    return _made(meaning, f"{where}: {said}", options, key)


def refusal(reply: Mapping[str, Any], operation: str, options: S3Options, key: str) -> DatanectarError:
    """Returns in Datanectar's words why an operation was refused.

    Args:
        reply: What S3 said: ``Error`` has a ``Code`` and a ``Message``, ``ResponseMetadata`` the status and headers.
        operation: The operation's name, such as ``PutObject``.
        options: The store's options.
        key: The object's key.
    """
    said, metadata = reply.get("Error", {}), reply.get("ResponseMetadata", {})
    code = said.get("Code", "")
    meaning = BY_CODE.get(code) or BY_STATUS.get(metadata.get("HTTPStatusCode")) or Meaning(StorageError)
    if meaning.kind is AlreadyExists and operation != "PutObject":
        meaning = CHANGED
    if code in ("", "404") and metadata.get("HTTPStatusCode") == 404 and operation != "HeadObject":
        meaning = NO_ANSWER  # S3 names what is missing, where its reply has a body
    text = f"{operation} of {key or options.bucket} in {options.url}: {code} ({said.get('Message', '').rstrip('. ')})"
    region = said.get("Region") or metadata.get("HTTPHeaders", {}).get("x-amz-bucket-region")
    return _made(meaning, text, options, key, _permission(operation, options), f", {region}" if region else "")


def _made(
    meaning: Meaning, text: str, options: S3Options, key: str, permission: str = "", region: str = ""
) -> DatanectarError:
    if meaning.kind is KeyNotFound:
        return KeyNotFound(f"{key} is not in {options.url}")
    if meaning.kind is AlreadyExists:
        return AlreadyExists(f"{key} exists in {options.url}")
    advice = meaning.advice.format(bucket=options.bucket, permission=permission, region=region)
    message = f"{text}. {advice}" if advice else text
    return IntegrityError(message, key=key) if meaning.kind is IntegrityError else meaning.kind(message)


def _permission(operation: str, options: S3Options) -> str:
    """What is needed for an operation, by the options in force."""
    needed = [_PERMISSIONS.get(operation, "s3:PutObject")]
    if needed == ["s3:PutObject"] and options.tags:
        needed.append("s3:PutObjectTagging")
    if needed[0] in ("s3:GetObject", "s3:PutObject") and options.kms_key_id:
        needed.append("kms:Decrypt")
    if needed[0] == "s3:PutObject" and options.kms_key_id:
        needed.append("kms:GenerateDataKey")
    also = "; without s3:ListBucket, S3 says the same of what is merely missing"
    return ", ".join(needed) + (also if needed[0] == "s3:GetObject" else "")
