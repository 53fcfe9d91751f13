"""Help for tests: a fixture for pipelines, and kits for plugin authors.

``pytest_plugins = ["datanectar.testing"]`` in ``conftest.py`` makes its fixtures known; the kits are imported and
subclassed. They need pytest and hypothesis (the extra ``datanectar-core[testing]``); nothing else of Datanectar imports
this. What is here is imported when it is first used: worker processes import the tasks of the kits, and no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datanectar.testing.feature_store import FeatureStoreConformance
    from datanectar.testing.memory import memory_store
    from datanectar.testing.naming import NamingConformance
    from datanectar.testing.orchestrator import OrchestratorConformance
    from datanectar.testing.plugin_checks import CheckedPlugin, check_plugin
    from datanectar.testing.sameness import assert_same
    from datanectar.testing.serializer import SerializerConformance
    from datanectar.testing.serving import services
    from datanectar.testing.storage import StorageConformance

__all__ = [
    "CheckedPlugin",
    "FeatureStoreConformance",
    "NamingConformance",
    "OrchestratorConformance",
    "SerializerConformance",
    "StorageConformance",
    "assert_same",
    "check_plugin",
    "memory_store",
    "services",
]

_HOMES = {
    "CheckedPlugin": "plugin_checks",
    "FeatureStoreConformance": "feature_store",
    "NamingConformance": "naming",
    "OrchestratorConformance": "orchestrator",
    "SerializerConformance": "serializer",
    "StorageConformance": "storage",
    "assert_same": "sameness",
    "check_plugin": "plugin_checks",
    "memory_store": "memory",
    "services": "serving",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "StorageConformance":
        import pytest

        pytest.register_assert_rewrite(f"{__name__}.storage")  # before it is imported: its asserts show values
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    """What pytest looks through for fixtures: of what is imported later, these alone."""
    return [*globals(), "memory_store", "services"]
