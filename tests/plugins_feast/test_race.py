"""Processes that apply, publish and materialise at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def race(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import race

    yield race
    del sys.modules["race"]


def test_of_eight_processes_that_apply_publish_and_materialise_at_once_nothing_is_lost(
    race: ModuleType, tmp_path: Path
) -> None:
    found = race.race("datanectar", tmp_path)
    assert found.refused == []
    assert (found.views, found.materialized, found.online, found.known) == (8, 8, 8, 8)
