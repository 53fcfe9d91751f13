"""Fingerprints of chains of calls, from the inputs up, on a stack of our own: chains may be of any length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datanectar.errors import CycleError

if TYPE_CHECKING:
    from datanectar.tasks.call import Call
    from datanectar.tasks.handle import Artifact

_LONGEST_CHAIN = 200_000


def compute_fingerprints(call: Call) -> None:
    """Computes the fingerprint of a call and of all it needs.

    Raises:
        CycleError: A call needs itself, or its requirements have no end.
    """
    if not call.has_requirements and not _unnamed(call.given()):  # most calls: nothing is to be named before it
        call.compute_fingerprint()
        return
    stack: list[Call] = [call]
    waiting: set[int] = set()  # calls that wait for others on the stack: each needs the next
    asked: dict[int, str] = {}  # those of them whose requires() was asked
    chain: dict[str, None] = {}
    while stack:
        top = stack[-1]
        if top.is_named:
            stack.pop()
            continue
        pending = _unnamed(top.given())
        if not pending and top.has_requirements:
            if id(top) not in asked:
                asked[id(top)] = _enter(top, chain)
            pending = _unnamed(top.inputs())
        if pending:
            waiting.add(id(top))
            for needed in pending:
                if id(needed) in waiting:
                    raise _cycle(needed, chain)
            stack += pending
            continue
        top.compute_fingerprint()
        waiting.discard(id(top))
        chain.pop(asked.pop(id(top), ""), None)
        stack.pop()


def _unnamed(artifacts: list[Artifact[Any]]) -> list[Call]:
    return [artifact.call for artifact in artifacts if not artifact.call.is_named]


def _enter(call: Call, chain: dict[str, None]) -> str:
    """Adds a call to the chain of those that wait for one another; one that waits for itself is a cycle."""
    from datanectar.tasks.identity import identify_parameters
    from datanectar.values.typed_json import dumps

    assert call.definition is not None
    key = f"{call.definition.path} {dumps(identify_parameters(call.parameters()))}"
    if key in chain:
        raise _cycle(call, chain)
    if len(chain) > _LONGEST_CHAIN:
        raise _cycle(call, chain, f"requires more than {_LONGEST_CHAIN} others in a row")
    chain[key] = None
    return key


def _cycle(call: Call, chain: dict[str, None], what: str = "requires itself") -> CycleError:
    assert call.definition is not None
    path = call.definition.path
    tasks = list(dict.fromkeys(waiting.split(" ")[0] for waiting in chain))
    return CycleError(f"{path} {what}: {' → '.join([*tasks, path])}. Look at requires() of these tasks")
