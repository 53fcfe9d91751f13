"""What the errors of S3 and of its SDK mean, and what to do: a table of codes and one of exceptions."""

from __future__ import annotations

from typing import NamedTuple

from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError
from s3transfer import exceptions as transfer
from urllib3.exceptions import HTTPError

from datanectar.errors import (
    AlreadyExists,
    ConfigurationError,
    DatanectarError,
    IntegrityError,
    KeyNotFound,
    StorageAccessError,
    StorageError,
    StorageFull,
    StorageUnavailable,
    StoreNotFound,
)


class Meaning(NamedTuple):
    """What an error is, and what to do; the advice may name ``{bucket}``, ``{permission}`` and ``{region}``."""

    kind: type[DatanectarError]
    advice: str = ""


_TAKEN = Meaning(AlreadyExists)
_LATER = Meaning(StorageUnavailable, "Run again later; nothing that was stored is lost")
_FULL = Meaning(StorageFull, "What is stored is unharmed: remove some with `datanectar rm`, or raise the quota")
_KEYS = Meaning(
    StorageAccessError,
    "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, the profile (AWS_PROFILE, or the option "
    "profile) and, where the store is not AWS, AWS_ENDPOINT_URL or the option endpoint_url",
)
_EXPIRED = Meaning(StorageAccessError, "Get new credentials, as with `aws sso login`, and run again")
_CLOCK = Meaning(StorageAccessError, "Set this machine's clock by the network, as with `timedatectl set-ntp true`")
_DENIED = Meaning(StorageAccessError, "These credentials need {permission}")
_ENCRYPTION = Meaning(StorageAccessError, "Check the option kms_key_id, and the key's own policy")
_REGION = Meaning(
    StorageError, "Set the option region, or AWS_DEFAULT_REGION, to the region where the bucket is{region}"
)
_BUCKET = Meaning(
    StoreNotFound, "Make it, as with `aws s3 mb s3://{bucket}`, or name one that is there with the option bucket"
)

BY_CODE = {
    "NoSuchKey": Meaning(KeyNotFound),
    "404": Meaning(KeyNotFound),  # the reply to a HEAD has no body, so no code either
    "PreconditionFailed": _TAKEN,
    "NoSuchBucket": _BUCKET,
    "InvalidAccessKeyId": _KEYS,
    "SignatureDoesNotMatch": _KEYS,
    "InvalidToken": _KEYS,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "RequestTimeTooSkewed": _CLOCK,
    "RequestExpired": _CLOCK,
    "AccessDenied": _DENIED,
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "IllegalLocationConstraintException": _REGION,
    "InvalidObjectState": Meaning(StorageError, "It is archived: restore it, as with `aws s3api restore-object`"),
    "InvalidBucketName": Meaning(ConfigurationError, "Mend the option bucket"),
    "InvalidStorageClass": Meaning(ConfigurationError, "Mend the option storage_class"),
    "InvalidEncryptionAlgorithmError": Meaning(ConfigurationError, "Mend the option server_side_encryption"),
    "InvalidTag": Meaning(ConfigurationError, "Mend the option tags"),
    "KMS.NotFoundException": _ENCRYPTION,
    "KMS.DisabledException": _ENCRYPTION,
    "KMS.KMSInvalidStateException": _ENCRYPTION,
    "NotImplemented": Meaning(
        StorageError,
        "The store must know conditional writes (If-None-Match); of the options, storage_class, tags, "
        "server_side_encryption and checksums may ask too much of it",
    ),
    "InternalError": _LATER,  # these three have no status of their own where one of many deletes fails
    "ServiceUnavailable": _LATER,
    "SlowDown": _LATER,
    "RequestTimeout": _LATER,  # these three have the status 400: what was sent did not arrive whole
    "IncompleteBody": _LATER,
    "BadDigest": _LATER,
    "XMinioStorageFull": _FULL,
    "XMinioAdminBucketQuotaExceeded": _FULL,
    "QuotaExceeded": _FULL,
}

#: What all other codes with these statuses mean. A conflict (409) is not "exists": S3 asks to try again.
BY_STATUS = {
    301: _REGION,
    403: _DENIED,
    409: _LATER,
    412: _TAKEN,
    429: _LATER,
    500: _LATER,
    502: _LATER,
    503: _LATER,
    504: _LATER,
    507: _FULL,
}

_UNREACHABLE = Meaning(
    StorageUnavailable,
    "Check the network and, where the store is not AWS, AWS_ENDPOINT_URL or the option endpoint_url; then run again",
)
#: Whatever answered, it is not S3: a proxy's page, or a plain web server.
NO_ANSWER = Meaning(
    StorageUnavailable,
    "This is no answer of S3: check AWS_ENDPOINT_URL or the option endpoint_url, and any proxy on the way (HTTP_PROXY, "
    "HTTPS_PROXY); then run again",
)
_NO_CREDENTIALS = Meaning(
    StorageAccessError,
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; or choose a profile, with AWS_PROFILE or the option profile; or "
    "log in, as with `aws sso login`",
)
_UNTRUSTED = Meaning(
    StorageUnavailable,
    "Name the certificates to trust in AWS_CA_BUNDLE; or write http:// for a store that does not speak TLS",
)
_DAMAGED = Meaning(
    IntegrityError,
    "If it stays so, it is damaged where it stands: run the task again to have it made anew, or remove it with "
    "`datanectar rm`",
)
#: A condition that failed while reading: the object is not the one that reading began with.
CHANGED = Meaning(IntegrityError, "It was replaced while it was read, which nothing here does: read it again")

#: What transfers say of a reply that is not a part of the object they fetch; older releases lack some of them.
TRANSFER_ERRORS: tuple[type[Exception], ...] = tuple(
    getattr(transfer, name) for name in ("S3DownloadFailedError", "S3ValidationError") if hasattr(transfer, name)
)

#: Of the SDK's exceptions; the first row that fits decides.
BY_EXCEPTION: tuple[tuple[tuple[type[Exception], ...], Meaning], ...] = (
    ((sdk.NoCredentialsError, sdk.PartialCredentialsError), _NO_CREDENTIALS),
    ((sdk.SSOError, sdk.LoginError, sdk.TokenRetrievalError, sdk.NoAuthTokenError), _EXPIRED),
    ((sdk.CredentialRetrievalError, sdk.MetadataRetrievalError), _KEYS),
    ((sdk.ProfileNotFound,), Meaning(ConfigurationError, "Mend AWS_PROFILE or the option profile; see ~/.aws/config")),
    ((sdk.IncompleteReadError, sdk.ResponseStreamingError, sdk.FlexibleChecksumError, *TRANSFER_ERRORS), _DAMAGED),
    ((sdk.SSLError,), _UNTRUSTED),
    # Errors of the network come as Python's own, too, as the last of a transfer that tried again.
    ((sdk.ConnectionError, sdk.ReadTimeoutError, OSError), _UNREACHABLE),
    ((sdk.HTTPClientError, HTTPError), _LATER),
    ((ResponseParserError,), NO_ANSWER),
    # What is left is refused by the SDK itself, before anything is sent.
    (
        (sdk.BotoCoreError, ValueError, TypeError),
        Meaning(ConfigurationError, "Mend the setting that it speaks of"),
    ),
)
