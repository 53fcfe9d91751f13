"""A call's result becomes its artifact: the value, and what it was made by, from what and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from datanectar.configuration.active import current

if TYPE_CHECKING:
    from datanectar.layer.manifest import Manifest
    from datanectar.layer.storage_layer import StorageLayer
    from datanectar.tasks.call import Call


def store_made(
    layer: StorageLayer,
    call: Call,
    name: str,
    value: Any,
    *,
    attempt: str | None = None,
    serializer: str | None = None,
    input_layers: Mapping[str, StorageLayer] | None = None,
    started: float | None = None,
    seconds: float = 0.0,
    log: bytes = b"",
    repair: bool = False,
) -> Manifest:
    """Commits a value with its identity, its inputs and its code.

    Args:
        layer: Where to.
        call: What made it.
        name: The artifact's name.
        value: The value.
        attempt: The execution's id; by default a new one.
        serializer: The serializer's name; by default what the settings choose for the task.
        input_layers: Where each input was read, by its name; by default where the settings have it.
        started: When the execution began, in seconds since 1970.
        seconds: How long it took.
        log: What it printed, as far as that is kept in the manifest.
        repair: Whether this replaces an artifact that failed verification.

    Returns:
        The manifest that stands in the end.
    """
    from datanectar.layer.writing import new_attempt

    task = call.definition
    assert task is not None
    settings, writer = current(), layer.writer
    writer.prepare()
    code = task.code()
    if code is not None:
        sources = code.sources if settings.get("record_source", False) else None
        writer.record_code(code.digest, code.functions, sources, code.versions)
    if serializer is None:
        chosen = settings.choose("serializer", task)
        serializer = chosen.value if chosen else None
    layers = input_layers or {}
    inputs = [(artifact.name, artifact.call) for artifact in call.inputs()]
    return writer.commit(
        name,
        attempt or new_attempt(),
        value,
        serializer=serializer,
        started=started,
        seconds=seconds,
        identity=call.document,
        inputs=[[needed, (layers.get(needed) or used.layer()).reference] for needed, used in inputs],
        log=log,
        repair=repair,
    )
