"""Which artifacts a command is about, where it is about several: those below a path, and what they were made from."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain

from datanectar.errors import ArtifactNotFound, IntegrityError, InvalidKey, UnsupportedError
from datanectar.layer.lookup import find_name
from datanectar.layer.storage_layer import StorageLayer


def find_names(layer: StorageLayer, text: str) -> list[str]:
    """Returns the artifacts that `text` names: one, as `find_name` does, or all below the path that it is.

    Raises:
        ArtifactNotFound: No artifact is meant, or several that have no path in common; or an alias outlived its
            artifact.
        UnsupportedError: A part of an artifact is meant.
    """
    if "#" in text:
        raise UnsupportedError(f"{text} is a part, which is not copied by itself; name {text.partition('#')[0]}")
    path = text.rstrip("/")
    try:
        if text != path or not layer.exists(text):
            below = list(layer.list(f"{path}/"))
            if below:
                return below
    except InvalidKey:  # an alias or a URI
        pass
    name = find_name(layer, text)
    if not layer.exists(name):
        raise ArtifactNotFound(f"{text} is {name}, which is not in {layer.backend.url}: it was removed")
    return [name]


def with_inputs(layer: StorageLayer, names: Collection[str], *, jobs: int) -> list[str]:
    """Returns artifacts with what they were made from, and what that was made from, as far as the store has that.

    Args:
        layer: Where they are. Inputs that a run took from another storage are there only if they were copied.
        names: The artifacts; all of them are returned, since whoever copies one that is not there is told.
        jobs: How many manifests are read at once.
    """
    found = list(dict.fromkeys(names))
    known = set(found)
    level = found
    with ThreadPoolExecutor(jobs) as pool:
        while level:
            behind = chain.from_iterable(pool.map(partial(_inputs, layer), level))
            level = [name for name in dict.fromkeys(behind) if name not in known]
            known.update(level)
            found = found + level
    there = layer.exists_many(found)
    named = set(names)
    return [name for name in found if name in named or there[name]]


def _inputs(layer: StorageLayer, name: str) -> list[str]:
    try:
        details = layer.reader.details(layer.manifest(name))
    except (ArtifactNotFound, IntegrityError):  # whoever copies it is told
        return []
    return [input_name for input_name, _ in details["inputs"]]
