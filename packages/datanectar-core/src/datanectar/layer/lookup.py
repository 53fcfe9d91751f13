"""Finds the artifact that a short form of its name means."""

from __future__ import annotations

from typing import Any

from datanectar.errors import ArtifactNotFound, InvalidKey
from datanectar.layer import keys
from datanectar.layer.parts import find_part
from datanectar.layer.storage_layer import StorageLayer

_SHOWN = 5


def find_name(layer: StorageLayer, text: str) -> str:
    """Returns the one artifact that `text` names.

    Args:
        layer: Where to look.
        text: A full name, or the URI of this store for it; a task's path, or its end, with ``@alias``; or any piece
            of a name that only one artifact has, such as the first letters of its fingerprint.

    Raises:
        ArtifactNotFound: No artifact, or more than one, is meant; they are listed.
    """
    if text.startswith(f"{layer.backend.url}/"):
        text = layer.name_of(text)
    path, at, alias = text.partition("@")
    if at:
        return layer.resolve(f"{_find_task(layer, path)}@{alias}")
    try:
        if layer.exists(text):
            return text
    except InvalidKey:
        pass
    found = [name for name in layer.list() if text in name]
    if len(found) == 1:
        return found[0]
    if not found:
        raise ArtifactNotFound(f"{layer.backend.url} has no artifact {text!r}; `datanectar ls` lists what there is")
    shown = "\n  ".join(found[:_SHOWN])
    more = f"\n  … and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    raise ArtifactNotFound(f"{text!r} could be {len(found)} artifacts; write more of the name:\n  {shown}{more}")


def find_part_of(layer: StorageLayer, text: str) -> tuple[str, tuple[Any, ...]]:
    """Returns the artifact that `text` names, and the part of it that the words behind a ``#`` do.

    Raises:
        ArtifactNotFound: No artifact, or more than one, is meant; they are listed.
        PartNotFound: The artifact has no such part.
    """
    whole, sharp, fragment = text.partition("#")
    name = find_name(layer, whole)
    return name, find_part(layer.manifest(name), fragment) if sharp else ()


def _find_task(layer: StorageLayer, path: str) -> str:
    paths = {keys.alias_of(info.key)[0] for info in layer.backend.list(keys.ALIASES)}
    found = sorted(known for known in paths if known == path or known.endswith("/" + path))
    if len(found) > 1 and path not in found:
        raise ArtifactNotFound(f"{path!r} could be {len(found)} tasks; write more of: {', '.join(found)}")
    if not found:
        raise ArtifactNotFound(
            f"{layer.backend.url} has no alias of a task {path!r}; known: {', '.join(sorted(paths)) or 'none'}. What "
            f"was made on the way to another target has none: {path} alone names it, if there is one only"
        )
    return path if path in found else found[0]
