"""obstore's stores, set up as the SDK's client is: with its endpoint, credentials, timeouts and retries."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from botocore import UNSIGNED
from botocore.exceptions import NoCredentialsError
from botocore.session import Session
from obstore.exceptions import BaseError
from obstore.store import S3Store

from datanectar.errors import ConfigurationError
from datanectar_s3.options import S3Options

#: obstore asks anew 5 minutes before the end; the SDK renews its own credentials 10 minutes before theirs, or earlier.
_HOLD_FOR = timedelta(minutes=10)
#: obstore's timeout for a reply runs while the request is sent; parts time out on a link that is slower than this.
_SLOWEST_LINK = 256 << 10  # bytes per second, of all threads together
_NO_LIMIT = timedelta(days=1)  # for a whole body
_PAUSES = {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=20)}  # between tries
_LATEST_RETRY = timedelta(minutes=10)  # they are not signed anew, and the signature holds for 15
#: Variables that obstore follows and the SDK does not; of all others that it knows, the stores are told otherwise.
_ONLY_OBSTORES = {
    "AWS_CHECKSUM_ALGORITHM",
    "AWS_SERVER_SIDE_ENCRYPTION",
    "AWS_SSE_BUCKET_KEY_ENABLED",
    "AWS_SSE_CUSTOMER_KEY_BASE64",
    "AWS_SSE_KMS_KEY_ID",
}


class Credentials:
    """The SDK's credentials, as obstore asks for them.

    Attributes:
        failure: What the SDK raised when obstore asked last.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.failure: Exception | None = None

    def __call__(self) -> dict[str, Any]:
        """Returns those of this moment, renewed where it is time."""
        self.failure = None
        try:
            found = self._session.get_credentials()
            if found is None:
                raise NoCredentialsError
            frozen = found.get_frozen_credentials()
        except Exception as error:
            self.failure = error
            raise
        return {
            "access_key_id": frozen.access_key,
            "secret_access_key": frozen.secret_key,
            "token": frozen.token,
            "expires_at": datetime.now(UTC) + _HOLD_FOR,
        }


class Stores(NamedTuple):
    """One bucket, in three ways.

    Attributes:
        replies: Waits for a reply as long as the SDK does, and tries again as often.
        parts: Waits as long as large parts may take to send.
        creates: Tries once. What came of it decides whoever commits, and tries again.
    """

    replies: S3Store
    parts: S3Store
    creates: S3Store


def stores(sdk: Any, session: Session, credentials: Credentials, options: S3Options) -> Stores:
    """Makes the stores that send requests where the SDK's client sends them."""
    if unexpected := sorted(_ONLY_OBSTORES & os.environ.keys()):
        msg = (
            f"obstore would follow {', '.join(unexpected)}, which the AWS SDK does not: unset it, and use the options "
            "server_side_encryption, kms_key_id and checksums"
        )
        raise ConfigurationError(msg)
    config, quick = sdk.meta.config, timedelta(seconds=sdk.meta.config.read_timeout)
    patient = quick + timedelta(seconds=options.threads * options.part_size / _SLOWEST_LINK)
    connecting: dict[str, Any] = {
        "allow_http": True,
        "allow_invalid_certificates": False,
        "connect_timeout": timedelta(seconds=config.connect_timeout),
        "timeout": _NO_LIMIT,
    }
    authorities = session.get_config_variable("ca_bundle")
    told = _addressed(sdk, options) | _asked_for(options)

    def store(read_timeout: timedelta, tries: int) -> S3Store:
        return S3Store(
            config=told,
            client_options={**connecting, "read_timeout": read_timeout},
            retry_config={
                "max_retries": tries - 1,
                "retry_timeout": _LATEST_RETRY,
                "backoff": _PAUSES,
            },
            credential_provider=credentials,
        )

    tries = config.retries["total_max_attempts"]
    try:
        if authorities:
            connecting["root_certificate"] = Path(authorities).read_bytes()
        return Stores(store(quick, tries), store(patient, tries), store(quick, 1))
    except (OSError, ValueError, BaseError) as error:
        said = str(error).partition("\n")[0]
        raise ConfigurationError(f"obstore cannot be set up for {options.url}: {said}") from error


class _Seen(Exception):
    """Raised when a request was seen, so that it is not sent."""


def _addressed(sdk: Any, options: S3Options) -> dict[str, Any]:
    """Reads off a request that the SDK is about to sign where it goes, and for which region it is signed."""
    seen: dict[str, Any] = {}

    def see(request: Any, **about: Any) -> None:
        seen.update(about, url=request.url, region=request.context.get("signing", {}).get("region"))
        raise _Seen

    sdk.meta.events.register("before-sign.s3.GetObject", see)
    try:
        sdk.get_object(Bucket=options.bucket, Key="k")
    except _Seen:
        pass
    finally:
        sdk.meta.events.unregister("before-sign.s3.GetObject", see)
    signature = seen["signature_version"]
    if signature not in ("s3v4", UNSIGNED):
        raise ConfigurationError(f'obstore does not sign by signature_version {signature!r}; set engine = "boto3"')
    endpoint = seen["url"].removesuffix("/k")
    return {
        "bucket": options.bucket,
        "endpoint": endpoint,
        "aws_endpoint_url_s3": endpoint,
        "virtual_hosted_style_request": True,  # that is, the endpoint has the bucket in it already
        "region": seen["region"] or seen["region_name"],
        "skip_signature": signature is UNSIGNED,
    }


def _asked_for(options: S3Options) -> dict[str, Any]:
    found: dict[str, Any] = {
        "conditional_put": "etag",
        "disable_tagging": False,
        "request_payer": options.request_payer,
        "s3_express": False,
        "unsigned_payload": False,
    }
    if options.server_side_encryption:
        found["server_side_encryption"] = options.server_side_encryption
    if options.kms_key_id:
        found["sse_kms_key_id"] = options.kms_key_id
    if options.checksums == "when_supported":
        found["checksum_algorithm"] = "crc64nvme"
    return found
