"""The links of a piece of code: what its names stand for, in the project and outside of it."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any

from datanectar.tasks.project import Project
from datanectar.tasks.reach import Piece, Read
from datanectar.tasks.scopes import Use, uses
from datanectar.tasks.statements import absolute, bound_at, load, may_vary
from datanectar.values.typed_json import NotPlain, dumps, encode

_IMMUTABLE = (type(None), bool, int, float, complex, str, bytes)
#: Functions and methods that read data, which is known when they run.
_READ_DATA = (
    "read_bytes",
    "read_csv",
    "read_excel",
    "read_feather",
    "read_json",
    "read_parquet",
    "read_pickle",
    "read_sql",
    "read_table",
    "read_text",
    "scan_csv",
    "scan_parquet",
    "urlopen",
)
#: What every module has, and says where it is rather than what it means.
OWN = ("__name__", "__file__", "__doc__", "__package__", "__spec__", "__loader__", "__path__", "__cached__")
_RUN_TEXT = ("exec", "eval", "compile", "globals", "locals", "__import__")


@dataclass
class Linking:
    """The links of one piece of code: what its names stand for.

    Args:
        project: What is project code.
        names: The globals of its module.
        closure: What it closes over.
        own: Values that are counted elsewhere.
        starts_empty: Whether a name that is closed over stands for a container that the code itself fills.
    """

    project: Project
    names: dict[str, Any]
    closure: Mapping[str, Any] = field(default_factory=dict)
    own: tuple[Any, ...] = ()
    starts_empty: Callable[[str], bool] = lambda name: False
    links: dict[int, Any] = field(default_factory=dict)
    targets: list[Piece] = field(default_factory=list)
    not_followed: list[str] = field(default_factory=list)
    outside: set[str] = field(default_factory=set)

    def read(self, shape: Any, text: str = "") -> Read:
        """Returns what was linked, with the shape in which the links stand."""
        return Read(shape, self.targets, text, tuple(self.not_followed), frozenset(self.outside))

    def add(self, node: Any) -> None:
        """Links all that a node uses."""
        spelled: dict[int, ast.Call] = {}
        for item in ast.walk(node):
            if isinstance(item, (ast.Import, ast.ImportFrom)):
                self.links[id(item)] = ["Import"]  # what comes of it is linked where it is used
            elif isinstance(item, ast.Call) and not self._look(item):
                spelled[id(item.args[0])] = item
        for use in uses(node):
            call = spelled.get(id(use.nodes[-1]))
            if call is not None:  # getattr(module, "name") is module.name
                read: Any = ast.Attribute(use.nodes[-1], call.args[1].value, ast.Load())  # type: ignore[attr-defined]
                found = self._resolved(use._replace(nodes=[*use.nodes, read]))
                if found is not None and found[0] == len(use.nodes):
                    self.links[id(call)] = found[1]
                    continue
            self._link(use)

    def link_name(self, name: str) -> None:
        """Links a global of code that has no source."""
        node = ast.Name(name, ast.Load())
        self._link(Use(name, [node], None))

    def target(self, piece: Piece) -> list[Any]:
        """Returns what stands for a piece."""
        if piece not in self.targets:
            self.targets.append(piece)
        return ["Link", self.targets.index(piece)]

    def _link(self, use: Use) -> None:
        found = self._resolved(use)
        if found is not None:
            depth, shape = found
            self.links[id(use.nodes[depth])] = shape

    def _resolved(self, use: Use) -> tuple[int, Any] | None:
        """How many attributes of a name lead to a piece of code, and what stands for it."""
        value: Any
        if use.imported is not None:
            origin = absolute(use.imported, self.names)
            if not self.project.has(origin):
                return 0, self._outside(origin, use.imported.attribute)
            value, home = self._imported(origin, use.imported.attribute), (origin, use.imported.attribute)
            if value is _ABSENT:
                return None
        elif use.name in self.closure:
            return 0, self._closed(self.closure[use.name], use.name)
        elif use.name in OWN or use.name not in self.names:
            if use.name not in OWN and not hasattr(builtins, use.name):
                self.not_followed.append(f"{use.name}, which is not defined")
            return None
        else:
            value, home = self.names[use.name], (str(self.names.get("__name__", "")), use.name)
        if not isinstance(value, ModuleType):
            return (0, self.shape_of(value, *home)) if self._counted(value) else None
        return self._within(use, value)

    def _within(self, use: Use, module: ModuleType) -> tuple[int, Any] | None:
        """Goes through modules to what is no module."""
        if not self.project.has(module.__name__):
            return 0, self._outside(module.__name__)
        for depth, node in enumerate(use.nodes[1:], 1):
            made_by = vars(module).get("__getattr__")
            if node.attr not in vars(module) and made_by is not None:
                return depth, ["Attribute", self.shape_of(made_by, module.__name__, "__getattr__"), node.attr]
            value = getattr(module, node.attr, _ABSENT)
            if value is _ABSENT:
                self.not_followed.append(f"{module.__name__}.{node.attr}, which is not there")
                return None
            if not isinstance(value, ModuleType):
                if node.attr in OWN or not self._counted(value):
                    return None
                return depth, self.shape_of(value, module.__name__, node.attr)
            if not self.project.has(value.__name__):
                return depth, self._outside(value.__name__)
            module = value
        self.not_followed.append(f"{module.__name__}, a module that is used as a value")
        return len(use.nodes) - 1, ["Module"]

    def _imported(self, origin: str, attribute: str) -> Any:
        """The value that an import within the code binds, of a module of the project."""
        module = load(origin)
        if module is None:
            self.not_followed.append(f"{origin}, which cannot be imported")
            return _ABSENT
        value = getattr(module, attribute, _ABSENT) if attribute else module
        if value is _ABSENT:
            value = load(f"{origin}.{attribute}") or _ABSENT
        if value is _ABSENT:
            self.not_followed.append(f"{origin}.{attribute}, which is not there")
        return value

    def _counted(self, value: Any) -> bool:
        return not any(value is one for one in self.own)

    def _closed(self, value: Any, name: str) -> Any:
        """A value that is closed over: functions and classes are followed; of what is not plain, the type counts."""
        found = self._followed(value)
        if found is not None:
            return found
        if not is_immutable(value) and self.starts_empty(name):
            return ["Filled", type(value).__qualname__]  # while it runs, as a cache is
        try:
            return ["Value", encode(value)]
        except (NotPlain, RecursionError):
            self.not_followed.append(f"{name}, a {type(value).__qualname__} that is closed over")
            return ["Type", type(value).__qualname__]

    def shape_of(self, value: Any, module: str, name: str) -> Any:
        """What stands for a global: a link to a piece of code, or what is outside."""
        from datanectar.tasks.pieces import Statements, Value

        found = self._followed(value)
        if found is not None:
            return found
        home = sys.modules.get(module)
        place = bound_at(home, name, self.project.has) if home is not None else None
        if is_immutable(value) and not (
            place and place.module and may_vary(place.module, place.name, self.project.has)
        ):
            where = f"{place.module.__name__}:{place.name}" if place and place.module else f"{module}:{name}"
            return self.target(Value(where, dumps(encode(value))))
        if place is not None and place.outside:
            return self._outside(place.outside, place.name)
        if place is not None and place.module is not None and place.name:
            statements = Statements(place.module, place.name)
            if statements.exist():
                return self.target(statements)
        return self._without_statement(value, name)

    def _without_statement(self, value: Any, name: str) -> Any:
        """A global of a notebook, say: its value, if that is plain."""
        kind = value if isinstance(value, (type, FunctionType)) else type(value)
        if kind is not value:
            try:
                return ["Value", encode(value)]
            except (NotPlain, RecursionError):
                self.not_followed.append(f"{name}, a {kind.__qualname__} whose statement is not known")
        return self._outside(kind.__module__, kind.__qualname__)

    def _followed(self, value: Any) -> Any:
        """A link to a task, or to a function or class of the project; else None."""
        from datanectar.tasks.pieces import ClassPiece, Function, TaskPiece, has_statement

        if getattr(type(value), "_is_task", False):
            return self.target(TaskPiece(value))
        if isinstance(value, FunctionType) and self.project.has(value.__globals__.get("__name__")):
            return self.target(Function(value))
        if isinstance(value, type) and self.project.has(value.__module__) and has_statement(value):
            return self.target(ClassPiece(value))
        return None

    def _outside(self, module: str, *name: str) -> list[str]:
        """What stands for code of a library: the name by which it is imported."""
        self.outside.add(module.partition(".")[0])
        return ["Outside", module, *name]

    def _look(self, call: ast.Call) -> bool:
        """Notes calls that reach code by computed names; False of a `getattr` whose name is spelled out."""
        called = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        line = getattr(call, "lineno", 0)
        if isinstance(call.func, ast.Name) and called in _RUN_TEXT and called not in self.names:
            self.not_followed.append(f"line {line}: {called}()")
        elif called in _READ_DATA or (isinstance(call.func, ast.Name) and called == "open"):
            self.not_followed.append(
                f"line {line}: {called}() reads data when it runs; make it a dn.File, or a parameter"
            )
        elif called in ("getattr", "import_module") and not self._is_known(call, 1 if called == "getattr" else 0):
            self.not_followed.append(f"line {line}: {called}() with a computed name")
        elif called == "getattr" and isinstance(call.func, ast.Name):
            return False
        return True

    def _is_known(self, call: ast.Call, index: int) -> bool:
        return len(call.args) > index and isinstance(call.args[index], ast.Constant)


_ABSENT: Any = object()


def is_immutable(value: Any) -> bool:
    """Whether a global counts by its value: nothing can change it without a statement that binds its name."""
    if type(value) in (tuple, frozenset):
        return all(is_immutable(item) for item in value) and _is_plain(value)
    return type(value) in _IMMUTABLE and _is_plain(value)


def _is_plain(value: Any) -> bool:
    try:
        encode(value)
    except (NotPlain, RecursionError):
        return False
    return True
