"""Errors of obstore, as the SDK's. They are made of the text that they are, for they tell nothing else."""

from __future__ import annotations

import re
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from botocore.parsers import ResponseParserError
from obstore.exceptions import BaseError

#: What calls raise: that something is not found is Python's own error.
OBSTORE_ERRORS = (BaseError, OSError, NotImplementedError)

_STATUS = re.compile(r"status code: (\d{3})")
_FIELD = re.compile(r"<(Code|Message|Region)>([^<]*)</")
_WHERE = re.compile(r"Error performing [A-Z]+ (\w+://[^/\s]+)")


def sdk_error(error: Exception, operation: str) -> Exception:
    """Returns the error that the SDK would have raised.

    What cannot be read off is taken for a reply that nobody understands: it may or may not have been done.
    """
    said, _, details = str(error).partition("\n\nDebug source:")
    status = "301" if "Received redirect" in said else "".join(_STATUS.findall(said)[:1])
    where = "".join(_WHERE.findall(said)[:1])
    found: Exception
    if status:
        fields: dict[str, Any] = {"Code": status, **dict(_FIELD.findall(said))}
        found = ClientError({"Error": fields, "ResponseMetadata": {"HTTPStatusCode": int(status)}}, operation)
    elif "kind: Connect" in details:
        found = EndpointConnectionError(endpoint_url=where, error=error)
    elif "kind: Timeout" in details:
        found = ReadTimeoutError(endpoint_url=where, error=error)
    elif "HTTP error" in said:
        found = ConnectionClosedError(endpoint_url=where, error=error)
    else:
        found = ResponseParserError(said)
    return found
