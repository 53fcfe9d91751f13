"""Credentials that azure-identity finds: of a managed identity, of ``az login``, of the environment."""

from __future__ import annotations

import logging
from typing import Any

from azure.core.exceptions import ClientAuthenticationError

from datanectar.errors import ConfigurationError, StorageAccessError
from datanectar_azure.texts import CREDENTIALS, shortened


class Identity:
    """`DefaultAzureCredential`; where it finds nothing, that is said at once, and not after five retries."""

    def __init__(self) -> None:
        try:
            from azure.identity import DefaultAzureCredential
        except ImportError as error:
            msg = (
                f"no credentials: set {CREDENTIALS}; or, for managed identities, `az login` and all else that "
                "DefaultAzureCredential finds, pip install 'datanectar-azure[identity]'"
            )
            raise ConfigurationError(msg) from error
        # Where nobody asked for logs, a page on standard error is not what should tell of it.
        logging.getLogger("azure.identity").addHandler(logging.NullHandler())
        self._found = DefaultAzureCredential()

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """What the SDK asks for; `get_token_info` is its newer form."""
        return self._asked(self._found.get_token, *scopes, **options)

    def get_token_info(self, *scopes: str, **options: Any) -> Any:
        return self._asked(self._found.get_token_info, *scopes, **options)

    def _asked(self, ask: Any, *scopes: str, **options: Any) -> Any:
        try:
            return ask(*scopes, **options)
        except ClientAuthenticationError as error:
            msg = (
                f"no credentials: set {CREDENTIALS}, or sign in, as with `az login`. DefaultAzureCredential says: "
                f"{shortened(error)}"
            )
            raise StorageAccessError(msg) from error
