"""Help for tests: ``pytest_plugins = ["datanectar.testing"]`` in ``conftest.py`` makes its fixtures known.

It needs pytest (the extra ``datanectar-core[testing]``) and is imported by nothing else of Datanectar.
"""

from __future__ import annotations

from datanectar.testing.memory import memory_store

__all__ = ["memory_store"]
