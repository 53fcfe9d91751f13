"""Which names a piece of code takes from outside of itself, and which of them it imports for itself."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_Function = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_Comprehension = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Imported(NamedTuple):
    """What an import statement binds a name to.

    Attributes:
        module: The module's name, as it is written.
        attribute: What is taken from it, or an empty string for the module.
        level: How many dots a relative import begins with.
    """

    module: str
    attribute: str
    level: int


class Use(NamedTuple):
    """A name that is read and not bound here, with the attributes that are read of it.

    Attributes:
        name: The name.
        nodes: The name's node, and those of its attributes from the inside out.
        imported: The import statement of a scope within that binds it, or None.
    """

    name: str
    nodes: list[Any]
    imported: Imported | None


@dataclass(frozen=True)
class _Scope:
    """Names that a function, a class or a comprehension binds."""

    bound: set[str] = field(default_factory=set)
    imported: dict[str, Imported] = field(default_factory=dict)
    outer: set[str] = field(default_factory=set)  # declared global or nonlocal
    statements: tuple[Any, ...] = ()  # of a class, which binds its names one after the other


def uses(node: Any) -> Iterator[Use]:
    """Yields what a function, a class or a statement takes from outside, in the order in which it stands there."""
    is_block = isinstance(node, ast.stmt) and not isinstance(node, (*_Function, ast.ClassDef))
    return _uses(node, (_scope([node]),) if is_block else ())


def imports_of(statement: ast.stmt) -> dict[str, Imported]:
    """Returns what an import statement binds, by name; ``*`` for a star."""
    found: dict[str, Imported] = {}
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            module = alias.name if alias.asname else alias.name.partition(".")[0]
            found[alias.asname or module] = Imported(module, "", 0)
    elif isinstance(statement, ast.ImportFrom):
        for alias in statement.names:
            found[alias.asname or alias.name] = Imported(statement.module or "", alias.name, statement.level)
    return found


def assigned(statement: Any) -> list[Any]:
    """Returns what a statement assigns to or deletes; of another kind of statement, nothing."""
    if isinstance(statement, (ast.Assign, ast.Delete)):
        return list(statement.targets)
    return [statement.target] if isinstance(statement, (ast.AnnAssign, ast.AugAssign)) else []


def _uses(node: Any, scopes: tuple[_Scope, ...]) -> Iterator[Use]:
    if isinstance(node, list):
        for item in node:
            yield from _uses(item, scopes)
    elif isinstance(node, ast.Name):
        if isinstance(node.ctx, ast.Load):
            yield from _named([node], scopes)
    elif isinstance(node, ast.Attribute) and (chain := _chain(node)):
        yield from _named(chain, scopes)
    elif isinstance(node, _Function):
        arguments = node.args
        yield from _uses(getattr(node, "decorator_list", []), scopes)
        yield from _uses([*arguments.defaults, *(item for item in arguments.kw_defaults if item)], scopes)
        yield from _uses(node.body, (*scopes, _function_scope(node)))
    elif isinstance(node, ast.ClassDef):
        yield from _uses([*node.decorator_list, *node.bases, *(item.value for item in node.keywords)], scopes)
        yield from _uses(node.body, (*scopes, _scope(node.body, statements=tuple(node.body))))
    elif isinstance(node, _Comprehension):
        yield from _of_comprehension(node, scopes)
    elif isinstance(node, ast.AnnAssign):  # annotations count as they are written
        yield from _uses([item for item in (node.value, node.target) if item is not None], scopes)
    elif isinstance(node, ast.AST):
        yield from _uses(list(ast.iter_child_nodes(node)), scopes)


def _of_comprehension(node: Any, scopes: tuple[_Scope, ...]) -> Iterator[Use]:
    first, *others = node.generators
    yield from _uses(first.iter, scopes)
    own = _Scope(bound={name for item in node.generators for name in _targets(item.target)})
    within = (*scopes, own)
    yield from _uses([*first.ifs, *others], within)
    parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    yield from _uses(parts, within)


def _chain(node: ast.Attribute) -> list[Any]:
    """The nodes of ``a.b.c`` from the inside out; none if it does not begin with a name that is read."""
    found: list[Any] = []
    inner: Any = node
    while isinstance(inner, ast.Attribute):
        found.append(inner)
        inner = inner.value
    if not isinstance(inner, ast.Name) or not isinstance(inner.ctx, ast.Load):
        return []
    return [inner, *reversed(found)]


def _named(nodes: list[Any], scopes: tuple[_Scope, ...]) -> Iterator[Use]:
    name = nodes[0].id
    for depth, scope in enumerate(reversed(scopes)):
        if scope.statements and depth > 0:  # a class's names are not seen by its methods
            continue
        if name in scope.outer:
            break
        if name in scope.imported:
            yield Use(name, nodes, scope.imported[name])
            return
        if name in scope.bound and (not scope.statements or _bound_before(name, nodes[0], scope.statements)):
            return
    yield Use(name, nodes, None)


def _bound_before(name: str, node: Any, statements: tuple[Any, ...]) -> bool:
    """Whether a class's body has bound a name where a node in it reads that."""
    before = (item for item in statements if (item.end_lineno, item.end_col_offset) <= (node.lineno, node.col_offset))
    return name in _scope(before).bound


def _function_scope(node: Any) -> _Scope:
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    scope = _scope(node.body if isinstance(node.body, list) else [node.body])
    given = {item.arg for item in every if item is not None}
    imported = {name: found for name, found in scope.imported.items() if name not in given}
    return _Scope(scope.bound | given, imported, scope.outer)


def _scope(body: Iterable[Any], *, statements: tuple[Any, ...] = ()) -> _Scope:
    """What the statements of one body bind, without those of functions and classes inside."""
    bound: set[str] = set()
    imported: dict[str, Imported] = {}
    outer: set[str] = set()
    pending = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            outer.update(node.names)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            imported |= imports_of(node)
        elif isinstance(node, (*_Function, ast.ClassDef)):
            bound.update([node.name] if not isinstance(node, ast.Lambda) else [])
        elif isinstance(node, _Comprehension):  # what a walrus in it binds is bound here
            pending += [item for item in ast.walk(node) if isinstance(item, ast.NamedExpr)]
        else:
            bound.update(_binds(node))
            pending += ast.iter_child_nodes(node)
    return _Scope(bound - outer, {key: item for key, item in imported.items() if key not in bound}, outer, statements)


def _binds(node: Any) -> Iterator[str]:
    """The names that a node itself binds."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


def _targets(node: Any) -> Iterator[str]:
    for item in ast.walk(node):
        yield from _binds(item)
