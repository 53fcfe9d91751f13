"""What a pickle of a backend made by hand holds: its options without the secrets, which the environment must have."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

from datanectar.errors import ConfigurationError, UnsupportedError
from datanectar_azure.options import AzureOptions


def reduced(backend: type, options: AzureOptions) -> tuple[Any, ...]:
    """Returns what makes the backend again, in a process whose environment has the same secrets as this one's.

    Raises:
        UnsupportedError: A secret is not in the environment, so it would have to be in the pickle; or a setting of the
            SDK may hold one, as a proxy's URL does.
    """
    for name, value in options.config.items():
        if not isinstance(value, (int, float)):
            msg = (
                f"a backend that was made by hand with config.{name} is not pickled, for that may hold a secret: open "
                "the store by its name in the configuration, as with storage_layer('lake')"
            )
            raise UnsupportedError(msg)
    secrets = {
        field.name: field.metadata["env"]
        for field in dataclasses.fields(options)
        if field.metadata.get("secret") and getattr(options, field.name)
    }
    for name, variable in secrets.items():
        if os.environ.get(variable) != getattr(options, name):
            msg = (
                f"a backend that was made by hand with {name} is not pickled, for the pickle would hold it: open the "
                f"store by its name in the configuration, as with storage_layer('lake'), or set {variable} to the same"
            )
            raise UnsupportedError(msg)
    without: dict[str, Any] = dict.fromkeys(secrets, "")
    return remade, (backend, dataclasses.replace(options, **without), secrets)


def remade(backend: Any, options: AzureOptions, secrets: dict[str, str]) -> Any:
    """Makes a backend from what `reduced` returned, and the secrets of this process's environment."""
    missing = [variable for variable in secrets.values() if variable not in os.environ]
    if missing:
        raise ConfigurationError(f"this process cannot open container {options.container!r}: set {', '.join(missing)}")
    found: dict[str, Any] = {name: os.environ[variable] for name, variable in secrets.items()}
    return backend(dataclasses.replace(options, **found))
