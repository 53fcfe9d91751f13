"""Texts of messages: what several say, and what others say as it may be shown."""

from __future__ import annotations

import re

#: The options that hold credentials, and their variables.
CREDENTIALS = (
    "connection_string (AZURE_STORAGE_CONNECTION_STRING), account_key (AZURE_STORAGE_KEY) or sas_token "
    "(AZURE_STORAGE_SAS_TOKEN)"
)
_SIGNATURE = re.compile(r"(\bsig=)[^&\s'\"]+")
_LONGEST = 200


def without_signature(text: str) -> str:
    """Returns text with the signature of every SAS in it replaced by ``***``."""
    return _SIGNATURE.sub(r"\1***", text)


def shortened(error: Exception) -> str:
    """Returns the first sentences of what can be pages."""
    text = " ".join(without_signature(str(error)).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
