"""All project code that a task reaches: pieces of code, each with what it leads to, walked once from the task."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from datanectar.tasks.project import Project


class Piece(Protocol):
    """A function, a class, some statements, a value or a task: hashable, equal if it is the same one."""

    @property
    def name(self) -> str:
        """``module:name``, for people."""
        ...

    def read(self, project: Project) -> Read:
        """Reads what it means.

        Raises:
            CodeChanged: Its file was edited after it was imported.
        """
        ...


class Read(NamedTuple):
    """What a piece of code means.

    Attributes:
        shape: Nested lists, in which ``["Link", n]`` stands for the n-th of `targets`.
        targets: The pieces that it uses.
        text: Its source, or an empty string.
        not_followed: What in it cannot be followed, for people.
        outside: Top-level modules of libraries that it uses.
    """

    shape: Any
    targets: list[Piece]
    text: str = ""
    not_followed: tuple[str, ...] = ()
    outside: frozenset[str] = frozenset()


#: What was read, by the piece and the project, with the load of the piece's module: loaded code stays what it is.
_reads: dict[tuple[Piece, tuple[str, ...]], tuple[Any, Read]] = {}


def _read(piece: Piece, project: Project) -> Read:
    load = getattr(sys.modules.get(piece.name.partition(":")[0]), "__spec__", None)
    known = _reads.get((piece, project.key))
    if known is None or known[0] is not load:
        known = _reads[piece, project.key] = load, piece.read(project)
    return known[1]


def walk(roots: list[Read], project: Project) -> Iterator[tuple[Piece | None, Read, list[int]]]:
    """Yields roots and all that they reach, each once, with the numbers of what it leads to.

    Numbers are by discovery, so neither names nor places count, and cycles end.
    """
    numbers: dict[Piece, int] = {}
    pending: list[tuple[Piece | None, Read]] = [(None, root) for root in roots]
    position = 0
    while position < len(pending):
        piece, read = pending[position]
        position += 1
        for target in read.targets:
            if target not in numbers:
                numbers[target] = len(pending)
                pending.append((target, _read(target, project)))
        yield piece, read, [numbers[target] for target in read.targets]
