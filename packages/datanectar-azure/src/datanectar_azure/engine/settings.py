"""obstore's stores, set up as the SDK's client is: with its endpoint, credentials, timeouts and retries."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from azure.storage.blob import BlobServiceClient
from obstore.store import AzureStore

from datanectar.errors import ConfigurationError
from datanectar_azure.connection import account_key
from datanectar_azure.options import AzureOptions

_SCOPE = "https://storage.azure.com/.default"
#: obstore's timeout for an answer runs while the request is sent; blocks time out on a link that is slower than this.
_SLOWEST_LINK = 256 << 10  # bytes per second, of all threads together
_NO_LIMIT = timedelta(days=1)  # for a whole body
_PAUSES = {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=15)}  # between tries
_LATEST_RETRY = timedelta(minutes=10)  # they are not signed anew, and the signature holds for 15
_UNNAMED = "unnamed"  # a domain of one's own does not tell the account, and only keys sign by its name
#: obstore follows it and the SDK does not; of all other variables that it knows, the stores are told otherwise.
_ONLY_OBSTORES = "AZURE_STORAGE_ENCRYPTION_KEY"


class Credentials:
    """The SDK's credential, as obstore asks for it.

    Attributes:
        failure: What the SDK raised when obstore asked last.
    """

    def __init__(self, service: BlobServiceClient, sas: str) -> None:
        self._service, self._sas = service, sas
        self.failure: Exception | None = None

    @property
    def none(self) -> bool:
        """Whether requests are not signed at all."""
        return self._service.credential is None and not self._sas

    def __call__(self) -> dict[str, Any]:
        """Returns the key, or the SAS, or a token, which is renewed where it is time."""
        self.failure = None
        if key := account_key(self._service):
            return {"access_key": key, "expires_at": None}
        if self._sas:
            return {"sas_token": self._sas, "expires_at": None}
        try:
            found = self._service.credential.get_token(_SCOPE)
        except Exception as error:
            self.failure = error
            raise
        return {"token": found.token, "expires_at": datetime.fromtimestamp(found.expires_on, UTC)}


class Stores(NamedTuple):
    """One container, in three ways.

    Attributes:
        answers: Waits for an answer as long as the SDK does, and tries again as often.
        blocks: Waits as long as large blocks may take to send.
        creates: Tries once. What came of it decides whoever commits, and tries again.
    """

    answers: AzureStore
    blocks: AzureStore
    creates: AzureStore


def stores(
    service: BlobServiceClient, credentials: Credentials, config: dict[str, Any], options: AzureOptions
) -> Stores:
    """Makes the stores that send requests where the SDK's client sends them.

    Args:
        service: The SDK's client.
        credentials: How it signs in.
        config: The settings that it was made with.
        options: The storage's options.
    """
    if _ONLY_OBSTORES in os.environ:
        raise ConfigurationError(f"obstore would follow {_ONLY_OBSTORES}, which the Azure SDK does not: unset it")
    told = {
        "account_name": getattr(service.credential, "account_name", service.account_name) or _UNNAMED,
        "endpoint": service.url.partition("?")[0].rstrip("/"),
        "use_emulator": False,
        "use_fabric_endpoint": False,
        "skip_signature": credentials.none,
        "disable_tagging": False,
    }
    connecting = {
        "allow_http": True,
        "allow_invalid_certificates": False,
        "connect_timeout": timedelta(seconds=config["connection_timeout"]),
        "timeout": _NO_LIMIT,
    }
    quick = timedelta(seconds=config["read_timeout"])
    patient = quick + timedelta(seconds=options.threads * config["max_block_size"] / _SLOWEST_LINK)

    def store(read_timeout: timedelta, retries: int) -> AzureStore:
        return AzureStore(
            options.container,
            config=told,
            client_options={**connecting, "read_timeout": read_timeout},
            retry_config={"max_retries": retries, "retry_timeout": _LATEST_RETRY, "backoff": _PAUSES},
            credential_provider=credentials,
        )

    retries = config["retry_total"]
    return Stores(store(quick, retries), store(patient, retries), store(quick, 0))
