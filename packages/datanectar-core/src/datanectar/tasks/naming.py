"""The naming scheme and the storage layer that the settings choose for a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datanectar.configuration.active import current
from datanectar.contracts.naming import Identity, Naming, check_name
from datanectar.errors import InvalidKey
from datanectar.layer.opening import open_layer, storage_layer
from datanectar.records import NamingType
from datanectar.registry import registry

if TYPE_CHECKING:
    from datanectar.layer.storage_layer import StorageLayer
    from datanectar.tasks.call import Call
    from datanectar.tasks.definition import Definition


def scheme() -> Naming:
    """Returns the naming scheme in force."""
    settings = current()
    found = settings.cache.get(NamingType)
    if found is None:
        found = settings.cache[NamingType] = registry(settings).make_once(NamingType, settings.get("naming"))
    return found  # type: ignore[no-any-return]


def name_call(call: Call, naming: Naming) -> str:
    """Returns the artifact's name of a call.

    Raises:
        InvalidKey: The naming scheme gave what is no artifact name, or left the fingerprint out.
    """
    task = call.definition
    assert task is not None
    fingerprint = call.fingerprint
    parameters = (call.document or {}).get("parameters", {})
    name = naming(Identity(task.task_type, task.model_family, task.name, fingerprint, parameters))
    if fingerprint not in name:
        raise InvalidKey(f"naming {current().get('naming')!r} gave {name!r}, which lacks the fingerprint {fingerprint}")
    return check_name(name)


def layer_for(task: Definition | None, argument: Any = None) -> StorageLayer:
    """Returns the storage layer for a task's results."""
    if argument is not None or task is None:
        return storage_layer(argument)
    settings = current()
    chosen = settings.choose("storage_layer", task)
    return (
        open_layer(settings, chosen)
        if chosen and isinstance(chosen.value, str)
        else storage_layer(chosen and chosen.value)
    )
