"""Which artifacts a command is about, where it is about several: those below a path, and what they were made from."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain

from datanectar.errors import ArtifactNotFound, IntegrityError, InvalidKey
from datanectar.layer.lookup import find_name
from datanectar.layer.storage_layer import StorageLayer


def find_names(layer: StorageLayer, text: str) -> list[str]:
    """Returns the artifacts that `text` names: one, as `find_name` does, or all below the path that it is.

    Raises:
        ArtifactNotFound: No artifact is meant, or several that have no path in common.
    """
    path = text.rstrip("/")
    try:
        if text != path or not layer.exists(text):
            below = list(layer.list(f"{path}/"))
            if below:
                return below
    except InvalidKey:  # an alias or a URI
        pass
    return [find_name(layer, text)]


def with_inputs(layer: StorageLayer, names: Iterable[str], *, jobs: int) -> list[str]:
    """Returns artifacts with what they were made from, and what that was made from, as far as the store has it.

    Args:
        layer: Where they are. Inputs that a run took from another storage are there only if they were copied.
        names: The artifacts.
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
    return [name for name in found if there[name]]


def _inputs(layer: StorageLayer, name: str) -> list[str]:
    try:
        details = layer.reader.details(layer.manifest(name))
    except (ArtifactNotFound, IntegrityError):  # whoever copies it is told
        return []
    return [input_name for input_name, _ in details["inputs"]]
