"""Options of ``type = "azure"``, and what a URL says of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from datanectar import check_key
from datanectar.errors import ConfigurationError, InvalidKey

_CONTAINER = re.compile(r"(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*")
#: With the longest key there is, a blob's name then has no more than the 1 024 characters that the service takes.
_LONGEST_PREFIX = 200
#: Settings of the SDK that obstore follows, or that are of logs.
_KNOWN_TO_OBSTORE = {
    "connection_timeout",
    "http_logging_level",
    "logging_enable",
    "max_block_size",
    "read_timeout",
    "retry_total",
}


@dataclass(frozen=True)
class AzureOptions:
    """Options of ``type = "azure"``.

    Raises:
        ConfigurationError: One of them cannot be what it says.
    """

    container: str = field(metadata={"help": "The container; it must exist"})
    prefix: str = field(default="", metadata={"help": "What the names of all blobs start with, such as artifacts/eta"})
    account: str = field(default="", metadata={"help": "The storage account", "env": "AZURE_STORAGE_ACCOUNT"})
    account_url: str = field(
        default="",
        metadata={"help": "The account's blob endpoint, where it is not https://ACCOUNT.blob.core.windows.net"},
    )
    connection_string: str = field(
        default="",
        repr=False,
        metadata={
            "help": "Account and credentials in one; wins over the three below",
            "env": "AZURE_STORAGE_CONNECTION_STRING",
            "secret": True,
        },
    )
    account_key: str = field(
        default="",
        repr=False,
        metadata={"help": "A key of the account; wins over a SAS", "env": "AZURE_STORAGE_KEY", "secret": True},
    )
    sas_token: str = field(
        default="",
        repr=False,
        metadata={
            "help": "A shared access signature; without any of the three, DefaultAzureCredential signs in",
            "env": "AZURE_STORAGE_SAS_TOKEN",
            "secret": True,
        },
    )
    tier: Literal["", "hot", "cool", "cold"] = field(
        default="", metadata={"help": "The access tier of data; manifests have the account's own"}
    )
    tags: dict[str, str] = field(default_factory=dict, metadata={"help": "Index tags of every blob, a table"})
    encryption_scope: str = field(default="", metadata={"help": "The encryption scope that blobs are written with"})
    threads: int = field(default=8, metadata={"help": "How many requests carry one large object at once"})
    engine: Literal["azure-storage-blob", "obstore"] = field(
        default="azure-storage-blob",
        metadata={"help": "What moves bytes: 'obstore' is faster, and needs pip install 'datanectar-azure[fast]'"},
    )
    config: dict[str, Any] = field(
        default_factory=dict,
        repr=False,  # proxies may have passwords
        metadata={"help": "Keyword arguments of BlobServiceClient, such as retry_total, a table"},
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "prefix", self.prefix.strip("/"))
        if _CONTAINER.fullmatch(self.container) is None:
            msg = f"container {self.container!r} cannot exist: names are 3 to 63 of a-z 0-9 and single hyphens within"
            raise ConfigurationError(msg)
        try:
            if self.prefix:
                check_key(self.prefix)
        except InvalidKey as error:
            raise ConfigurationError(f"the prefix of container {self.container!r}: {error}") from error
        if len(self.prefix) > _LONGEST_PREFIX:
            raise ConfigurationError(f"prefix {self.prefix!r} is refused: it is longer than {_LONGEST_PREFIX} bytes")
        if self.account and not re.fullmatch(r"[a-z0-9]{3,24}", self.account):
            msg = f"account {self.account!r} cannot exist: names are 3 to 24 of a-z 0-9. An endpoint is account_url"
            raise ConfigurationError(msg)
        if self.threads < 1:
            raise ConfigurationError(f"threads = {self.threads} must be at least 1")
        _check_endpoint(self.account_url)
        if self.engine == "obstore":
            self._check_obstore()

    def _check_obstore(self) -> None:
        """Refuses what obstore would pass over."""
        ignored = [f"config.{name}" for name in sorted(self.config.keys() - _KNOWN_TO_OBSTORE)]
        if self.encryption_scope:
            ignored.insert(0, "encryption_scope")
        if ignored:
            msg = f'{", ".join(ignored)} would do nothing with engine = "obstore"; set engine = "azure-storage-blob"'
            raise ConfigurationError(msg)

    @classmethod
    def from_url(cls, url: str) -> AzureOptions:
        """Reads ``az://container/prefix``, or ``az://account.blob.core.windows.net/container/prefix``.

        With a port it is an emulator's, and the account is the first part of the path, as in
        ``az://127.0.0.1:10000/devstoreaccount1/container``.
        """
        parts = urlsplit(url)
        written = f"az://{parts.netloc.rpartition('@')[2]}{parts.path}"  # a query may well be a SAS, so it is not shown
        if "?" in url or "#" in url:
            msg = (
                f"{written} has a query or fragment, which says nothing here; a SAS goes to the variable "
                "AZURE_STORAGE_SAS_TOKEN, or to sas_token of a [storage] table"
            )
            raise ConfigurationError(msg)
        if "@" in parts.netloc:
            msg = (
                f"{written} has something before an @; name the account as az://ACCOUNT.blob.core.windows.net/CONTAINER"
            )
            raise ConfigurationError(msg)
        host, path = parts.netloc, unquote(parts.path).strip("/")
        if "." not in host and ":" not in host:  # a container's name has neither
            if not host:
                raise ConfigurationError(f"{written} names no container; write az://container/prefix")
            return cls(host, path)
        endpoint = f"https://{host}"
        if ":" in host:
            account, _, path = path.partition("/")
            endpoint = f"http://{host}/{account}"
        container, _, prefix = path.partition("/")
        if not container:
            raise ConfigurationError(
                f"{written} names no container; write az://{host}{parts.path.rstrip('/')}/CONTAINER"
            )
        return cls(container, prefix, account_url=endpoint)


def _check_endpoint(url: str) -> None:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.netloc or "@" in parts.netloc):
        msg = "account_url is not an endpoint; write https://ACCOUNT.blob.core.windows.net"
        raise ConfigurationError(msg)
    if parts.query or parts.fragment:
        msg = f"account_url has something behind {parts.netloc}{parts.path}; a SAS goes to sas_token"
        raise ConfigurationError(msg)
