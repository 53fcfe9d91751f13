"""What a process of the kits takes over with each call, since fixtures change it from test to test."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple


class Surroundings(NamedTuple):
    """Environment, import path and working directory."""

    environment: dict[str, str]
    path: list[str]
    directory: str

    @classmethod
    def here(cls) -> Surroundings:
        """Those of this process."""
        return cls(dict(os.environ), list(sys.path), os.getcwd())

    def adopt(self) -> None:
        """Makes them this process's own."""
        os.environ.clear()
        os.environ.update(self.environment)
        sys.path[:] = self.path
        os.chdir(self.directory)
