"""Opens the storage layer that a name or a URL stands for."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from datanectar.configuration.active import current
from datanectar.configuration.files import Setting
from datanectar.configuration.options import completed, make_options
from datanectar.configuration.settings import Settings
from datanectar.contracts.storage import StorageBackend
from datanectar.errors import ConfigurationError
from datanectar.layer.options import LayerOptions
from datanectar.layer.signing import Signer
from datanectar.layer.storage_layer import StorageLayer
from datanectar.records import StorageType
from datanectar.registry import registry


def storage_layer(name_or_url: str | StorageLayer | None = None) -> StorageLayer:
    """Returns a storage layer.

    Args:
        name_or_url: A storage of the configuration (``lake``), a URL (``file:///path``, ``memory://``,
            ``s3://bucket/prefix``), or None for the one the settings choose. A layer is returned as it is.

    Raises:
        ConfigurationError: There is no storage of this name, or its options are wrong.
        PluginNotFoundError: Its type or URL scheme is not installed, disabled or unknown.
    """
    if isinstance(name_or_url, StorageLayer):
        return name_or_url
    settings = current()
    chosen = settings.choose("storage_layer", argument=name_or_url)
    if chosen is None:
        msg = f'profile {settings.profile!r} names no storage_layer; set one, such as storage_layer = "disk"'
        raise ConfigurationError(msg)
    if isinstance(chosen.value, StorageLayer):
        return chosen.value
    return open_layer(settings, chosen)


def open_layer(settings: Settings, chosen: Setting) -> StorageLayer:
    """Returns the layer of a chosen name or URL, made once per settings."""
    key = (StorageLayer, chosen.value)
    found = settings.cache.get(key)
    if found is None:
        opened = _from_url(settings, chosen) if "://" in chosen.value else _from_table(settings, chosen)
        found = settings.cache[key] = opened
    return found


def _from_table(settings: Settings, chosen: Setting) -> StorageLayer:
    name = chosen.value
    if name not in settings.names("storage"):
        known = ", ".join(settings.names("storage")) or "none"
        url = Path(name).absolute().as_uri() if "/" in name else "file:///data"
        msg = f"there is no storage {name!r} ({chosen.source}); configured: {known}. Or give a URL, such as {url}"
        raise ConfigurationError(msg)
    kind, options, layer_options = storage_options(settings, name)
    return _layer(settings, name, registry(settings).build(StorageType, kind, options), layer_options)


def storage_options(settings: Settings, name: str) -> tuple[str, Any, LayerOptions]:
    """Returns the type of a configured storage, and its options: those of the type, and those of every storage.

    Raises:
        ConfigurationError: An option is unknown, missing or of another type.
        PluginNotFoundError: The type is not installed, disabled or unknown.
    """
    where, table = f"storage.{name}", settings.table(f"storage.{name}")
    if "type" not in table:
        raise ConfigurationError(f"{where}.type is missing; set it to local, memory, s3, …")
    kind = str(table.pop("type").value)
    own = {key: table.pop(key) for key in list(table) if key in _LAYER_FIELDS}
    options = make_options(registry(settings).options_class(StorageType, kind), table, where=where, root=settings.root)
    return kind, options, make_options(LayerOptions, own, where=where, root=settings.root)


def _from_url(settings: Settings, chosen: Setting) -> StorageLayer:
    url = chosen.value
    scheme = url.partition("://")[0]
    found = registry(settings)
    kinds = [component.record for component in found.components(StorageType).values()]
    record = next((record for record in kinds if scheme in record.schemes), None)
    if record is None:
        _refuse_address_of_azure(url)
        record = found.find(StorageType, _FIRST_PARTY_SCHEMES.get(scheme, scheme))
    options_class: Any = found.options_class(StorageType, record.name)
    options = completed(options_class.from_url(url), where=url, root=settings.root)
    backend = found.build(StorageType, record.name, options)
    return _layer(settings, url, backend, LayerOptions())


def _refuse_address_of_azure(url: str) -> None:
    """Refuses a container's address as the portal shows it; what follows it may be a secret, so it is not shown."""
    parts = urlsplit(url)
    if parts.scheme in ("http", "https") and ".blob.core." in (parts.hostname or ""):
        raise ConfigurationError(f"a container of Azure is written az://{parts.hostname}{parts.path}, without https")


_LAYER_FIELDS = {field.name for field in dataclasses.fields(LayerOptions)}
_FIRST_PARTY_SCHEMES = {"az": "azure"}


def storage_backend(reference: str) -> StorageBackend:
    """Returns the backend of a storage of the configuration, or of a URL."""
    return storage_layer(reference).backend


def _layer(settings: Settings, reference: str, backend: StorageBackend, options: LayerOptions) -> StorageLayer:
    object.__setattr__(backend, "reopened", (storage_backend, (reference,)))  # also on a frozen dataclass
    signer = Signer(settings.get("signing_keys", []), settings.root)
    return StorageLayer(reference, backend, options, registry(settings), signer)
