"""Where other processes find a function: the module that they have to import."""

from __future__ import annotations

import sys
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import datanectar as dn

#: What the module of a script is called while it runs, and in a process that it spawns.
MAIN = ("__main__", "__mp_main__")


def module_of(task: Any) -> str:
    """The module under which other processes find the task: a script's own, if it can be imported."""
    if "<" in task.__qualname__:
        raise dn.errors.TaskDefinitionError(
            f"{task.__qualname__} is defined inside a function, where no other process finds it: put it at the top of "
            "a module"
        )
    if task.__module__ not in MAIN:
        return str(task.__module__)
    module = sys.modules[task.__module__]
    if module.__spec__ is not None:  # python -m package.module
        return module.__spec__.name
    script = getattr(module, "__file__", None)
    found = None if script is None else _importable(Path(script))
    if found is None:
        where = "at a prompt or in a notebook" if script is None else f"in {script}, which cannot be imported by name"
        warnings.warn(
            f"{task.__name__} is defined {where}: only this process and those that it forks can run it. For luigid, "
            "spawned workers and `luigi --module`, put it into a module",
            stacklevel=4,
        )
    return found or str(task.__module__)


def _importable(script: Path) -> str | None:
    spec = find_spec(script.stem) if script.stem.isidentifier() else None
    same = spec is not None and spec.origin is not None and Path(spec.origin).resolve() == script.resolve()
    return script.stem if same else None
