"""Source as it was at a commit that is at hand: for stores that keep none."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

_SECONDS = 10.0
_Definition = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def source_at(commit: str, name: str) -> str | None:
    """Returns the source of a function, class or global at a git commit, or None where that cannot be told.

    Args:
        commit: The commit.
        name: ``module:name``; the module has to be loaded, for its file is what git is asked for.
    """
    module, _, path = name.partition(":")
    file = getattr(sys.modules.get(module), "__file__", None)
    text = None if file is None else _shown(commit, Path(file))
    return None if text is None else _found(text, path.split("."))


def _shown(commit: str, file: Path) -> str | None:
    """A file as it was, if this is its repository and git is installed."""
    command = ["git", "-C", str(file.parent), "show", f"{commit}:./{file.name}"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout


def _found(text: str, path: list[str]) -> str | None:
    """What a text defines under a name, or under ``Class.method``."""
    try:
        body: list[ast.stmt] = ast.parse(text).body
    except (SyntaxError, ValueError):
        return None
    found: list[ast.stmt] = []
    for part in path:
        found = [statement for statement in body if _binds(statement, part)]
        body = [inner for statement in found for inner in getattr(statement, "body", [])]
    lines = text.splitlines(keepends=True)
    return "".join("".join(lines[one.lineno - 1 : one.end_lineno]) for one in found) or None


def _binds(statement: ast.stmt, name: str) -> bool:
    if isinstance(statement, _Definition):
        return statement.name == name
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)
