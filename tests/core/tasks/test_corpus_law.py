"""The law of the corpus: how a tree's files are written does not count, wherever in them it is."""

import ast
import io
import itertools
import tokenize
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

#: Chooses what a strategy may make.
Draw = Callable[[st.SearchStrategy[Any]], Any]
_Function = (ast.FunctionDef, ast.AsyncFunctionDef)


def comments(text: str, draw: Draw) -> str:
    """Puts comments and blank lines between lines, and comments at their ends."""
    ends, between = st.sampled_from(["", "  # so"]), st.sampled_from(["", "\n", "\n# here", "\n      # there\n"])
    places = [token.start for token in _tokens(text) if token.type == tokenize.NEWLINE]
    return _insert(text, [(place, draw(ends) + draw(between)) for place in places])


def indentation(text: str, draw: Draw) -> str:
    """Indents blocks by another number of spaces."""
    width, level, lines = draw(st.integers(1, 9)), 0, text.splitlines(keepends=True)
    is_first = True
    for token in _tokens(text):
        if token.type in (tokenize.INDENT, tokenize.DEDENT):
            level += 1 if token.type == tokenize.INDENT else -1
        elif token.type == tokenize.NEWLINE:
            is_first = True
        elif is_first and token.type not in (tokenize.NL, tokenize.COMMENT, tokenize.ENDMARKER):
            lines[token.start[0] - 1] = " " * width * level + lines[token.start[0] - 1].lstrip(" ")
            is_first = False
    return "".join(lines)


def docstrings(text: str, draw: Draw) -> str:
    """Gives functions, classes and the module docstrings."""
    added = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (*_Function, ast.ClassDef, ast.Module)) and node.body and ast.get_docstring(node) is None:
            first = _start(node.body[0])
            if (isinstance(node, ast.Module) or first[0] > node.lineno) and draw(st.booleans()):
                added.append((first, f'"""{draw(st.sampled_from(["Says.", "Says more.", ""]))}"""\n{" " * first[1]}'))
    return _insert(text, added)


def parentheses(text: str, draw: Draw) -> str:
    """Wraps expressions in parentheses, where these change nothing."""
    for _ in range(draw(st.integers(1, 4))):
        tree = ast.parse(text)
        inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
        places = [node for node in ast.walk(tree) if isinstance(node, ast.expr) and id(node) not in inside]
        if places:
            node = places[draw(st.integers(0, len(places) - 1))]
            ends = ((node.lineno, node.col_offset), "("), ((node.end_lineno, node.end_col_offset), ")")
            changed = _insert(text, ends)
            text = changed if _means(changed) == ast.dump(tree) else text
    return text


def annotations(text: str, draw: Draw) -> str:
    """Annotates parameters."""
    added = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, _Function):
            rest = [item for item in (node.args.vararg, node.args.kwarg) if item is not None]
            for arg in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, *rest]:
                if arg.annotation is None and draw(st.booleans()):
                    annotation = draw(st.sampled_from(["object", '"Unknown"', "'list[int]'"]))
                    added.append(((arg.end_lineno, arg.end_col_offset), f": {annotation}"))
    return _insert(text, added)


def order_of_imports(text: str, draw: Draw) -> str:
    """Puts import statements that follow each other in another order."""
    return _shuffle(text, draw, _is_import)


def order_of_helpers(text: str, draw: Draw) -> str:
    """Puts functions that follow each other, and of which none is used before all are there, in another order."""
    return _shuffle(text, draw, _is_plain_function)


def everything(text: str, draw: Draw) -> str:
    """Does all of it."""
    for edit in (order_of_helpers, order_of_imports, parentheses, annotations, docstrings, comments, indentation):
        text = edit(text, draw)
    return text


EDITS = [comments, indentation, docstrings, parentheses, annotations, order_of_imports, order_of_helpers, everything]


@pytest.mark.parametrize("edit", EDITS, ids=[edit.__name__ for edit in EDITS])
@settings(max_examples=40)
@given(data=st.data())
def test_how_a_tree_is_written_does_not_count(edit, corpus, namer, data):
    tree = data.draw(
        st.sampled_from([tree for pair in corpus for tree in (pair.before, pair.after) if _is_fit(tree, edit)])
    )
    edited = {name: edit(text, data.draw) if name.endswith(".py") else text for name, text in tree.items()}
    for name in tree:
        note(f"--- {name}\n{edited[name]}")
    assert namer(edited).name == namer(tree).name


@pytest.mark.parametrize("edit", EDITS, ids=[edit.__name__ for edit in EDITS])
@given(data=st.data())
@settings(max_examples=20)
def test_edits_leave_files_that_are_python(edit, corpus, data):
    for name, text in data.draw(st.sampled_from(corpus)).after.items():
        if name.endswith(".py"):
            edited = edit(text, data.draw)
            note(edited)
            compile(edited, name, "exec")
            if edit in (comments, indentation, parentheses):
                assert _means(edited) == _means(text)


def _is_fit(tree: dict[str, str], edit: Any) -> bool:
    """Whether an edit finds something to do; trees with a configuration take longer, for plugins are looked for."""
    moved = {order_of_imports: _is_import, order_of_helpers: _is_plain_function}.get(edit)
    is_fit = moved is None or any(_has_run(text, moved) for name, text in tree.items() if name.endswith(".py"))
    return is_fit and "datanectar.toml" not in tree


@cache
def _has_run(text: str, can_move: Callable[[ast.stmt], bool]) -> bool:
    return any(is_run and len(list(nodes)) > 1 for is_run, nodes in itertools.groupby(ast.parse(text).body, can_move))


def _is_import(node: ast.stmt) -> bool:
    is_import = isinstance(node, (ast.Import, ast.ImportFrom))
    return is_import and getattr(node, "module", "") != "__future__" and node.names[0].name != "*"


def _is_plain_function(node: ast.stmt) -> bool:
    if not isinstance(node, _Function) or node.decorator_list:
        return False
    return not any(isinstance(part, ast.Name) for part in ast.walk(node.args))


def _shuffle(text: str, draw: Draw, can_move: Callable[[ast.stmt], bool]) -> str:
    lines, shuffled = text.splitlines(keepends=True), []
    end = 0
    for is_run, nodes in itertools.groupby(ast.parse(text).body, can_move):
        run = list(nodes)
        pieces = []
        for node in run:
            pieces.append((_names(node), "".join(lines[end : node.end_lineno])))
            end = node.end_lineno
        names = [name for found, _ in pieces for name in found]
        if is_run and len(set(names)) == len(names):
            pieces = draw(st.permutations(pieces))
        shuffled += [piece for _, piece in pieces]
    return "".join([*shuffled, *lines[end:]])


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name for alias in node.names]
    return [getattr(node, "name", "")]


def _tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    return tokenize.generate_tokens(io.StringIO(text).readline)


def _start(node: ast.stmt) -> tuple[int, int]:
    return min((one.lineno, node.col_offset) for one in [node, *getattr(node, "decorator_list", [])])


def _insert(text: str, added: Sequence[tuple[tuple[int, int], str]]) -> str:
    """Inserts pieces at places, each a line and a column."""
    lines = text.splitlines(keepends=True)
    for (line, column), piece in sorted(added, key=lambda item: item[0], reverse=True):
        lines[line - 1] = lines[line - 1][:column] + piece + lines[line - 1][column:]
    return "".join(lines)


def _means(text: str) -> str | None:
    try:
        return ast.dump(ast.parse(text))
    except SyntaxError:
        return None
