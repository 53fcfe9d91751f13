"""Where code is: source files, each parsed and indexed once, and whether they still are what was imported."""

from __future__ import annotations

import ast
import linecache
import os
import sys
from functools import cached_property
from importlib.machinery import SourceFileLoader
from types import CodeType
from typing import Any

from datanectar.errors import CodeChanged
from datanectar.tasks.scopes import assigned
from datanectar.tasks.stamps import Stamp, is_edited, stamp_of

_FunctionNode = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
#: Half of all nodes, which hold nothing.
_LEAVES = {ast.Name, ast.Constant, ast.Load, ast.Store}


class SourceFile:
    """The text of a file, or of a notebook's cell, and what stands where in it."""

    def __init__(self, filename: str, lines: list[str], stamp: Stamp | None) -> None:
        self.filename, self.lines, self.stamp = filename, lines, stamp
        self._functions: dict[tuple[int, str], list[Any]] = {}
        self._classes: dict[str, list[ast.ClassDef]] = {}
        self.tree = ast.Module([], [])  # of what cannot be parsed
        try:
            self.tree = ast.parse("".join(lines), filename)
        except (SyntaxError, ValueError):
            return
        self._index(self.tree)

    def _index(self, tree: ast.Module) -> None:
        pending: list[tuple[ast.AST, str]] = [(tree, "")]
        while pending:
            node, scope = pending.pop()
            if isinstance(node, _FunctionNode):
                name = getattr(node, "name", "<lambda>")
                self._functions.setdefault((_first_line(node), name), []).append(node)
                scope = f"{scope}{name}.<locals>."
            elif isinstance(node, ast.ClassDef):
                self._classes.setdefault(scope + node.name, []).append(node)
                scope = f"{scope}{node.name}."
            pending += [(child, scope) for child in ast.iter_child_nodes(node) if type(child) not in _LEAVES]

    @cached_property
    def codes(self) -> frozenset[CodeType]:
        """All code objects of the file, as Python would load them now."""
        try:
            pending = [compile(self.tree, self.filename, "exec", dont_inherit=True)]
        except (SyntaxError, ValueError):  # what only the compiler sees, such as a return outside a function
            return frozenset()
        found = set()
        while pending:
            code = pending.pop()
            found.add(code)
            pending += [item for item in code.co_consts if isinstance(item, CodeType)]
        return frozenset(found)

    @cached_property
    def declared_global(self) -> frozenset[str]:
        """The names that functions of the file declare global, and so may bind while it runs."""
        return frozenset(name for node in ast.walk(self.tree) if isinstance(node, ast.Global) for name in node.names)

    @cached_property
    def imports(self) -> list[ast.Import | ast.ImportFrom]:
        """The import statements of the module, those in its ``if`` and ``try`` among them, in order."""
        found: list[ast.Import | ast.ImportFrom] = []
        pending: list[Any] = list(reversed(self.tree.body))
        while pending:
            node = pending.pop()
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                found.append(node)
            elif isinstance(node, (ast.If, ast.Try, ast.With, ast.For, ast.While, ast.ExceptHandler)):
                pending += reversed(list(ast.iter_child_nodes(node)))
        return found

    def function(self, code: CodeType) -> Any:
        """Returns the node of a function, or None."""
        found = self._functions.get((code.co_firstlineno, code.co_name), [])
        if len(found) < 2:
            return found[0] if found else None
        found = sorted(found, key=lambda node: (node.lineno, node.col_offset))
        # Lambdas on one line are told apart by where their code begins.
        starts = [column for _, _, column, _ in code.co_positions() if column]
        for node in found:
            end = node.end_col_offset or 0
            if not isinstance(node, ast.Lambda) or (starts and node.col_offset <= min(starts) <= end):
                return node
        return None

    def classes(self, kind: type, methods: list[CodeType]) -> list[ast.ClassDef]:
        """Returns the nodes that may be a class's, in order: more than one where nothing tells them apart."""
        found = self._classes.get(kind.__qualname__)
        if found is None:  # a name of its own choice, or a class that a function makes global
            found = [node for nodes in self._classes.values() for node in nodes if node.name == kind.__name__]
        if len(found) > 1 and methods:
            line = methods[0].co_firstlineno
            found = [node for node in found if node.lineno <= line <= (node.end_lineno or line)] or found
        return sorted(found, key=lambda node: node.lineno)

    def starts_empty(self, node: Any, name: str) -> bool:
        """Whether a function around `node` binds a name to an empty container, once."""
        around = [
            outer
            for outer in ast.walk(self.tree)
            if isinstance(outer, _FunctionNode[:2]) and outer is not node and node in ast.walk(outer)
        ]
        values = [
            statement.value
            for outer in around
            for statement in outer.body
            if isinstance(statement, (ast.Assign, ast.AnnAssign))
            and any(isinstance(target, ast.Name) and target.id == name for target in assigned(statement))
        ]
        return len(values) == 1 and _is_empty(values[0])

    def text(self, node: Any) -> str:
        """Returns the source of a node."""
        return "".join(self.lines[node.lineno - 1 : node.end_lineno])


