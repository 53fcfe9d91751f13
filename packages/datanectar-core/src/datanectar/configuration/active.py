"""Which settings are in force here and now."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from datanectar.configuration.settings import Settings, load_settings
from datanectar.errors import ConfigurationError

_active: ContextVar[Settings | None] = ContextVar("datanectar_settings", default=None)
_loaded: dict[tuple[str | None, ...], Settings] = {}


def current() -> Settings:
    """Returns the settings in force: those of the innermost `settings` block, else those of the directory.

    They are read once per working directory, profile, storage layer and orchestrator of the environment.
    """
    active = _active.get()
    if active is not None:
        return active
    directory, variable = _working_directory(), os.environ.get
    place = (
        directory,
        variable("DATANECTAR_PROFILE"),
        variable("DATANECTAR_STORAGE_LAYER"),
        variable("DATANECTAR_ORCHESTRATOR"),
    )
    found = _loaded.get(place)
    if found is None:
        found = _loaded[place] = load_settings(Path(directory), {})
    return found


def _working_directory() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError as error:
        raise ConfigurationError("the working directory was deleted; change to one that exists") from error


class hold:
    """Keeps settings in force for a block, which then need not be looked up again and again."""

    __slots__ = ("_held", "_token")

    def __init__(self, held: Settings) -> None:
        self._held = held

    def __enter__(self) -> Settings:
        self._token = _active.set(self._held)
        return self._held

    def __exit__(self, *raised: object) -> None:
        _active.reset(self._token)


@contextmanager
def override(origin: str, overrides: Mapping[str, Any]) -> Iterator[Settings]:
    """Changes settings inside a ``with`` block; what an outer block changed still holds.

    Args:
        origin: Who says so, for messages, such as ``--profile``.
        overrides: As for `settings`; None stands for no change.
    """
    outer = _active.get()
    inherited = {key: setting.value for key, setting in outer.overrides.items()} if outer is not None else {}
    given = {key: value for key, value in overrides.items() if value is not None}
    with hold(load_settings(Path(_working_directory()), {**inherited, **given}, origin)) as made:
        yield made


@contextmanager
def settings(**overrides: Any) -> Iterator[Settings]:
    """Changes settings inside a ``with`` block, as tests do with ``settings(storage_layer="memory://")``.

    Files and environment are read anew; a bare ``memory://`` is a fresh, empty store in each block. What an outer
    block changed still holds.

    Args:
        **overrides: ``storage_layer``, ``profile``, ``orchestrator``, ``feature_store``, ``workers``, ``naming``,
            ``project``, ``record_source`` or ``signing_keys``. They win over environment,
            policies, decorators and files, and lose to arguments of `run`.

    Raises:
        ConfigurationError: An override is unknown or of the wrong type, or the configuration is wrong.
    """
    with override("settings()", overrides) as made:
        yield made
