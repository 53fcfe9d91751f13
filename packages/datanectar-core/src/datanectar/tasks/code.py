"""The code digest: the hash of what a task's code means, not of how it is written.

Comments, blank lines, formatting, docstrings, function annotations, defaults that are bound into calls and the
``@task`` decorator do not count; the names of a class's annotated fields do. What is digested is the task's own code,
its function, or its class with the bases that are not Datanectar's, and all code of the project that it reaches. The
digest is of the code that is loaded: if a file was edited since, that is an error, not a wrong name.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Collection
from hashlib import sha256
from types import FunctionType
from typing import Any, NamedTuple

from datanectar.configuration.active import current
from datanectar.tasks.linking import Linking
from datanectar.tasks.pieces import Function, linked_class, methods_of
from datanectar.tasks.project import Project
from datanectar.tasks.reach import Read, walk
from datanectar.tasks.shape import OPTIONS, shape_of_class
from datanectar.values.typed_json import NotPlain, dumps, encode


class CodeDigest(NamedTuple):
    """A digest, and what it is made of.

    Attributes:
        digest: The digest.
        functions: The digest of each function, class and global, by ``module:name``.
        sources: Their source text.
        not_followed: What cannot be followed, for people.
        libraries: The top-level modules of libraries that it uses.
    """

    digest: str
    functions: dict[str, str]
    sources: dict[str, str]
    not_followed: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()

    def versions(self) -> dict[str, str]:
        """Returns which versions of libraries are here; they are recorded, and no part of the name."""
        found = {name: _version(name) for name in self.libraries}
        return {name: version for name, version in found.items() if version}


def digest_function(function: FunctionType) -> CodeDigest:
    """Returns the digest of a function and all it reaches.

    Raises:
        CodeChanged: A file was edited after it was imported.
    """
    # Decorators below @task wrap the function; __wrapped__ leads to the source they all stand above.
    own = Function(inspect.unwrap(function), is_task=True)
    project = _project(str(own.function.__globals__.get("__name__", function.__module__)))
    return _combine([(f"{function.__module__}:{function.__qualname__}", own.read(project))], project)


def digest_class(
    kind: type,
    root: type | tuple[type, ...],
    fields: Collection[str] | None = None,
    declarations: Collection[str] = (),
) -> CodeDigest:
    """Returns the digest of a class, of its bases up to `root`, and of all they reach.

    Args:
        kind: The class.
        root: The base (or bases) whose code, and whose bases', is not the task's.
        fields: Annotated fields that are parameters. Their defaults and the constructor's are bound into calls and do
            not count; if None, none are.
        declarations: Attributes that declare parameters, and what was added to the class: they do not count at all.

    Raises:
        CodeChanged: A file was edited after it was imported.
    """
    project = _project(kind.__module__)
    outside = {object, *(base for one in (root if isinstance(root, tuple) else (root,)) for base in one.__mro__)}
    found = []
    for base in kind.__mro__:
        if base not in outside:
            binds_defaults = fields is not None and vars(base).get("__init__") is kind.__init__  # type: ignore[misc]
            read = _read_class(base, project, kind.__mro__, fields or (), declarations, binds_defaults)
            found.append((f"{base.__module__}:{base.__qualname__}", read))
    return _combine(found, project)


def _project(module: str) -> Project:
    return Project(module, tuple(current().get("project_packages", ())))


def _combine(roots: list[tuple[str, Read]], project: Project) -> CodeDigest:
    names = [name for name, _ in roots]
    functions: dict[str, str] = {}
    sources: dict[str, str] = {}
    not_followed: list[str] = []
    libraries: set[str] = set()
    graph = []
    for number, (piece, read, targets) in enumerate(walk([read for _, read in roots], project)):
        name = names[number] if piece is None else piece.name
        graph.append([read.shape, targets])  # not the names: what is moved or renamed keeps its artifacts
        functions.setdefault(name, _hash([read.shape, [target.name for target in read.targets]]))
        if read.text:
            sources.setdefault(name, read.text)
        libraries |= read.outside
        not_followed += (f"{name}: {what}" for what in read.not_followed)
    used = tuple(sorted(libraries - sys.stdlib_module_names - {"datanectar", ""}))
    return CodeDigest(_hash(graph), functions, sources, tuple(dict.fromkeys(not_followed)), used)


def _version(module: str) -> str:
    """The version of a library, as it says itself, or as its distribution of the same name does."""
    said = getattr(sys.modules.get(module), "__version__", None)
    if isinstance(said, str):
        return said
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(module)
    except PackageNotFoundError:
        return ""


def _hash(shape: Any) -> str:
    return sha256(dumps(shape).encode("ascii")).hexdigest()[:32]


def _read_class(
    kind: type,
    project: Project,
    bases: tuple[type, ...],
    fields: Collection[str],
    declarations: Collection[str],
    binds_defaults: bool,
) -> Read:
    linking, file, nodes = linked_class(kind, project, own=bases)  # bases are read by themselves
    if file is None:
        return _read_without_statement(kind, project, {*fields, *declarations})
    shapes = [
        shape_of_class(
            node, linking.names, fields, declarations=declarations, binds_defaults=binds_defaults, links=linking.links
        )
        for node in nodes
    ]
    shape = shapes[0] if len(shapes) == 1 else ["OneOf", *shapes]
    text = "".join(file.text(node) for node in nodes)
    return linking.read(shape, text)


def _read_without_statement(kind: type, project: Project, fields: Collection[str]) -> Read:
    """A class that `type()` made, or code without source: its functions and plain attributes."""
    linking = Linking(project, {})
    found: list[list[Any]] = [
        [name, linking.target(Function(method))] for name, method in methods_of(kind) if name not in fields
    ]
    for name, value in vars(kind).items():
        if name not in OPTIONS and name not in fields and name != "_options" and not name.startswith("__"):
            try:
                found.append([name, {"value": encode(value)}])
            except (NotPlain, RecursionError):
                continue
    return linking.read(sorted(found, key=lambda item: str(item[0])))
