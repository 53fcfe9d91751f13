"""A clean store in memory for each test, out of reach of the developer's own settings and key."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from datanectar.configuration.active import settings
from datanectar.configuration.environment import PREFIX
from datanectar.configuration.settings import Settings
from datanectar.layer.opening import storage_layer
from datanectar.layer.signing import VARIABLE
from datanectar.layer.storage_layer import StorageLayer

_KEY = "known to everybody, for tests only"


@pytest.fixture
def memory_store(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorageLayer]:
    """A fresh, empty store, in which everything the test runs is kept; it is gone when the test ends.

    Nothing outside the test is touched or has a say: variables ``DATANECTAR_…`` are not seen, stores of the
    configuration (also those that policies and decorators name) are not used, steps run one after another in this
    process, and pickles are signed with a key for tests. The configuration file's other choices hold, such as
    serializers and naming.
    """
    with private_settings(monkeypatch, tmp_path_factory):
        store = storage_layer("memory://")
        with settings(storage_layer=store):  # opened once, so that blocks inside the test keep it
            yield store


@contextmanager
def private_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, **overrides: object
) -> Iterator[Settings]:
    """Settings out of reach of the developer's own variables, cache and key."""
    for variable in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv(VARIABLE, _KEY)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    with settings(orchestrator="local", workers=1, signing_keys=[], **overrides) as active:
        yield active
