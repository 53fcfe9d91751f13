"""The code digest: the hash of what a task's code means, not of how it is written.

Comments, blank lines, formatting, docstrings, function annotations, defaults and the ``@task`` decorator do not count;
the names of a class's annotated fields do. What is digested is the task's own source: its function, or its class with
the bases that are not Datanectar's. The digest is of the code that is loaded: if the file was edited since, that is an
error, not a wrong name.
"""

from __future__ import annotations

import ast
import copy
import inspect
import linecache
import sys
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.machinery import SourceFileLoader
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from datanectar.errors import CodeChanged
from datanectar.values.typed_json import dumps

_FunctionNode = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
#: Where a node stands, how a literal was spelled, and what differs between Python versions.
_IGNORED_FIELDS = {"type_comment", "kind", "ctx", "returns", "type_params", "type_ignores"}
#: Class attributes that say where a task belongs and how it is run, not what it computes.
_OPTIONS = {"task_type", "model_type", "model_family", "storage_layer"}


class CodeDigest(NamedTuple):
    """A digest, and what it is made of: digest and source text of functions and classes, by name."""

    digest: str
    functions: dict[str, str]
    sources: dict[str, str]

    def document(self, *, with_source: bool) -> dict[str, Any]:
        """What the store keeps of this version of the code."""
        document = {"digest": self.digest, "functions": self.functions}
        return {**document, "source": self.sources} if with_source else document


def digest_function(function: FunctionType) -> CodeDigest:
    """Returns the digest of a function's own source.

    Raises:
        CodeChanged: Its file was edited after it was imported.
    """
    # Decorators below @task wrap the function; __wrapped__ leads to the source they all stand above.
    source = inspect.unwrap(function)
    _check_loaded(source.__code__, source.__module__)
    node = _function_node(source.__code__, source.__module__)
    shape = _shape_of_code(source.__code__) if node is None else _shape(_task_function(node), source.__globals__)
    return _combine({f"{function.__module__}:{function.__qualname__}": (shape, _text(source.__code__, node))})


def digest_class(kind: type, root: type) -> CodeDigest:
    """Returns the digest of a class's own source and that of its bases up to `root`.

    Raises:
        CodeChanged: A file was edited after it was imported.
    """
    found = {}
    for base in kind.__mro__:
        if base is not object and base not in root.__mro__:
            found[f"{base.__module__}:{base.__qualname__}"] = _class_shape(base)
    return _combine(found)


def _class_shape(kind: type) -> tuple[Any, str]:
    methods = [method for method in vars(kind).values() if isinstance(method, FunctionType)]
    own = [method.__code__ for method in methods if method.__qualname__.startswith(kind.__qualname__ + ".")]
    for code in own:
        _check_loaded(code, kind.__module__)
    node = _class_node(kind, own)
    if node is None:
        return [_shape_of_code(code) for code in own], ""
    names = vars(sys.modules[kind.__module__]) if kind.__module__ in sys.modules else {}
    return _shape(_task_class(node), names), _text(own[0], node) if own else ""


def _combine(found: dict[str, tuple[Any, str]]) -> CodeDigest:
    functions = {name: _hash(shape) for name, (shape, _) in found.items()}
    # Not the names: a moved task keeps its artifacts.
    return CodeDigest(_hash(list(functions.values())), functions, {name: text for name, (_, text) in found.items()})


def _text(code: CodeType, node: Any) -> str:
    """The source of a node, or an empty text where there is none."""
    return "" if node is None else "".join(linecache.getlines(code.co_filename)[node.lineno - 1 : node.end_lineno])


def _hash(shape: Any) -> str:
    return sha256(dumps(shape).encode("ascii")).hexdigest()[:32]


# What code means


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


def _shape(node: Any, names: dict[str, Any]) -> Any:
    """Returns nested lists that are equal for code of equal meaning, on every supported Python."""
    if isinstance(node, list):
        return [_shape(item, names) for item in node]
    if isinstance(node, ast.Constant):
        # Not repr(): it shows as they are the characters that this Python's Unicode knows.
        return ["Constant", type(node.value).__name__, ascii(node.value)]
    if not isinstance(node, ast.AST):
        return node
    return [type(node).__name__, *_fields(node, names)]


def _fields(node: ast.AST, names: dict[str, Any]) -> Iterator[list[Any]]:
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            value = _without_docstring(value)
        elif name == "values" and isinstance(node, ast.JoinedStr):
            value = [item for item in value if not (isinstance(item, ast.Constant) and item.value == "")]  # as in 3.12
        elif name == "decorator_list":
            value = [item for item in value if not _is_task_decorator(item, names)]
        elif name in _IGNORED_FIELDS or (name == "annotation" and isinstance(node, ast.arg)):
            continue
        if value is not None and value != []:
            yield [name, _shape(value, names)]


