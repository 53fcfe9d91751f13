"""The pieces of code that a task may reach."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from types import FunctionType, ModuleType
from typing import Any

from datanectar.tasks.linking import OWN, Linking
from datanectar.tasks.project import Project
from datanectar.tasks.reach import Read
from datanectar.tasks.shape import is_decorated, shape_of_code, shape_of_function, shape_of_statement
from datanectar.tasks.source import SourceFile, check_loaded, check_unedited, is_same_file, source_file
from datanectar.tasks.stamps import remember
from datanectar.tasks.statements import attributes_given, binding, file_of


@dataclass(frozen=True)
class Value:
    """A plain global that nothing can change."""

    name: str
    encoded: str

    def read(self, project: Project) -> Read:
        return Read(["Value", self.encoded], [])


@dataclass(frozen=True)
class Function:
    """A function, by its source; as a task, without its defaults, which are bound into calls."""

    function: FunctionType
    is_task: bool = False

    @property
    def name(self) -> str:
        module = self.function.__globals__.get("__name__", self.function.__module__)
        return f"{module}:{self.function.__code__.co_qualname}"  # its own, which functools.wraps does not copy

    def read(self, project: Project) -> Read:
        function = self.function
        code, names = function.__code__, function.__globals__
        module = str(names.get("__name__", function.__module__))
        check_loaded(code, module)
        linking = Linking(project, names, closure_of(function))
        file = source_file(code.co_filename, module)
        node = file.function(code) if file else None
        if file is not None and node is not None:
            linking.starts_empty = partial(file.starts_empty, node)
        if file is None or node is None:
            for name in code.co_names:
                if name in names and name not in OWN:
                    linking.link_name(name)
            return linking.read([shape_of_code(code), list(linking.links.values())])
        if is_decorated(node, names):
            remember(module)
            check_unedited(module, code.co_qualname)
        linking.add(node)
        if self.is_task:
            shape = shape_of_function(node, names, linking.links)
        else:
            shape = _nameless(shape_of_statement(node, names, linking.links))
            shape = [shape, *_given(linking, file, function.__qualname__, names)]
        return linking.read(shape, file.text(node))


@dataclass(frozen=True)
class ClassPiece:
    """A class that is no task, by its statement."""

    kind: type

    @property
    def name(self) -> str:
        return f"{self.kind.__module__}:{self.kind.__qualname__}"

    def read(self, project: Project) -> Read:
        kind = self.kind
        remember(kind.__module__)
        linking, file, nodes = linked_class(kind, project)
        names, own = linking.names, own_methods(kind)
        shape = [shape_of_statement(node, names, linking.links) for node in nodes]
        put_in = [  # methods that came after the class statement
            [name, linking.target(Function(method))]
            for name, method in sorted(methods_of(kind))
            if (method not in own or not nodes) and _is_written(method, project)
        ]
        text = "".join(file.text(node) for node in nodes) if file else ""
        shape += _given(linking, file, kind.__qualname__, names) if file else []
        if not nodes:
            linking.not_followed.append(f"{kind.__qualname__}, a class without a statement")
        return linking.read([shape, put_in], text)


@dataclass(frozen=True)
class Statements:
    """A global by the statements of its module that bind it, or change what it stands for."""

    module: ModuleType
    global_name: str

    @property
    def name(self) -> str:
        return f"{self.module.__name__}:{self.global_name}"

    def exist(self) -> bool:
        """Whether there are any."""
        return bool(binding(self.module, self.global_name))

    def read(self, project: Project) -> Read:
        remember(self.module.__name__)
        check_unedited(self.module.__name__, self.global_name)
        found, names = binding(self.module, self.global_name), vars(self.module)
        linking = Linking(project, names)
        shape = []
        for statement in found:
            defined = self._defined(statement, project)
            if defined is not None:
                shape.append(linking.target(defined))
                continue
            linking.add(statement)
            shape.append(_nameless(shape_of_statement(statement, names, linking.links)))
        file = file_of(self.module)
        text = "".join(file.text(statement) for statement in found) if file else ""
        return linking.read(shape, text)

    def _defined(self, statement: Any, project: Project) -> Function | None:
        """The function that a statement made, if it is what its name still stands for: then it is told by itself."""
        value = vars(self.module).get(getattr(statement, "name", ""))
        if not isinstance(value, FunctionType) or not _is_written(value, project):
            return None
        code = value.__code__
        first = min([statement.lineno, *(item.lineno for item in statement.decorator_list)])
        return Function(value) if (code.co_name, code.co_firstlineno) == (statement.name, first) else None


@dataclass(frozen=True)
class TaskPiece:
    """Another task: its path, and its version or code."""

    task: Any

    @property
    def name(self) -> str:
        return Function(inspect.unwrap(self.task.fn)).name

    def read(self, project: Project) -> Read:
        if self.task.version is not None:
            return Read(["Task", self.task.path, self.task.version], [])
        read = Function(inspect.unwrap(self.task.fn), is_task=True).read(project)
        return read._replace(shape=["Task", self.task.path, read.shape])


def closure_of(function: FunctionType) -> dict[str, Any]:
    """Returns what a function closes over."""
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return found


def closures_of(functions: list[FunctionType]) -> dict[str, Any]:
    """Returns what functions close over, together."""
    return {
        name: value for function in functions for name, value in closure_of(function).items() if name != "__class__"
    }


def methods_of(kind: type) -> Iterator[tuple[str, FunctionType]]:
    """Yields the functions of a class's body, below whatever decorates them."""
    for name, value in vars(kind).items():
        value = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        if callable(value):
            value = inspect.unwrap(value)
        if isinstance(value, FunctionType):
            yield name, value


