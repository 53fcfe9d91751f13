"""Processes that change the registry at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def race(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    monkeypatch.setenv("RACE_ONLINE_STORE", "online.db")  # set anew by the race
    import race

    yield race
    del sys.modules["race"]


def test_of_eight_processes_that_apply_and_materialize_at_once_nothing_is_lost(
    race: ModuleType, tmp_path: Path
) -> None:
    outcome = race.race("datanectar", tmp_path)
    assert (outcome.views, outcome.intervals, outcome.refused) == (8, 8, [])
