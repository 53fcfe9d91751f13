"""What can be said of values when only a class is known: an annotation's, for `Serializer.accepts_type`."""

from __future__ import annotations

import sys
from collections.abc import Iterator


def may_be(kind: type, *exact: type | str) -> bool:
    """Whether a value of class `kind`, or of a class below it, may be of exactly one of some classes.

    Args:
        kind: The class that is known.
        *exact: Classes, or their qualified names where their library may not have been imported: then there is no
            value of theirs.
    """
    return any(_is_above(kind, found) for one in exact if (found := _found(one)) is not None)


def _found(name: type | str) -> type | None:
    if isinstance(name, type):
        return name
    module, _, attribute = name.rpartition(".")
    return getattr(sys.modules.get(module), attribute, None)


def _is_above(kind: type, exact: type) -> bool:
    try:
        return issubclass(exact, kind)
    except TypeError:  # a protocol with data members
        return True


def below(kind: type) -> Iterator[type]:
    """Yields every loaded class that derives from this one."""
    pending, seen = [kind], {kind}
    while pending:
        found: set[type] = {*type.__subclasses__(pending.pop())} - seen
        seen |= found
        pending += found
        yield from found
