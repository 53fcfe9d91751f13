"""What the service's error codes come to: one table."""

from __future__ import annotations

from typing import NamedTuple

from datanectar.errors import (
    AlreadyExists,
    KeyNotFound,
    StorageAccessError,
    StorageError,
    StorageUnavailable,
    StoreNotFound,
)
from datanectar_azure.texts import CREDENTIALS


class Meaning(NamedTuple):
    """What an answer of the service comes to.

    Attributes:
        error: The class of error that is raised.
        advice: What is wrong and what to do; {key}, {container}, {account} and {right} are filled in.
    """

    error: type[StorageError]
    advice: str


#: What credentials need, by what was to be done.
RIGHTS = {
    "read": "the role Storage Blob Data Reader, or a SAS with r",
    "list": "the role Storage Blob Data Reader, or a SAS with l",
    "write": "the role Storage Blob Data Contributor (Owner where tags are set), or a SAS with c and w",
    "create": "the role Storage Blob Data Contributor (Owner where tags are set), or a SAS with c",
    "delete": "the role Storage Blob Data Contributor, or a SAS with d",
    "link to": "the role Storage Blob Delegator for the account",
}
_DENIED = Meaning(StorageAccessError, "the credentials do not allow it; they need {right}")
_WRONG = Meaning(StorageAccessError, f"the credentials are not accepted: check {CREDENTIALS}")
_THROTTLED = Meaning(StorageUnavailable, "throttled; use fewer workers or threads, or raise config.retry_total")
_AWAY = Meaning(StorageUnavailable, "the service asks to try again later")
STRANGE = Meaning(StorageUnavailable, "this is no answer of Azure Blob Storage: check account_url and proxies")
_REFUSED = Meaning(
    StorageError, "the service does not take this request as it is; its own words are this error's cause"
)
_NO_CONTAINER = Meaning(
    StoreNotFound,
    "account {account} has no container {container!r}: correct the option container, or make it with "
    "`az storage container create --account-name {account} --name {container}`",
)
_IMMUTABLE = Meaning(StorageAccessError, "an immutability policy or legal hold protects it, which an owner can lift")
_LEASED = Meaning(StorageAccessError, "somebody holds a lease on it: end it with `az storage blob lease break`")
_THAWING = Meaning(StorageError, "it is in the archive tier: set its tier to hot or cool, and wait until it is back")
_TAKEN = Meaning(AlreadyExists, "it is there already")

_BY_CODE = {
    "BlobNotFound": Meaning(KeyNotFound, "it is not there"),
    "ContainerNotFound": _NO_CONTAINER,
    "ContainerBeingDeleted": Meaning(StoreNotFound, "container {container!r} is just being deleted"),
    "ContainerDisabled": Meaning(StoreNotFound, "container {container!r} is disabled"),
    "AccountIsDisabled": Meaning(StorageAccessError, "account {account} is disabled"),
    "ServerBusy": _THROTTLED,
    "TooManyRequests": _THROTTLED,
    "ConditionNotMet": Meaning(StorageUnavailable, "it was replaced meanwhile; try again"),
    "AuthenticationFailed": _WRONG,
    "InvalidAuthenticationInfo": _WRONG,
    "NoAuthenticationInformation": _WRONG,
    "PublicAccessNotPermitted": _WRONG,
    "AuthorizationFailure": Meaning(
        StorageAccessError,
        f"the credentials are not accepted, or the account's firewall does not know this machine: check {CREDENTIALS}, "
        "then the account's networking",
    ),
    "AuthorizationPermissionMismatch": _DENIED,
    "InsufficientAccountPermissions": _DENIED,
    "UnauthorizedBlobOverwrite": Meaning(StorageAccessError, "it is there, and a SAS without w overwrites nothing"),
    "AuthorizationResourceTypeMismatch": Meaning(
        StorageAccessError, "sas_token is not for blobs in a container: make one for the container, or with srt=co"
    ),
    "AuthorizationServiceMismatch": Meaning(StorageAccessError, "sas_token is not for blobs: make one with ss=b"),
    "AuthorizationProtocolMismatch": Meaning(StorageAccessError, "sas_token is for https only: correct account_url"),
    "AuthorizationSourceIPMismatch": Meaning(
        StorageAccessError, "sas_token is for other addresses than this machine's"
    ),
    "KeyBasedAuthenticationNotPermitted": Meaning(
        StorageAccessError,
        "account {account} takes no keys: unset account_key and connection_string, and sign in with `az login` or a "
        "managed identity (pip install 'datanectar-azure[identity]')",
    ),
    "BlobImmutableDueToPolicy": _IMMUTABLE,
    "BlobImmutableDueToLegalHold": _IMMUTABLE,
    "LeaseIdMissing": _LEASED,
    "LeaseIdMismatchWithBlobOperation": _LEASED,
    "SnapshotsPresent": Meaning(StorageAccessError, "it has snapshots, which somebody made: delete them first"),
    "BlobArchived": _THAWING,
    "BlobBeingRehydrated": _THAWING,
}
#: Answers to a create that mean that the key is taken. The third is for a SAS that may create but not overwrite.
_OF_CREATE = dict.fromkeys(("BlobAlreadyExists", "ConditionNotMet", "UnauthorizedBlobOverwrite"), _TAKEN)
_BY_STATUS = {401: _WRONG, 403: _DENIED, 404: _NO_CONTAINER, 408: _AWAY, 429: _THROTTLED, 501: _REFUSED, 505: _REFUSED}


def meaning(action: str, code: str, status: int) -> Meaning:
    """Returns what an answer means.

    Args:
        action: What was to be done, one of `RIGHTS`. Only a "create" learns that a key is taken.
        code: The service's error code; empty where the answer had none.
        status: The answer's HTTP status.
    """
    if status == 404 and not code:  # a web server's: the service names what is not there
        return STRANGE
    found = (action == "create" and _OF_CREATE.get(code)) or _BY_CODE.get(code) or _BY_STATUS.get(status)
    if found:
        return found
    if status >= 500:
        return _AWAY
    return _REFUSED if status >= 400 else STRANGE
