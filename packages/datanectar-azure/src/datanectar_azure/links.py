"""Links: a SAS of one blob, to read it for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from azure.storage.blob import BlobSasPermissions, generate_blob_sas

from datanectar.errors import UnsupportedError
from datanectar_azure.connection import Connection, account_key

_LONGEST_OF_IDENTITY = 7 * 24 * 3600
_CLOCKS_DIFFER = timedelta(minutes=5)


def link(connection: Connection, name: str, expires: int) -> str:
    """Returns a URL that reads a blob for `expires` seconds.

    Raises:
        UnsupportedError: The credentials cannot sign one, or not one that holds this long.
    """
    service, container = connection
    now = datetime.now(UTC)
    until = now + timedelta(seconds=expires)
    key = account_key(service)
    if not key and not hasattr(service.credential, "get_token"):
        msg = (
            "a SAS signs no links: set account_key (AZURE_STORAGE_KEY) or a connection_string with one, or sign in by "
            "`az login` or a managed identity"
        )
        raise UnsupportedError(msg)
    if not key and expires > _LONGEST_OF_IDENTITY:
        msg = f"links that an identity signs hold 7 days at most, not {expires} s; set account_key (AZURE_STORAGE_KEY)"
        raise UnsupportedError(msg)
    signed_by = (
        {"account_key": key}
        if key
        else {"user_delegation_key": service.get_user_delegation_key(now - _CLOCKS_DIFFER, until)}
    )
    signature = generate_blob_sas(
        service.account_name,
        container.container_name,
        name,
        permission=BlobSasPermissions(read=True),
        expiry=until,
        protocol="https" if service.scheme == "https" else None,
        **signed_by,
    )
    return f"{container.get_blob_client(name).url}?{signature}"
