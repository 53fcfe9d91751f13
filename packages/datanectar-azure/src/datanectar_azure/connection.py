"""From options to a client that is signed in: the credentials of the SDK, in the order in which they are tried."""

from __future__ import annotations

import base64
import logging
import os
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from azure.core.credentials import AzureSasCredential
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobServiceClient, ContainerClient

from datanectar.errors import ConfigurationError
from datanectar_azure.identity import Identity
from datanectar_azure.options import AzureOptions
from datanectar_azure.texts import CREDENTIALS, without_signature

#: Where the SDK's own do not fit; `config` wins over them. It would wait 15 seconds before it tries a second time: with
#: these, five retries take 20 seconds.
_DEFAULTS = {
    "retry_total": 5,
    "retry_status": 5,
    "initial_backoff": 0,
    "increment_base": 1.5,
    "random_jitter_range": 0.5,
    "connection_timeout": 10,
    "read_timeout": 60,
    "max_block_size": 4 << 20,
    "connection_data_block_size": 256 << 10,
    # What is fetched before several requests are at work, and is twice in memory: 8 MiB and a file's header.
    "max_single_get_size": (8 << 20) + (64 << 10),
    "http_logging_level": logging.DEBUG,  # at INFO every request takes a page of a task's log
}

#: How many sockets are kept open; the ten of the SDK are few for several threads that each carry a large object.
_KEPT_OPEN = 64


class Connection(NamedTuple):
    """A client of the account and one of the container; both may be used by any thread of this process."""

    service: BlobServiceClient
    container: ContainerClient


def connect(options: AzureOptions) -> Connection:
    """Makes the clients; no request is sent yet.

    Raises:
        ConfigurationError: There are no credentials, they cannot be used as they are, or two options name two accounts.
    """
    _hide_signatures()
    try:
        service = _service(options)
    except ConfigurationError:  # which is a ValueError, too
        raise
    except (TypeError, ValueError) as error:  # what the SDK says of its arguments; a secret is not in it
        raise ConfigurationError(f"no client can be made for container {options.container!r}: {error}") from error
    _check_key(service)
    container = service.get_container_client(options.container)
    return Connection(service, _with_obstore(container, service, options) if options.engine == "obstore" else container)


def _with_obstore(container: ContainerClient, service: BlobServiceClient, options: AzureOptions) -> Any:
    try:
        from datanectar_azure.engine.container import PROCESS, ObstoreContainer
    except ImportError as error:
        msg = (
            f'container {options.container!r} has engine = "obstore", which is not installed: '
            "pip install 'datanectar-azure[fast]'"
        )
        raise ConfigurationError(msg) from error
    # A forked process does not have the threads that obstore made in the first one, and would wait for them for ever.
    if os.getpid() != PROCESS:
        return container
    return ObstoreContainer(container, service, {**_DEFAULTS, **options.config}, options)


def _service(options: AzureOptions) -> BlobServiceClient:
    config = {**_DEFAULTS, **options.config}
    if "transport" not in config:
        config["transport"] = _transport(config)
    if options.connection_string:
        return _from_connection_string(options, config)
    if not options.account and not options.account_url:
        msg = (
            f"nothing says which storage account container {options.container!r} is in: set account "
            "(AZURE_STORAGE_ACCOUNT), account_url, or connection_string (AZURE_STORAGE_CONNECTION_STRING)"
        )
        raise ConfigurationError(msg)
    url = options.account_url or f"https://{options.account}.blob.core.windows.net"
    if options.account_key:
        credential: Any = options.account_key
        if ".blob." not in url and options.account:  # a domain of one's own does not tell the account
            credential = {"account_name": options.account, "account_key": options.account_key}
    elif options.sas_token:
        credential = AzureSasCredential(options.sas_token.lstrip("?"))
    elif url.startswith("http://"):
        raise ConfigurationError(f"no credentials: set {CREDENTIALS}; those of `az login` are for https only")
    else:
        credential = Identity()
    return BlobServiceClient(url, credential=credential, **config)


def _transport(config: dict[str, Any]) -> RequestsTransport:
    made = RequestsTransport(**config)
    made.open()
    for adapter in made.session.adapters.values():
        adapter.init_poolmanager(_KEPT_OPEN, _KEPT_OPEN)
    return made


def _from_connection_string(options: AzureOptions, config: dict[str, Any]) -> BlobServiceClient:
    where = "connection_string (AZURE_STORAGE_CONNECTION_STRING)"
    try:
        service = BlobServiceClient.from_connection_string(options.connection_string, **config)
    except ValueError as error:
        msg = (
            f"{where} is malformed: copy all of it, 'DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;"
            "EndpointSuffix=core.windows.net', from the account's access keys"
        )
        raise ConfigurationError(msg) from error
    endpoint = urlsplit(options.account_url)
    for option, given, found in (
        ("account (AZURE_STORAGE_ACCOUNT)", options.account, service.account_name),
        ("account_url", f"{endpoint.netloc}{endpoint.path}".rstrip("/"), service.primary_hostname),
    ):
        if given and given != found:
            msg = f"{option} says {given}, but {where} is of {found}: set one of the two"
            raise ConfigurationError(msg)
    return service


def account_key(service: BlobServiceClient) -> str:
    """The account's key, where that is the credential, or an empty string."""
    return str(getattr(service.credential, "account_key", ""))


def sas_of(options: AzureOptions) -> str:
    """The SAS among the options, or an empty string; one in a connection string counts."""
    fields = (part.partition("=") for part in options.connection_string.split(";"))
    within = {name.strip().lower(): value for name, _, value in fields}
    return within.get("sharedaccesssignature", "") if options.connection_string else options.sas_token


def _check_key(service: BlobServiceClient) -> None:
    try:
        base64.b64decode(account_key(service), validate=True)
    except ValueError as error:
        msg = (
            "the account's key is not one: copy all of it to account_key (AZURE_STORAGE_KEY), or to AccountKey of the "
            "connection string; it is base64"
        )
        raise ConfigurationError(msg) from error


def _hide_signatures() -> None:
    """At level DEBUG urllib3 logs URLs with all that is in them."""
    logging.getLogger("urllib3.connectionpool").addFilter(_hide_in_record)


def _hide_in_record(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple):
        record.args = tuple(without_signature(value) if isinstance(value, str) else value for value in record.args)
    return True
