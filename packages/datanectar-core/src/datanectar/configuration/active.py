"""Which settings are in force here and now."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from datanectar.configuration.settings import Settings, load_settings

_active: ContextVar[Settings | None] = ContextVar("datanectar_settings", default=None)
_loaded: dict[tuple[str, ...], Settings] = {}
_VARIABLES = ("DATANECTAR_PROFILE", "DATANECTAR_STORAGE_LAYER", "DATANECTAR_ORCHESTRATOR")


def current() -> Settings:
    """Returns the settings in force: those of the innermost `settings` block, else those of the directory.

    They are read once per working directory, profile, storage layer and orchestrator of the environment.
    """
    active = _active.get()
    if active is not None:
        return active
    place = (os.getcwd(), *(os.environ.get(name, "") for name in _VARIABLES))
    found = _loaded.get(place)
    if found is None:
        found = _loaded[place] = load_settings(Path(place[0]), {})
    return found


@contextmanager
def hold(held: Settings) -> Iterator[None]:
    """Keeps settings in force for a block, which then need not be looked up again and again."""
    token = _active.set(held)
    try:
        yield
    finally:
        _active.reset(token)


@contextmanager
def settings(**overrides: Any) -> Iterator[Settings]:
    """Changes settings inside a ``with`` block, as tests do with ``settings(storage_layer="memory://")``.

    Files and environment are read anew; a bare ``memory://`` is a fresh, empty store in each block.

    Args:
        **overrides: ``storage_layer``, ``profile``, ``orchestrator``, ``feature_store``, ``workers``, ``naming``,
            ``project``, ``project_packages``, ``record_source`` or ``signing_keys``. They win over environment,
            policies, decorators and files, and lose to arguments of `run`.

    Raises:
        ConfigurationError: An override is unknown or of the wrong type, or the configuration is wrong.
    """
    token = _active.set(load_settings(Path(os.getcwd()), overrides))
    try:
        yield current()
    finally:
        _active.reset(token)
