"""Luigi for Datanectar: existing Luigi code gains names, caching and storage, and Luigi runs Datanectar's pipelines.

All public names are here and are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datanectar_luigi.filesystem import ArtifactFileSystem
    from datanectar_luigi.functions import as_luigi_task
    from datanectar_luigi.layer_parameter import StorageLayerParameter
    from datanectar_luigi.nectar import NectarTask
    from datanectar_luigi.target import ArtifactTarget

__all__ = ["ArtifactFileSystem", "ArtifactTarget", "NectarTask", "StorageLayerParameter", "as_luigi_task"]

_HOMES = {
    "ArtifactFileSystem": "filesystem",
    "ArtifactTarget": "target",
    "NectarTask": "nectar",
    "StorageLayerParameter": "layer_parameter",
    "as_luigi_task": "functions",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'datanectar_luigi' has no attribute {name!r}")
    value = getattr(import_module(f"datanectar_luigi.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
