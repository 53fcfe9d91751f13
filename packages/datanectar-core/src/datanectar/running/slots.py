"""Slots: what an artifact's identity is without code and versions, all the way up.

Two artifacts of one slot are the old and the new result of the same question: same tasks, same parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from datanectar.layer.opening import storage_layer
from datanectar.tasks.identity import fingerprint_of
from datanectar.tasks.names import FINGERPRINT
from datanectar.values.typed_json import dumps

if TYPE_CHECKING:
    from datanectar.layer.storage_layer import StorageLayer
    from datanectar.tasks.call import Call

#: What is in an identity and says how, not what.
_CODE = ("code", "version")
_ARTIFACT = "$artifact"


class SlotFinder:
    """Finds slots; those of inputs from their manifests, so that every process finds the same."""

    def __init__(self, layer_of: Callable[[str, Call], StorageLayer]) -> None:
        self._layer_of = layer_of
        self._found: dict[str, str] = {}

    def of_call(self, call: Call) -> str:
        """Returns the slot of a call whose inputs are stored.

        Raises:
            ArtifactNotFound: An input, or what it was made of, is gone.
        """
        inputs = [(artifact.name, self._layer_of(artifact.name, artifact.call)) for artifact in call.inputs()]
        for name, layer in inputs:
            self._find(name, layer)
        return _slot(call.document, (self._found[name] for name, _ in inputs), [name for name, _ in inputs])

    def _find(self, name: str, layer: StorageLayer) -> None:
        """Finds the slot of a stored artifact, and those of all it was made of, on a stack of our own."""
        stack = [(name, layer)]
        while stack:
            name, layer = stack[-1]
            if name in self._found:
                stack.pop()
                continue
            details = layer.reader.details(layer.manifest(name))
            inputs = [(needed, storage_layer(reference)) for needed, reference in details["inputs"]]
            missing = [entry for entry in inputs if entry[0] not in self._found]
            if missing:
                stack += missing
                continue
            document = details["identity"]
            names = [needed for needed, _ in inputs]
            # What was stored by hand has its name alone.
            slots = (self._found[needed] for needed in names)
            self._found[name] = fingerprint_of(dumps(name)) if document is None else _slot(document, slots, names)
            stack.pop()


def _slot(document: dict[str, Any] | None, slots: Iterable[str], names: list[str]) -> str:
    """Hashes an identity in which each input stands by its slot."""
    by_fingerprint: dict[str, str] = {}
    for name, slot in zip(names, slots, strict=True):
        # Every name has the fingerprint, whatever the naming scheme; one that was given by hand stands for itself.
        by_fingerprint |= dict.fromkeys([*FINGERPRINT.findall(name), name], slot)

    def without_code(value: Any) -> Any:
        if type(value) is dict:
            if _ARTIFACT in value:
                return {**value, _ARTIFACT: by_fingerprint[value[_ARTIFACT]]}
            return {key: without_code(item) for key, item in value.items()}
        return [without_code(item) for item in value] if type(value) is list else value

    kept = {key: value for key, value in (document or {}).items() if key not in _CODE}
    return fingerprint_of(dumps(without_code(kept)))
