"""What the SDK raises, in Datanectar's words."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from azure.core.exceptions import AzureError, ServiceRequestError

from datanectar.errors import (
    AlreadyExists,
    KeyNotFound,
    StorageError,
    StorageUnavailable,
    StoreNotFound,
)
from datanectar_azure.outcomes import RIGHTS, STRANGE, meaning
from datanectar_azure.texts import shortened, without_signature

#: What the SDK raises of answers that lack what those of the service have.
_LACKING: dict[str, tuple[type[Exception], ...]] = {"read": (ValueError,), "list": (ValueError, AttributeError)}
_SKEW = 900.0  # seconds; a request that was signed with a key longer ago than this, or later than now, is refused


class Place(NamedTuple):
    """Where a request went, for messages.

    Attributes:
        url: The store's address.
        container: Its container.
        account: Its account.
        sas: The SAS in use, or an empty string.
    """

    url: str
    container: str
    account: str
    sas: str


class typed_errors:
    """A block in which Datanectar's errors stand for those of the SDK, which are kept as their cause."""

    __slots__ = ("_action", "_key", "_place")

    def __init__(self, place: Place, action: str, key: str = "") -> None:
        self._place, self._action, self._key = place, action, key

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, AzureError):
            raise typed_error(error, self._place, self._action, self._key) from error
        if isinstance(error, _LACKING.get(self._action, ())) and not isinstance(error, StorageError):
            _scrub(error)
            raise STRANGE.error(f"cannot {self._action} {_what(self._key, self._place)}: {STRANGE.advice}") from error


def typed_error(error: AzureError, place: Place, action: str, key: str) -> StorageError:
    """Returns what an error of the SDK means."""
    _scrub(error)
    response = getattr(error, "response", None)
    code = _code(error, response)
    if response is None:
        kind, advice = _without_answer(error, place)
        return kind(f"cannot {action} {_what(key, place)}: {advice}")
    return answered(place, action, key, code, response)


def answered(place: Place, action: str, key: str, code: str, response: Any) -> StorageError:
    """Returns what an answer of the service means."""
    status = response.status_code
    kind, advice = meaning(action, code, status)
    if kind is KeyNotFound:
        return KeyNotFound(f"{key} is not in {place.url}")
    if kind is AlreadyExists:
        return AlreadyExists(f"{key} exists in {place.url}")
    if status in (401, 403):
        advice = "; ".join([*_seen_from_here(place, response), advice])
    advice = advice.format(container=place.container, account=place.account, right=RIGHTS[action])
    return kind(f"cannot {action} {_what(key, place)}: {code or 'no error code'} ({status}): {advice}")


def _code(error: AzureError, response: Any) -> str:
    found = getattr(error, "error_code", None) or (response is not None and response.headers.get("x-ms-error-code"))
    return str(getattr(found, "value", found) or "")


def _what(key: str, place: Place) -> str:
    return f"{key} in {place.url}" if key else place.url


def _seen_from_here(place: Place, response: Any) -> Iterator[str]:
    """What this machine knows of a refusal, which the service says differently at each time, or not at all."""
    now, theirs = datetime.now(UTC), _time(parsedate_to_datetime, response.headers.get("Date", ""))
    ahead = (now - theirs).total_seconds() if theirs else 0
    if abs(ahead) > _SKEW:
        side = "ahead of" if ahead > 0 else "behind"
        yield f"this machine's clock is {abs(ahead) / 60:.0f} min {side} the service's: set it by the network"
    fields = {name: values[0] for name, values in parse_qs(place.sas).items()}
    until = _time(datetime.fromisoformat, fields.get("se", ""))
    if until and until < now:
        yield f"sas_token expired at {fields['se']}: make a new one"
    elif "sp" in fields:
        yield f"sas_token has the permissions {fields['sp']!r}"


def _time(parse: Callable[[str], datetime], text: str) -> datetime | None:
    try:
        return parse(text).replace(tzinfo=UTC)
    except ValueError:
        return None


def _without_answer(error: AzureError, place: Place) -> tuple[type[StorageError], str]:
    """What it means that there is no answer of the service."""
    unresolved = next((cause for cause in _chain(error) if isinstance(cause, socket.gaierror)), None)
    if unresolved is not None and unresolved.errno != socket.EAI_AGAIN:
        return StoreNotFound, (
            f"there is no server of account {place.account}, its name does not resolve: correct account "
            "(AZURE_STORAGE_ACCOUNT) or account_url"
        )
    if isinstance(error, ServiceRequestError):
        return StorageUnavailable, (
            f"the server cannot be reached; check the network, account_url and proxies: {shortened(error)}"
        )
    return StorageUnavailable, f"the answer did not come, or broke off: {shortened(error)}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error, and those that led to it, which some libraries keep as arguments."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        found = waiting.pop()
        if isinstance(found, BaseException) and id(found) not in seen:
            seen.add(id(found))
            yield found
            within = (getattr(found, name, None) for name in ("inner_exception", "reason"))
            waiting += [found.__cause__, found.__context__, *within, *found.args]


def _scrub(error: BaseException) -> None:
    """Takes the signature of a SAS out of the URLs that an error and its causes tell of."""
    for found in _chain(error):
        found.args = tuple(without_signature(it) if isinstance(it, str) else it for it in found.args)
        if isinstance(getattr(found, "message", None), str):
            found.message = without_signature(found.message)  # type: ignore[attr-defined]
