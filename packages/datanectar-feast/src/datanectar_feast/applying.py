"""Definitions into the registry, losing none: read back after they were written, and written again if one is gone."""

from __future__ import annotations

import time
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import datanectar as dn
from datanectar.errors import ArgumentError, FeatureStoreError
from datanectar_feast.locking import registry_turn
from datanectar_feast.native import Native

_TRIES = 8
_LONGEST_PAUSE = 2.0  # seconds


def definitions_in(given: Any) -> list[Any]:
    """Returns the Feast objects in what `apply` was given: one, several, or a module that has some.

    Raises:
        ArgumentError: There is none, or something else is among them.
    """
    kinds = _kinds()
    if isinstance(given, ModuleType):
        found = [value for value in vars(given).values() if isinstance(value, kinds)]
        # A name may have been given to one object twice; Feast compares objects by value, so by identity here.
        found = list({id(value): value for value in found}.values())
        if not found:
            raise ArgumentError(f"apply({given.__name__}): this module defines nothing of Feast's")
        return found
    found = list(given) if isinstance(given, Iterable) and not isinstance(given, (str, bytes, kinds)) else [given]
    if not found:
        raise ArgumentError("apply() was given nothing: give Feast objects, or a module of them")
    for value in found:
        if not isinstance(value, kinds):
            names = ", ".join(sorted(kind.__name__ for kind in kinds))
            raise ArgumentError(f"apply() takes Feast objects ({names}), or a module of them; not {value!r:.80}")
    return found


def _kinds() -> tuple[type, ...]:
    import feast
    from feast.data_source import DataSource
    from feast.on_demand_feature_view import OnDemandFeatureView
    from feast.permissions.permission import Permission

    return (
        feast.Entity,
        feast.FeatureView,
        OnDemandFeatureView,
        feast.FeatureService,
        DataSource,
        feast.Project,
        Permission,
    )


def apply(native: Native, given: Any) -> None:
    """Registers definitions, and looks whether they are there.

    Raises:
        FeatureStoreError: Other processes keep writing over them.
    """
    definitions = definitions_in(given)
    missing: list[str] = []
    for retry in range(_TRIES):
        if retry:
            time.sleep(dn.pause_before(retry, longest=_LONGEST_PAUSE))
        with registry_turn(native):
            native.refreshed().apply(definitions)
        missing = _missing(native, definitions)
        if not missing:
            return
    raise FeatureStoreError(
        f"applied {_TRIES} times, and each time another process wrote a registry without {', '.join(missing)}. Use a "
        "registry that loses no update: registry_store_type: datanectar_feast.registry.DatanectarRegistryStore"
    )


def _missing(native: Native, definitions: list[Any]) -> list[str]:
    """What a registry that is read anew lacks of some definitions."""
    from feast.infra.registry.registry import FeastObjectType

    store = native.open()
    found = FeastObjectType.get_objects_from_registry(store.registry, store.project)
    known = {name for objects in found.values() for name in map(_name, objects)}
    return [name for name in map(_name, definitions) if name not in known]


def _name(definition: Any) -> str:
    kind = type(definition).__name__
    return f"{kind} {definition.name!r}"
