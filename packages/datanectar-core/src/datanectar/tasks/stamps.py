"""What a module's source file was when its first task was declared: a later edit shows, whatever was edited."""

from __future__ import annotations

import os
import sys
from typing import Any

Stamp = tuple[int, int]
#: By module: the spec it was loaded by, which a reload replaces, and its file then; None where there is none.
_declared: dict[str, tuple[Any, Stamp | None]] = {}


def stamp_of(filename: str) -> Stamp | None:
    """Returns when a file was changed and its size, or None where no such file is."""
    try:
        status = os.stat(filename)
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size


def remember(module_name: str) -> None:
    """Keeps what the file of a module is now, once per load: a class made late is of the code that was loaded."""
    module = sys.modules.get(module_name)
    filename = getattr(module, "__file__", None)
    if filename is None:
        return
    spec = getattr(module, "__spec__", None)
    known = _declared.get(module_name)
    if known is None or known[0] is not spec:
        _declared[module_name] = spec, stamp_of(filename)


def is_edited(module_name: str) -> bool:
    """Whether the file of a module is not what it was when its first task was declared."""
    _, before = _declared.get(module_name, (None, None))
    filename = getattr(sys.modules.get(module_name), "__file__", None)
    return before is not None and filename is not None and stamp_of(filename) != before