def _task_function(node: Any) -> Any:
    """The function's node without its name, which is in the path, and its defaults, which are bound into calls."""
    task = _without_defaults(node)
    if not isinstance(task, ast.Lambda):
        task.name = ""
    return task


def _task_class(node: ast.ClassDef) -> ast.ClassDef:
    """The class's node without its name, its options and the defaults of its fields and constructor."""
    task = copy.copy(node)
    task.name = ""
    task.body = [_class_statement(item) for item in node.body if not _is_option(item)]
    return task


def _class_statement(node: ast.stmt) -> ast.stmt:
    if isinstance(node, ast.AnnAssign):
        node = copy.copy(node)
        node.value = None
    elif isinstance(node, ast.FunctionDef) and node.name == "__init__":
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


def _is_option(statement: ast.stmt) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return all(isinstance(target, ast.Name) and target.id in _OPTIONS for target in targets)


def _shape_of_code(code: CodeType) -> Any:
    """Bytecode, where there is no source: right on one version of Python, and another name on the next."""
    constants = [_shape_of_code(item) if isinstance(item, CodeType) else repr(item) for item in code.co_consts]
    return [sys.version_info[:2], code.co_code.hex(), list(code.co_names), list(code.co_varnames), constants]


# Where code is


@cache
def _parse(filename: str, text: str) -> ast.Module | None:
    try:
        return ast.parse(text, filename)
    except (SyntaxError, ValueError):
        return None


def _module(code: CodeType, module: str) -> ast.Module | None:
    names = vars(sys.modules[module]) if module in sys.modules else None
    lines = linecache.getlines(code.co_filename, names)
    return _parse(code.co_filename, "".join(lines)) if lines else None


def _function_node(code: CodeType, module: str) -> ast.AST | None:
    tree = _module(code, module)
    if tree is None:
        return None
    found = [
        node for node in ast.walk(tree) if isinstance(node, _FunctionNode) and _first_line(node) == code.co_firstlineno
    ]
    if code.co_name == "<lambda>":
        lambdas = [node for node in found if isinstance(node, ast.Lambda)]
        return lambdas[0] if len(lambdas) == 1 else _lambda_at(lambdas, code)
    return next((node for node in found if getattr(node, "name", None) == code.co_name), None)


def _lambda_at(nodes: list[ast.Lambda], code: CodeType) -> ast.Lambda | None:
    """Tells lambdas on one line apart by where their code begins and ends."""
    starts = [column for _, _, column, _ in code.co_positions() if column]
    return next(
        (node for node in nodes if starts and node.col_offset <= min(starts) <= (node.end_col_offset or 0)),
        None,
    )


def _first_line(node: Any) -> int:
    lines: list[int] = [node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))]
    return min(lines)


def _class_node(kind: type, methods: list[CodeType]) -> ast.ClassDef | None:
    filename = methods[0].co_filename if methods else getattr(sys.modules.get(kind.__module__), "__file__", None)
    if filename is None:
        return None
    names = vars(sys.modules[kind.__module__]) if kind.__module__ in sys.modules else None
    lines = linecache.getlines(filename, names)
    tree = _parse(filename, "".join(lines)) if lines else None
    if tree is None:
        return None
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == kind.__name__]
    if len(found) > 1 and methods:
        line = methods[0].co_firstlineno
        found = [node for node in found if node.lineno <= line <= (node.end_lineno or line)]
    return found[-1] if found else None


def _check_loaded(code: CodeType, module: str) -> None:
    """Compares code that is loaded with what its file says now."""
    names = vars(sys.modules[module]) if module in sys.modules else {}
    if type(names.get("__loader__")) is not SourceFileLoader:
        return  # a notebook, or a loader that rewrites what it loads
    linecache.checkcache(code.co_filename)
    now = _compiled(code.co_filename, "".join(linecache.getlines(code.co_filename, names)))
    if now is not None and code not in now:
        msg = (
            f"{code.co_filename} was edited after it was imported, so the loaded {code.co_qualname} has no source "
            "any more. Restart Python (or the notebook's kernel) to use the file as it is now"
        )
        raise CodeChanged(msg)


@cache
def _compiled(filename: str, text: str) -> frozenset[CodeType] | None:
    """All code objects of a file, as Python would load them now."""
    try:
        pending = [compile(text, filename, "exec", dont_inherit=True)]
    except (SyntaxError, ValueError):
        return None
    found = set()
    while pending:
        code = pending.pop()
        found.add(code)
        pending += [item for item in code.co_consts if isinstance(item, CodeType)]
    return frozenset(found)
