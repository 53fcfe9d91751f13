"""Errors of obstore, as the SDK's. They are made of the text that they are, for they tell nothing else."""

from __future__ import annotations

import re
import socket
from typing import NamedTuple

from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError, ServiceResponseError
from obstore.exceptions import BaseError

#: What calls raise: that something is not found is Python's own error.
OBSTORE_ERRORS = (BaseError, OSError, NotImplementedError)

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>([^<]*)</Code>")
#: Said of a success that lacks what the service's have.
_STRANGE = re.compile(r"Header missing from response|Got invalid \w+ response")
_BEYOND_THE_END = "Wanted range starting at"


class Answer(NamedTuple):
    """What is known of the service's answer, under the names that the SDK gives it."""

    status_code: int
    headers: dict[str, str]


def refused(status: int, code: str, said: str = "") -> HttpResponseError:
    """Returns what the SDK raises of an answer that is no success."""
    error = HttpResponseError(said or code)
    error.status_code, error.response = status, Answer(status, {"x-ms-error-code": code} if code else {})
    return error


def sdk_error(error: Exception) -> AzureError:
    """Returns the error that the SDK would have raised.

    What cannot be read off is taken for an answer that did not come: it may or may not have been done.
    """
    said, _, details = str(error).partition("\n\nDebug source:")
    if status := _STATUS.search(said):
        return refused(int(status[1]), "".join(_CODE.findall(said)[:1]), said)
    if _STRANGE.search(said):
        return refused(200, "", said)
    if _BEYOND_THE_END in said:
        return refused(416, "InvalidRange", said)
    if "Name or service not known" in details:
        return ServiceRequestError(said, error=socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
    return ServiceRequestError(said) if "kind: Connect" in details else ServiceResponseError(said)


def code_of(error: AzureError) -> str:
    """Returns the service's code of an error, or an empty string."""
    answer = getattr(error, "response", None)
    return answer.headers.get("x-ms-error-code", "") if answer else ""
