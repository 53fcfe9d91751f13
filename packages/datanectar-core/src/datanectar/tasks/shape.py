"""What code means: syntax trees as nested lists that are equal for code of equal meaning."""

from __future__ import annotations

import ast
import copy
import sys
from collections.abc import Collection, Iterator, Mapping
from types import CodeType, MappingProxyType
from typing import Any

#: Where a node stands, how a literal was spelled, and what differs between Python versions.
_IGNORED_FIELDS = {"type_comment", "kind", "ctx", "returns", "type_params", "type_ignores"}
#: Class attributes that say where a task belongs and how it is run, not what it computes.
OPTIONS = {"task_type", "model_type", "model_family", "storage_layer"}
_Function = (ast.FunctionDef, ast.AsyncFunctionDef)


#: What stands in a shape in place of nodes, by their id: what they lead to.
Links = Mapping[int, Any]
_NO_LINKS: Links = MappingProxyType({})


def shape_of_function(node: Any, names: dict[str, Any], links: Links = _NO_LINKS) -> Any:
    """Returns a function's shape without its name, which is in the path, and its defaults, bound into calls.

    Args:
        node: Its syntax tree.
        names: The globals of its module, among which its decorators are looked up.
        links: What stands in place of nodes.
    """
    task = _without_defaults(node)
    if not isinstance(task, ast.Lambda):
        task.name = ""
    return _shape(task, names, links)


def shape_of_statement(node: Any, names: dict[str, Any], links: Links) -> Any:
    """Returns the shape of any code as it stands. Arguments as for `shape_of_function`."""
    return _shape(node, names, links)


def shape_of_class(
    node: ast.ClassDef,
    names: dict[str, Any],
    fields: Collection[str],
    *,
    declarations: Collection[str] = (),
    binds_defaults: bool,
    links: Links = _NO_LINKS,
) -> Any:
    """Returns a class's shape without its name and options, and the defaults that are bound into calls.

    Args:
        node: Its syntax tree.
        names: The globals of its module.
        fields: The fields that are parameters.
        declarations: Attributes that declare parameters of another library's kind.
        binds_defaults: Whether its constructor is the one that calls are bound to.
        links: What stands in place of nodes.
    """
    task = copy.copy(node)
    task.name = ""
    read = _names_read(node)
    bare, left_out = set(fields) - read, {*OPTIONS, *(set(declarations) - read)}
    task.body = [_class_statement(item, bare, binds_defaults) for item in node.body if not _assigns(item, left_out)]
    return _shape(task, names, links)


def shape_of_code(code: CodeType) -> Any:
    """Bytecode, where there is no source: right on one version of Python, and another name on the next."""
    constants = [_constant(item) for item in code.co_consts]
    return [sys.version_info[:2], code.co_code.hex(), list(code.co_names), list(code.co_varnames), constants]


def _constant(value: Any) -> Any:
    if isinstance(value, CodeType):
        return shape_of_code(value)
    if isinstance(value, frozenset):  # in the order of the hash seed
        return ["frozenset", *sorted(map(ascii, value))]
    return ascii(value)


def is_decorated(node: Any, names: dict[str, Any]) -> bool:
    """Whether a function has other decorators than ``@task``."""
    return not all(_is_task_decorator(item, names) for item in getattr(node, "decorator_list", []))


def _is_task_decorator(node: ast.expr, names: dict[str, Any]) -> bool:
    """Whether a decorator is ``@task`` or ``@task(…)``, however it was imported."""
    if isinstance(node, ast.Call):
        node = node.func
    path: list[str] = []
    while isinstance(node, ast.Attribute):
        path.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return False
    found = names.get(node.id)
    for attribute in reversed(path):
        found = getattr(found, attribute, None)
    return isinstance(found, type) and getattr(found, "_is_task", False)


def _shape(node: Any, names: dict[str, Any], links: Links) -> Any:
    """Returns nested lists that are equal for code of equal meaning, on every supported Python."""
    if isinstance(node, list):
        return [_shape(item, names, links) for item in node]
    if id(node) in links:
        return links[id(node)]
    if isinstance(node, ast.Constant):
        # Not repr(): it shows as they are the characters that this Python's Unicode knows.
        return ["Constant", type(node.value).__name__, ascii(node.value)]
    if not isinstance(node, ast.AST):
        return node
    return [type(node).__name__, *_fields(node, names, links)]


def _fields(node: ast.AST, names: dict[str, Any], links: Links) -> Iterator[list[Any]]:
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(node, (*_Function, ast.ClassDef)):
            value = _without_docstring(value)
        elif name == "values" and isinstance(node, ast.JoinedStr):
            value = [item for item in value if not (isinstance(item, ast.Constant) and item.value == "")]  # as in 3.12
        elif name == "decorator_list":
            value = [item for item in value if not _is_task_decorator(item, names)]
        elif name in _IGNORED_FIELDS or (name == "annotation" and isinstance(node, ast.arg)):
            continue
        if value is not None and value != []:
            yield [name, _shape(value, names, links)]


def _names_read(node: ast.ClassDef) -> set[str]:
    """The names that a class body reads while it runs: a default that makes another attribute counts."""
    pending: list[ast.AST] = []
    for item in node.body:
        if isinstance(item, _Function):
            given = [*item.decorator_list, *item.args.defaults, *item.args.kw_defaults]
            pending += [value for value in given if value is not None]
        elif isinstance(item, ast.AnnAssign):
            pending += [item.value] if item.value else []
        else:
            pending.append(item)
    read = [name for value in pending for name in ast.walk(value) if isinstance(name, ast.Name)]
    return {name.id for name in read if isinstance(name.ctx, ast.Load)}


def _class_statement(node: ast.stmt, fields: Collection[str], binds_defaults: bool) -> ast.stmt:
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id in fields:
        node = copy.copy(node)
        node.value = None
    elif isinstance(node, ast.FunctionDef) and node.name == "__init__" and binds_defaults and not node.decorator_list:
        node = _without_defaults(node)
    return node


def _without_defaults(node: Any) -> Any:
    bare = copy.copy(node)
    bare.args = copy.copy(node.args)
    bare.args.defaults, bare.args.kw_defaults = [], []
    return bare


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return body[1:]
    return body


def _assigns(statement: ast.stmt, names: Collection[str]) -> bool:
    """Whether a statement of a class's body assigns to some names, and to nothing else."""
    targets: list[Any] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    return bool(targets) and all(isinstance(target, ast.Name) and target.id in names for target in targets)
