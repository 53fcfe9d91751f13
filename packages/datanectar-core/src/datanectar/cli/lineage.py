"""The inputs of an artifact as a tree: inputs of inputs, as far as manifests tell and people want to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from datanectar.errors import ArtifactNotFound, DatanectarError, IntegrityError
from datanectar.layer.opening import storage_layer

_DEPTH = 3
_WIDTH = 12
#: Manifests that are read, those of direct inputs first.
_MOST_READ = 25

#: Name and storage layer of an input.
Input = tuple[str, str]


class _Seen:
    """What a manifest said: the inputs behind an input, or why they are not known."""

    def __init__(self, source: Input, here: str) -> None:
        self.inputs: list[Input] = []
        self.note = ""
        self.shown = False
        name, recorded = source
        for self.place in dict.fromkeys((here, recorded)):  # a copy of an artifact says where its inputs once were
            try:
                layer = storage_layer(self.place)
                self.inputs = _inputs(layer.reader.details(layer.manifest(name))["inputs"])
                self.note = ""
                return
            except ArtifactNotFound:
                self.note = ", missing"
            except IntegrityError:
                self.note = ", damaged"
                return
            except DatanectarError as error:
                self.note = f", which cannot be read: {str(error).splitlines()[0]}"


def lineage(inputs: Sequence[Sequence[str]], here: str) -> Iterator[str]:
    """Yields a line for each input, those behind it indented below; what is not stored any more is marked.

    Args:
        inputs: Name and storage layer of each direct input, as manifests have them.
        here: The storage layer that is looked at first, and goes without saying.
    """
    direct = _inputs(inputs)
    yield from _lines(direct, _look(direct, here), here, 0)


def _inputs(recorded: Sequence[Sequence[str]]) -> list[Input]:
    return list(dict.fromkeys((name, reference) for name, reference in recorded))


def _look(direct: list[Input], here: str) -> dict[Input, _Seen]:
    seen: dict[Input, _Seen] = {}
    level = direct
    for _ in range(_DEPTH):
        new = [source for source in dict.fromkeys(level) if source not in seen][: _MOST_READ - len(seen)]
        seen |= {source: _Seen(source, here) for source in new}
        level = [behind for source in new for behind in seen[source].inputs[:_WIDTH]]
    return seen


def _lines(inputs: list[Input], seen: dict[Input, _Seen], here: str, depth: int) -> Iterator[str]:
    indent = "  " * depth
    for source in inputs[:_WIDTH]:
        name, recorded = source
        known = seen.get(source)
        place = known.place if known else recorded
        line = f"{indent}{name}" + ("" if place == here else f" in {place}")
        if known is None or not known.inputs:
            yield line + (known.note if known else "")
        elif known.shown:
            yield f"{line}, see above"
        elif depth + 1 == _DEPTH:
            yield line
            yield f"{indent}  …"
        else:
            known.shown = True
            yield line
            yield from _lines(known.inputs, seen, here, depth + 1)
    if len(inputs) > _WIDTH:
        yield f"{indent}… {len(inputs) - _WIDTH} more"
