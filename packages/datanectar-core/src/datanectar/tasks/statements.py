"""The statements of a module that bind a name, or change what it stands for."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Collection
from importlib import import_module
from importlib.util import resolve_name
from types import ModuleType
from typing import Any, NamedTuple

from datanectar.tasks.scopes import Imported, assigned, imports_of
from datanectar.tasks.source import SourceFile, source_file

_Definition = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_Import = (ast.Import, ast.ImportFrom)
_OWN_PLACE = {"__file__", "__path__", "__spec__", "__cached__"}
_Block = (ast.If, ast.Try, ast.With, ast.For, ast.While)


class Place(NamedTuple):
    """Where a global is bound: in a module of the project, or by an import of something else.

    Attributes:
        module: The module that binds it by other statements than imports; None where it is imported from outside.
        name: What it is called there.
        outside: The outside module it is imported from, or an empty string.
    """

    module: ModuleType | None
    name: str
    outside: str = ""


def file_of(module: ModuleType) -> SourceFile | None:
    """Returns the source of a module, or None where it has none."""
    filename = getattr(module, "__file__", None)
    return source_file(filename, module.__name__) if filename else None


def absolute(imported: Imported, namespace: dict[str, Any]) -> str:
    """Returns the full name of the module that an import statement names."""
    if not imported.level:
        return imported.module
    return resolve_name("." * imported.level + imported.module, namespace.get("__package__") or "")


def load(name: str) -> ModuleType | None:
    """Returns a module of the project, importing it as the code that names it would; None where it cannot be."""
    if name in sys.modules:
        return sys.modules[name]
    try:
        return import_module(name)
    except Exception:  # whatever a module does; the code that imports it may never be reached
        return None


def bound_at(
    module: ModuleType, name: str, is_project: Callable[[str], bool], seen: frozenset[tuple[str, str]] = frozenset()
) -> Place:
    """Follows imports from module to module to where a global is bound."""
    here = Place(module, name)
    file = file_of(module)
    if file is None or (module.__name__, name) in seen:
        return here
    seen |= {(module.__name__, name)}
    for statement in reversed(file.imports):
        for bound, imported in imports_of(statement).items():
            if bound not in (name, "*") or (bound == "*" and not isinstance(statement, ast.ImportFrom)):
                continue
            found = _followed(module, name, bound, imported, is_project, seen)
            if found is not None:
                return found
    return here


def _followed(
    module: ModuleType,
    name: str,
    bound: str,
    imported: Imported,
    is_project: Callable[[str], bool],
    seen: frozenset[tuple[str, str]],
) -> Place | None:
    origin = absolute(imported, vars(module))
    attribute = name if bound == "*" else imported.attribute
    if not is_project(origin):
        if bound == "*" and not hasattr(sys.modules.get(origin), name):
            return None
        return Place(None, attribute, origin)
    source = load(origin)
    if source is None or (bound == "*" and not hasattr(source, name)):
        return None
    return bound_at(source, attribute, is_project, seen) if attribute else Place(source, "")


def binding(module: ModuleType, name: str) -> list[Any]:
    """Returns the module's statements that bind a name or change what it stands for, in order; imports are none."""
    file = file_of(module)
    if file is None:
        return []
    # A function that uses it may change it where it is called, or put on another as a decorator.
    users = {one.name for one in file.tree.body if isinstance(one, _Definition) and _mentions(one, name)} - {name}
    return [statement for statement in file.tree.body if _concerns(statement, name, users)]


def attributes_given(tree: ast.Module, name: str) -> list[Any]:
    """Returns the statements of a module that assign to attributes of a global."""
    return [
        statement
        for statement in tree.body
        if any(isinstance(one, ast.Attribute) and _mentions(one, name) for one in assigned(statement))
    ]


def may_vary(
    module: ModuleType, name: str, is_project: Callable[[str], bool], seen: frozenset[tuple[str, str]] = frozenset()
) -> bool:
    """Whether a plain global is another from place to place or from time to time, though its code is the same."""
    place = bound_at(module, name, is_project)
    file = file_of(place.module) if place.module is not None else None
    if place.module is None or file is None or (place.module.__name__, place.name) in seen:
        return False
    if place.name in file.declared_global:
        return True
    read = {
        item.id
        for statement in file.tree.body
        if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, *_Block))
        and _concerns(statement, place.name)
        for item in ast.walk(statement)
        if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Load)
    }
    seen |= {(place.module.__name__, place.name)}
    names = vars(place.module)
    inner = [one for one in read if one in names and not isinstance(names[one], ModuleType)]
    return bool(read & _OWN_PLACE) or any(may_vary(place.module, one, is_project, seen) for one in inner)


def _concerns(statement: Any, name: str, users: Collection[str] = ()) -> bool:
    if isinstance(statement, _Import) or _is_main_guard(statement):
        return False
    if isinstance(statement, _Definition):
        return statement.name == name or any(_mentions(item, name, users) for item in statement.decorator_list)
    if isinstance(statement, _Block):
        inner = (item for item in ast.iter_child_nodes(statement) if isinstance(item, (ast.stmt, ast.ExceptHandler)))
        return any(_concerns(item, name, users) for item in inner)
    if isinstance(statement, ast.ExceptHandler):
        return any(_concerns(item, name, users) for item in statement.body)
    if targets := assigned(statement):
        return any(_mentions(target, name) for target in targets)
    return isinstance(statement, ast.Expr) and _mentions(statement, name, users)


def _mentions(node: ast.AST, name: str, others: Collection[str] = ()) -> bool:
    return any(isinstance(item, ast.Name) and (item.id == name or item.id in others) for item in ast.walk(node))


def _is_main_guard(statement: Any) -> bool:
    """``if __name__ == "__main__"``: what a script does, not what it means."""
    return isinstance(statement, ast.If) and _mentions(statement.test, "__name__")