def own_methods(kind: type) -> list[FunctionType]:
    """Returns the functions that a class's statement defines itself."""
    return [method for _, method in methods_of(kind) if method.__qualname__.startswith(f"{kind.__qualname__}.")]


def linked_class(
    kind: type, project: Project, own: tuple[type, ...] = ()
) -> tuple[Linking, SourceFile | None, list[Any]]:
    """Returns what the names in a class's statement stand for, its file, and the statement's nodes.

    Args:
        kind: The class.
        project: What is project code.
        own: Classes that are counted elsewhere.

    Raises:
        CodeChanged: Its file was edited after it was imported.
    """
    check_unedited(kind.__module__, kind.__qualname__)
    methods = own_methods(kind)
    for method in methods:
        check_loaded(method.__code__, kind.__module__)
    file, nodes = class_nodes(kind, methods)
    module = sys.modules.get(kind.__module__)
    linking = Linking(project, vars(module) if module else {}, closures_of(methods), own)
    for node in nodes:
        linking.add(node)
    return linking, file, nodes


def class_nodes(kind: type, methods: list[FunctionType]) -> tuple[SourceFile | None, list[Any]]:
    """Returns where a class statement is: in its module's file or, in notebooks, where its methods are."""
    home = getattr(sys.modules.get(kind.__module__), "__file__", None)
    filenames = dict.fromkeys([*([home] if home else []), *(method.__code__.co_filename for method in methods)])
    for filename in filenames:
        file = source_file(filename, kind.__module__)
        here = [method.__code__ for method in methods if is_same_file(method.__code__.co_filename, filename)]
        nodes = file.classes(kind, here) if file else []
        if nodes:
            return file, nodes
    return None, []


def _given(linking: Linking, file: SourceFile, name: str, names: dict[str, Any]) -> list[Any]:
    """The attributes that a function or class is given by statements after its own."""
    found = attributes_given(file.tree, name)
    for statement in found:
        linking.add(statement)
    return [shape_of_statement(statement, names, linking.links) for statement in found]


def has_statement(kind: type) -> bool:
    """Whether a class was made by a class statement, as far as that can be known."""
    module = sys.modules.get(kind.__module__)
    return module is None or file_of(module) is None or bool(class_nodes(kind, own_methods(kind))[1])


def _is_written(function: FunctionType, project: Project) -> bool:
    """Whether a function stands in a file of the project, and was not generated as a dataclass's constructor is."""
    written = source_file(function.__code__.co_filename, function.__module__) is not None
    return written and project.has(function.__globals__.get("__name__"))


def _nameless(shape: Any) -> Any:
    """A function's shape without its name: a renamed helper is the same."""
    is_function = isinstance(shape, list) and shape and shape[0] in ("FunctionDef", "AsyncFunctionDef")
    return [part for part in shape if not (isinstance(part, list) and part[:1] == ["name"])] if is_function else shape
