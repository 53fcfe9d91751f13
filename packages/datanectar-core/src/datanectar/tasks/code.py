"""The code digest: the hash of what a task's code means, not of how it is written.

Comments, blank lines, formatting, docstrings, function annotations, defaults that are bound into calls and the
``@task`` decorator do not count; the names of a class's annotated fields do. What is digested is the task's own source:
its function, or its class with the bases that are not Datanectar's, and the plain values it closes over. The digest is
of the code that is loaded: if the file was edited since, that is an error, not a wrong name.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Collection, Iterator
from hashlib import sha256
from types import FunctionType
from typing import Any, NamedTuple

from datanectar.tasks.shape import OPTIONS, is_decorated, shape_of_class, shape_of_code, shape_of_function
from datanectar.tasks.source import SourceFile, check_loaded, check_unedited, is_same_file, source_file
from datanectar.values.typed_json import NotPlain, dumps, encode


class CodeDigest(NamedTuple):
    """A digest, and what it is made of: digest and source text of functions and classes, by name."""

    digest: str
    functions: dict[str, str]
    sources: dict[str, str]


def digest_function(function: FunctionType) -> CodeDigest:
    """Returns the digest of a function's own source.

    Raises:
        CodeChanged: Its file was edited after it was imported.
    """
    # Decorators below @task wrap the function; __wrapped__ leads to the source they all stand above.
    return _combine({f"{function.__module__}:{function.__qualname__}": _function_shape(inspect.unwrap(function))})


def digest_class(
    kind: type,
    root: type | tuple[type, ...],
    fields: Collection[str] | None = None,
    declarations: Collection[str] = (),
) -> CodeDigest:
    """Returns the digest of a class's own source and that of its bases up to `root`.

    Args:
        kind: The class.
        root: The base (or bases) whose code, and whose bases', is not the task's.
        fields: Annotated fields that are parameters. Their defaults and the constructor's are bound into calls and do
            not count; if None, none are.
        declarations: Attributes that declare parameters, and what was added to the class: they do not count at all.

    Raises:
        CodeChanged: A file was edited after it was imported.
    """
    found = {}
    outside = {object, *(base for one in (root if isinstance(root, tuple) else (root,)) for base in one.__mro__)}
    for base in kind.__mro__:
        if base not in outside:
            binds_defaults = fields is not None and vars(base).get("__init__") is kind.__init__  # type: ignore[misc]
            shape = _class_shape(base, fields or (), declarations, binds_defaults)
            found[f"{base.__module__}:{base.__qualname__}"] = shape
    return _combine(found)


def _combine(found: dict[str, tuple[Any, str]]) -> CodeDigest:
    functions = {name: _hash(shape) for name, (shape, _) in found.items()}
    # Not the names: a moved task keeps its artifacts.
    return CodeDigest(_hash(list(functions.values())), functions, {name: text for name, (_, text) in found.items()})


def _hash(shape: Any) -> str:
    return sha256(dumps(shape).encode("ascii")).hexdigest()[:32]


def _function_shape(function: FunctionType) -> tuple[Any, str]:
    code, module = function.__code__, function.__module__
    check_loaded(code, module)
    file = source_file(code.co_filename, module)
    node = file.function(code) if file else None
    if file is None or node is None:
        return _with_values(shape_of_code(code), _closure(function)), ""
    if is_decorated(node, function.__globals__):
        check_unedited(module, code.co_qualname)
    return _with_values(shape_of_function(node, function.__globals__), _closure(function)), file.text(node)


def _class_shape(
    kind: type, fields: Collection[str], declarations: Collection[str], binds_defaults: bool
) -> tuple[Any, str]:
    check_unedited(kind.__module__, kind.__qualname__)
    own = f"{kind.__qualname__}."
    methods = {name: method for name, method in _functions(kind) if method.__qualname__.startswith(own)}
    for method in methods.values():
        check_loaded(method.__code__, kind.__module__)
    file, nodes = _class_nodes(kind, list(methods.values()))
    if file is None:
        return _shape_without_statement(kind, {*fields, *declarations}), ""
    module = sys.modules.get(kind.__module__)
    names = vars(module) if module else {}
    shapes = [
        shape_of_class(node, names, fields, declarations=declarations, binds_defaults=binds_defaults) for node in nodes
    ]
    closures = {name: values for name, method in methods.items() if (values := _closure(method))}
    shape = shapes[0] if len(shapes) == 1 else ["OneOf", *shapes]
    return _with_values(shape, closures), "".join(file.text(node) for node in nodes)


def _class_nodes(kind: type, methods: list[FunctionType]) -> tuple[SourceFile | None, list[ast.ClassDef]]:
    """Where a class statement is: in its module's file or, in notebooks, which have none, where its methods are."""
    home = getattr(sys.modules.get(kind.__module__), "__file__", None)
    filenames = dict.fromkeys([*([home] if home else []), *(method.__code__.co_filename for method in methods)])
    for filename in filenames:
        file = source_file(filename, kind.__module__)
        here = [method.__code__ for method in methods if is_same_file(method.__code__.co_filename, filename)]
        nodes = file.classes(kind, here) if file else []
        if nodes:
            return file, nodes
    return None, []


def _functions(kind: type) -> Iterator[tuple[str, FunctionType]]:
    """The functions of a class's body, below whatever decorates them."""
    for name, value in vars(kind).items():
        value = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        if callable(value):
            value = inspect.unwrap(value)
        if isinstance(value, FunctionType):
            yield name, value


def _shape_without_statement(kind: type, fields: Collection[str]) -> Any:
    """A class that `type()` made, or code without source: its functions and plain attributes."""
    functions = [(name, function) for name, function in _functions(kind) if name not in fields]
    found = [[name, _function_shape(function)[0]] for name, function in functions]
    for name, value in vars(kind).items():
        if name not in OPTIONS and name not in fields and name != "_options" and not name.startswith("__"):
            plain = _plain(value)
            if "type" not in plain:
                found.append([name, plain])
    return sorted(found, key=lambda item: item[0])


def _with_values(shape: Any, values: dict[str, Any]) -> Any:
    return ["Closure", shape, values] if values else shape


def _closure(function: FunctionType) -> dict[str, Any]:
    """What a function closes over. Of what is not plain only the type counts."""
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            value = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
        is_itself = value is function or getattr(value, "__wrapped__", None) is function
        if not is_itself and not name.startswith("__"):  # __class__, for super()
            found[name] = _plain(value)
    return found


def _plain(value: Any) -> dict[str, Any]:
    try:
        return {"value": encode(value)}
    except (NotPlain, RecursionError):
        return {"type": type(value).__qualname__}
