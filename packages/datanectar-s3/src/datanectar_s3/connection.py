"""The client of one store: made on first use, once in each process."""

from __future__ import annotations

import os
from functools import cache
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.loaders import Loader, create_loader
from botocore.parsers import ResponseParserError
from botocore.session import Session

from datanectar.errors import ConfigurationError
from datanectar_s3.errors import SDK_ERRORS, typed_error
from datanectar_s3.options import NO_CREDENTIALS, S3Options

_CONNECT_TIMEOUT, _READ_TIMEOUT = 5, 30  # seconds; the AWS configuration has no word for them
_RETRY_MODE, _MOST_ATTEMPTS = "standard", 6
#: Transfers of this many callers at once find their connections open.
_CALLERS = 8
#: What every reply of S3 has. The SDK takes any other of status 200, such as a proxy's page, for one without it.
_TOLD = {
    "GetObject": {"ETag", "LastModified"},
    "HeadObject": {"ETag", "LastModified"},
    "ListObjectsV2": {"KeyCount"},
    "PutObject": {"ETag"},
    "CreateMultipartUpload": {"UploadId"},
    "UploadPart": {"ETag"},
    "CompleteMultipartUpload": {"ETag"},
}


class Connection:
    """Gives every thread of a process one client, and a forked process one of its own: sockets are not shared."""

    def __init__(self, options: S3Options) -> None:
        self._options = options
        self._clients: dict[int, Any] = {}
        self._locks: dict[int, Lock] = {}  # by process, too: a fork may copy one that is held

    @property
    def client(self) -> Any:
        """The client of this process."""
        process = os.getpid()
        client = self._clients.get(process)
        if client is None:
            with self._locks.setdefault(process, Lock()):
                client = self._clients.get(process)
                if client is None:
                    client = self._clients[process] = _new_client(self._options)
        return client


def _new_client(options: S3Options) -> Any:
    try:
        session = Session(profile=options.profile)
        session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
        client = boto3.Session(botocore_session=session, region_name=options.region).client(
            "s3", endpoint_url=options.endpoint_url, config=_config(options, session)
        )
    except (*SDK_ERRORS, ValueError, TypeError) as error:
        raise typed_error(error, options, "") from error
    if "@" in urlsplit(client.meta.endpoint_url).netloc:
        raise ConfigurationError(f"AWS_ENDPOINT_URL, or endpoint_url of ~/.aws/config, {NO_CREDENTIALS}")
    client.meta.events.register("after-call.s3", _check_reply)
    # Links are signed as requests are: by default the SDK signs them by version 2, which newer buckets refuse.
    client.meta.events.register_first("choose-signer.s3", _signer_of_links)
    return _with_obstore(client, session, options) if options.engine == "obstore" else client


@cache
def _loader(data_path: str | None) -> Loader:
    """Reads what the SDK knows of S3, once: each session would read it again, in nine tenths of a client's time."""
    return create_loader(data_path)


def _with_obstore(client: Any, session: Session, options: S3Options) -> Any:
    try:
        from datanectar_s3.engine.client import PROCESS, ObstoreClient
    except ImportError as error:
        msg = f"{options.url} has engine = \"obstore\", which is not installed: pip install 'datanectar-s3[fast]'"
        raise ConfigurationError(msg) from error
    # A forked process does not have the threads that obstore made in the first one, and would wait for them for ever.
    return ObstoreClient(client, session, options) if os.getpid() == PROCESS else client


def _config(options: S3Options, session: Session) -> Config:
    """Returns the client's settings: ours, unless the AWS configuration or the option `config` says otherwise."""
    said = {*session.get_scoped_config(), *(name.removeprefix("AWS_").lower() for name in os.environ)}
    settings: dict[str, Any] = {
        "connect_timeout": _CONNECT_TIMEOUT,
        "read_timeout": _READ_TIMEOUT,
        "max_pool_connections": _CALLERS * options.threads,
        "retries": {},
    }
    if "retry_mode" not in said:
        settings["retries"]["mode"] = _RETRY_MODE
    if "max_attempts" not in said:
        settings["retries"]["total_max_attempts"] = _MOST_ATTEMPTS
    if "response_checksum_validation" not in said:
        # The storage layer's SHA-256 covers objects of many parts, too; and without this each fetch costs a HEAD more.
        settings["response_checksum_validation"] = "when_required"
    if options.checksums:
        settings["request_checksum_calculation"] = options.checksums
    return Config(**{**settings, **options.config})


def _check_reply(http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
    """Refuses a success that is not of S3, before anybody takes it for one."""
    if http_response.status_code >= 300:
        return
    missing = _TOLD.get(model.name, set()) - parsed.keys()
    if model.name == "DeleteObjects" and b"<DeleteResult" not in http_response.content:
        missing = {"DeleteResult"}
    if missing:
        if "Body" in parsed:
            parsed["Body"].close()  # nobody will read it, and so give its connection back
        raise ResponseParserError(f"the reply to {model.name} has no {', '.join(sorted(missing))}")


def _signer_of_links(signature_version: Any, **_: Any) -> str | None:
    return "s3v4-query" if signature_version in ("v4-query", "s3v4-query") else None
