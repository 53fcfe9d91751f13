"""What a module's source file was when its first task was declared: a later edit shows, whatever was edited."""

from __future__ import annotations

import os
import sys
from types import ModuleType
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
    """Keeps what the file of a module is now, once per load: a class made late is of the code that was loaded.

    So it does of the modules beside it that it has imported, and of theirs.
    """
    module = sys.modules.get(module_name)
    if module is None or not _remember(module):
        return
    top = getattr(sys.modules.get(module_name.partition(".")[0]), "__file__", None) or module.__file__ or ""
    project = os.path.dirname(top)
    pending = [module]
    while pending:  # what it has imported so far was loaded with it
        for value in list(vars(pending.pop()).values()):
            name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
            used = sys.modules.get(name) if isinstance(name, str) else None
            if used is not None and (getattr(used, "__file__", None) or "").startswith(project) and _remember(used):
                pending.append(used)


def _remember(module: ModuleType) -> bool:
    """Keeps what a module's file is now, and returns whether that was not known of this load."""
    filename, spec = getattr(module, "__file__", None), getattr(module, "__spec__", None)
    known = _declared.get(module.__name__)
    if filename is None or (known is not None and known[0] is spec):
        return False
    _declared[module.__name__] = spec, stamp_of(filename)
    return True


def is_edited(module_name: str) -> bool:
    """Whether the file of a module is not what it was when its first task was declared."""
    _, before = _declared.get(module_name, (None, None))
    filename = getattr(sys.modules.get(module_name), "__file__", None)
    return before is not None and filename is not None and stamp_of(filename) != before