_files: dict[str, SourceFile] = {}


def source_file(filename: str, module: str) -> SourceFile | None:
    """Returns a file as it is now, or None where there is no source."""
    stamp = stamp_of(filename)
    known = _files.get(filename)
    if known is not None and stamp is not None and known.stamp == stamp:
        return known
    if filename == "<string>" or (filename.startswith("<") and len(linecache.cache.get(filename, ())) < 2):
        return None  # generated; from Python 3.13 on, linecache gives another source for it: of its module, or of -c
    linecache.checkcache(filename)
    # What is no file may be a notebook's cell, or be inside an archive: linecache asks the module's loader.
    lines = linecache.getlines(filename, vars(sys.modules[module]) if module in sys.modules else None)
    if not lines:
        return None
    if known is None or known.lines != lines:
        known = _files[filename] = SourceFile(filename, lines, stamp)
    known.stamp = stamp
    return known


def is_same_file(filename: str, other: str | None) -> bool:
    """Whether two names of files mean one; ``<string>``, say, is none."""
    return filename == other or (other is not None and os.path.abspath(filename) == os.path.abspath(other))


def check_loaded(code: CodeType, module: str) -> None:
    """Compares code that is loaded with what its file says now.

    Raises:
        CodeChanged: The file says something else.
    """
    names = vars(sys.modules[module]) if module in sys.modules else {}
    if type(names.get("__loader__")) is not SourceFileLoader:
        return  # a notebook, or a loader that rewrites what it loads
    if not is_same_file(code.co_filename, names.get("__file__")):
        return  # generated, as a dataclass's constructor is
    file = source_file(code.co_filename, module)
    if file is None or code not in file.codes:
        raise _changed(code.co_filename, code.co_qualname)


def check_unedited(module: str, name: str) -> None:
    """Compares a module's file with what it was: class bodies and decorators leave no code to compare.

    Raises:
        CodeChanged: The file was edited since its first task was declared.
    """
    if is_edited(module):
        raise _changed(sys.modules[module].__file__, name)


def _changed(filename: Any, name: str) -> CodeChanged:
    return CodeChanged(
        f"{filename} was edited after it was imported, so the loaded {name} has no source any more. Restart Python "
        "(or the notebook's kernel) to use the file as it is now"
    )


def _is_empty(value: Any) -> bool:
    """``{}``, ``[]``, ``set()``, ``defaultdict(list)``."""
    if isinstance(value, ast.Call):
        called = getattr(value.func, "id", getattr(value.func, "attr", ""))
        return called == "defaultdict" or (called in ("dict", "list", "set", "deque", "OrderedDict") and not value.args)
    return not (getattr(value, "keys", None) or getattr(value, "elts", None)) and isinstance(
        value, (ast.Dict, ast.List)
    )


def _first_line(node: Any) -> int:
    lines: list[int] = [node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))]
    return min(lines)
