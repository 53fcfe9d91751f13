"""Help for tests: a fixture for pipelines, and kits for plugin authors.

``pytest_plugins = ["datanectar.testing"]`` in ``conftest.py`` makes its fixtures known; the kits are imported and
subclassed. It needs pytest (the extra ``datanectar-core[testing]``) and is imported by nothing else of Datanectar.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("datanectar.testing.storage")  # before it is imported: its asserts show values

from datanectar.testing.memory import memory_store  # noqa: E402
from datanectar.testing.storage import StorageConformance  # noqa: E402

__all__ = ["StorageConformance", "memory_store"]
