"""Where and from what a result was made: the machine and the git commit, found once per process."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from datanectar._version import __version__
from datanectar.hookspecs import PROJECT


@cache
def of_process() -> dict[str, Any]:
    """Returns ``host``, ``python``, ``git`` (the commit of the working directory, or None) and the release."""
    import platform

    return {
        "host": platform.node(),
        "python": platform.python_version(),
        PROJECT: __version__,
        "git": _git_commit(Path(os.getcwd())),
    }


def _git_commit(directory: Path) -> str | None:
    """Reads the commit from git's own files: starting git would cost more than a small step."""
    for folder in (directory, *directory.parents):
        git = folder / ".git"
        if not git.exists():
            continue
        try:
            if git.is_file():  # a worktree or submodule
                git = folder / git.read_text().partition(":")[2].strip()
            return _resolve(git, (git / "HEAD").read_text().strip())
        except (OSError, ValueError):  # unreadable, or not text
            return None
    return None


def _resolve(git: Path, head: str) -> str | None:
    kind, _, reference = head.partition(": ")
    if kind != "ref":
        return head
    common = git / "commondir"
    root = git / common.read_text().strip() if common.is_file() else git
    loose = root / reference
    if loose.is_file():
        return loose.read_text().strip()
    packed = root / "packed-refs"
    lines = packed.read_text().splitlines() if packed.is_file() else []
    return next((line.split()[0] for line in lines if line.endswith(" " + reference)), None)
