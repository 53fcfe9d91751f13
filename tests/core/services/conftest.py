"""What services say, kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from datanectar.services.output import OURS


class Heard(list[tuple[str, str]]):
    """An output: called with a name and a line, it keeps them."""

    def __call__(self, name: str, line: str) -> None:
        self.append((name, line))

    def of(self, name: str = OURS) -> list[str]:
        """Returns the lines of one name, by default what the supervisor itself says."""
        return [line for who, line in self if who == name]


@pytest.fixture
def heard() -> Callable[[str, str], None]:
    """An output that keeps what it is given."""
    return Heard()
