"""Opens the feature store that the settings choose."""

from __future__ import annotations

from datanectar.configuration.active import current
from datanectar.contracts.features import FeatureStore
from datanectar.errors import ConfigurationError
from datanectar.records import FeatureStoreType
from datanectar.registry import registry


def feature_store(name: str | None = None) -> FeatureStore:
    """Returns a feature store.

    Args:
        name: Its name; by default the one the profile chooses.

    Raises:
        ConfigurationError: No feature store is chosen, or its options are wrong.
        PluginNotFoundError: It is not installed, disabled or unknown.
    """
    settings = current()
    chosen = settings.choose("feature_store", argument=name)
    if chosen is None:
        msg = f'profile {settings.profile!r} names no feature_store; set one, such as feature_store = "feast"'
        raise ConfigurationError(msg)
    where = f"feature_stores.{chosen.value}"
    key = (FeatureStore, chosen.value)
    if key not in settings.cache:
        settings.cache[key] = registry(settings).make(
            FeatureStoreType, chosen.value, settings.table(where), where=where, root=settings.root
        )
    return settings.cache[key]  # type: ignore[no-any-return]
