"""Parts of a value that is stored part by part: what there is, and which one the words behind a ``#`` mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from datanectar.errors import PartNotFound
from datanectar.layer.manifest import Manifest
from datanectar.layer.trees import files_below
from datanectar.values import typed_json

_SHOWN = 10


def parts_of(node: dict[str, Any]) -> dict[Any, dict[str, Any]]:
    """Returns the nodes right below one of a manifest's value, by their keys in the value."""
    if "dict" in node:
        return {typed_json.decode(label): item for label, item in node["dict"]}
    return dict(enumerate(node.get("tuple", node.get("list", []))))


def files_by_part(node: dict[str, Any], part: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], int, str]]:
    """Yields part, number and serializer of each file of a manifest's value; of files of a path, where they stood."""
    if "file" in node:
        yield part, node["file"], node["serializer"]
    if "path" in node:
        yield from ((part, number, place) for place, number in files_below(node["content"], node["path"]))
    for key, item in parts_of(node).items():
        yield from files_by_part(item, (*part, key))


def subscripts(part: tuple[Any, ...]) -> str:
    """Returns a part as it is taken from the value: ``['train'][0]``."""
    return "".join(f"[{key!r}]" for key in part)


def part_names(node: dict[str, Any]) -> str:
    """Returns the keys right below a node as people read them."""
    keys = [repr(key) for key in parts_of(node)]
    more = [f"… {len(keys) - _SHOWN} more"] * (len(keys) > _SHOWN)
    return ", ".join([*keys[:_SHOWN], *more])


def find_part(manifest: Manifest, fragment: str) -> tuple[Any, ...]:
    """Returns the keys that a fragment means: ``train``, ``0``, or ``train/0`` for a part of a part.

    Raises:
        PartNotFound: The value has no such part, or is not stored part by part; what there is is said.
    """
    part: tuple[Any, ...] = ()
    node = manifest.value
    for word in fragment.split("/") if fragment else ():
        below = parts_of(node)
        if not below:
            raise PartNotFound(f"{_whole(manifest, part)} is one file, so it has no part {word!r} to point to")
        meant = [key for key in below if str(key) == word]
        if not meant:
            raise PartNotFound(f"{_whole(manifest, part)} has no part {word!r}; it has {part_names(node)}")
        part, node = (*part, meant[0]), below[meant[0]]
    return part


def _whole(manifest: Manifest, part: tuple[Any, ...]) -> str:
    return manifest.name + subscripts(part)
