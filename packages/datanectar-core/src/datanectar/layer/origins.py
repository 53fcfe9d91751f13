"""Who makes what: so that ``storage_layer.store(name, …)`` records the provenance of what a known task made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from datanectar.layer.manifest import Manifest


class Origin(Protocol):
    """Something that knows all about the artifact of one name."""

    def store(self, layer: Any, name: str, value: Any, serializer: str | None) -> Manifest:
        """Stores the artifact's value, with its provenance."""


_named: WeakValueDictionary[str, Origin] = WeakValueDictionary()
_running: dict[str, Origin] = {}


def remember(name: str, origin: Origin) -> None:
    """Notes what makes the artifact of a name, for as long as that lives."""
    _named[name] = origin


@contextmanager
def running(name: str, origin: Origin) -> Iterator[None]:
    """Notes that the artifact of a name is being made, in whatever thread of this process; that goes first."""
    _running[name] = origin
    try:
        yield
    finally:
        del _running[name]


def origin_of(name: str) -> Origin | None:
    """Returns what makes the artifact of a name, if that is known here."""
    return _running.get(name) or _named.get(name)
