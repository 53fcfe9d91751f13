"""A store in memory, and tasks that tell how often they ran."""

from collections.abc import Iterator

import pytest

import datanectar as dn


@pytest.fixture
def memory() -> Iterator[dn.StorageLayer]:
    """Results go to a fresh store in memory."""
    with dn.settings(storage_layer="memory://"):
        yield dn.storage_layer()


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> list[str]:
    """What the tasks of a test module noted: its list RAN, emptied."""
    monkeypatch.setattr(request.module, "RAN", [])
    return request.module.RAN
