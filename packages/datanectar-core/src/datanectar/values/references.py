"""Secrets are configured as references: ``env:NAME`` for a variable, ``file:PATH`` for a file."""

from __future__ import annotations

import os
import re
from pathlib import Path

from datanectar.errors import ConfigurationError

_KINDS = ("env:", "file:")


def is_reference(text: object) -> bool:
    """Whether this says where a secret is, and is not the secret itself."""
    return isinstance(text, str) and text.startswith(_KINDS)


def dereference(reference: str, key: str, root: Path) -> tuple[bytes, str]:
    """Returns a secret and where it is.

    Args:
        reference: ``env:NAME`` or ``file:PATH``; of a file, white space around the secret is left out.
        key: The key that has the reference, for messages.
        root: Where relative paths start.

    Raises:
        ConfigurationError: It is no reference, the variable is not set, or the file cannot be read.
    """
    kind, _, place = reference.partition(":")
    if kind == "env":
        if place not in os.environ:
            raise ConfigurationError(f"{key}: the variable {place} is not set")
        return os.environ[place].encode(), place
    if kind == "file":
        path = root / Path(place).expanduser()
        try:
            return path.read_bytes().strip(), str(path)
        except OSError as error:
            raise ConfigurationError(f"{key}: {path} cannot be read: {error.strerror}") from error
    # What was written may be a secret itself, so it is not repeated.
    raise ConfigurationError(f"{key}: write env:NAME or file:PATH, never the secret itself")


def hide_credentials(text: str) -> str:
    """Returns text with the user and password of every URL in it replaced by ``***``."""
    return re.sub(r"://[^/@\s]*@", "://***@", text)
