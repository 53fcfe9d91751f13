"""What is project code, by import name: its changes change names, those of libraries don't."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

_INSTALLED = ("site-packages", "dist-packages")


class Project:
    """The code of the project that a task is of.

    Args:
        module: The task's module.
        packages: Top-level packages that are project code wherever they are.

    Attributes:
        key: Equal for projects of the same code.
    """

    def __init__(self, module: str, packages: tuple[str, ...] = ()) -> None:
        spec = getattr(sys.modules.get(module), "__spec__", None) if module == "__main__" else None
        top = (spec.name if spec is not None else module).partition(".")[0]  # python -m package.module
        self._tops = {"__main__", top, *packages, *([module] if top == "datanectar" else [])}
        self._directory = _directory_of(top)
        self.key = (self._directory, *sorted(self._tops))
        self._known: dict[str, bool] = {}

    def has(self, module: str | None) -> bool:
        """Whether a module is project code."""
        if not module:
            return False
        top = module.partition(".")[0]
        if top == "datanectar":  # a library, with tasks for tests in it
            return module in self._tops
        found = self._known.get(top)
        if found is None:
            found = self._known[top] = top in self._tops or self._is_beside(top)
        return found

    def _is_beside(self, top: str) -> bool:
        """Whether a top-level module stands in the directory in which the task's does."""
        return bool(self._directory) and _directory_of(top) == self._directory


def _directory_of(top: str) -> str:
    """The directory that a top-level module is in; empty where that is one of libraries, or none."""
    if top == "__main__":
        file = getattr(sys.modules["__main__"], "__file__", None)
        directory = os.path.dirname(os.path.abspath(file)) if file else os.getcwd()
    else:
        try:
            spec = find_spec(top)
        except (ImportError, ValueError, AttributeError):
            spec = None
        if spec is None:
            return ""
        places = list(spec.submodule_search_locations or [])
        file = places[0] if places else spec.origin
        if not file or file in ("built-in", "frozen"):
            return ""
        directory = os.path.dirname(os.path.abspath(file))
    parts = directory.split(os.sep)
    is_library = any(part in _INSTALLED for part in parts) or directory == os.path.dirname(os.__file__)
    return "" if is_library else os.path.realpath(directory)
