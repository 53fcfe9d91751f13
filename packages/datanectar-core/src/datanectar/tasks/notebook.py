"""How an artifact looks in a notebook: a small table. Nothing is run for it, and a store that is away is no error."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import TYPE_CHECKING, Any

from datanectar.errors import ArtifactNotFound
from datanectar.layer.parts import subscripts
from datanectar.values.literals import label_of, literal

if TYPE_CHECKING:
    from datanectar.tasks.handle import Artifact

_MOST_ROWS = 12
_YES, _NO = "yes", "no: dn.run(…) makes it"

# Colours are the notebook's own, whether it is light or dark; what is said less loudly is half transparent.
TABLE = '<table style="border-collapse:collapse;text-align:left;color:inherit;background:none">'
_CELL = "padding:2px 12px 2px 0;border:none;text-align:left;vertical-align:baseline;color:inherit;background:none"
_QUIET = "opacity:.65"


def cell(text: str, *, quiet: bool = False, code: bool = False) -> str:
    """Returns a table's cell with a text that may hold anything."""
    shown = escape(text)
    shown = f"<code style='color:inherit;background:none'>{shown}</code>" if code else shown
    return f'<td style="{_CELL}{";" + _QUIET if quiet else ""}">{shown}</td>'


def artifact_html(artifact: Artifact[Any]) -> str:
    """Returns name, address, state, parameters and inputs of an artifact; asks its store for one object."""
    try:
        rows = _rows(artifact)
    except Exception as error:  # naming may run a task's requires(), which may fail like any code
        rows = [("artifact", repr(artifact)), ("", f"cannot be named: {type(error).__name__}: {error}")]
    body = "".join(f"<tr>{cell(label, quiet=True)}{cell(text, code=True)}</tr>" for label, text in rows)
    return f"{TABLE}{body}</table>"


def _rows(artifact: Artifact[Any]) -> list[tuple[str, str]]:
    call = artifact.call
    rows = [("artifact", artifact.name + subscripts(artifact.part))]
    if call.definition is None:
        return [*rows, *_stored_rows(artifact)]
    state = [("uri", _ask(lambda: artifact.uri)), ("stored", _ask(lambda: _YES if artifact.exists() else _NO))]
    return [*rows, *state, *_document_rows(call.document or {}, (needed.name for needed in call.inputs()))]


def _stored_rows(artifact: Artifact[Any]) -> list[tuple[str, str]]:
    """Of an artifact known by name, the manifest is all there is to know."""
    try:
        layer = artifact.call.layer()
        manifest = layer.manifest(artifact.name)
        details = layer.reader.details(manifest)
    except ArtifactNotFound:
        return [("uri", artifact.uri), ("stored", "no")]
    except Exception as error:
        return [("stored", f"not known: {error}")]
    rows = [("uri", artifact.uri), ("stored", f"{_YES}, {manifest.started}")]
    return [*rows, *_document_rows(details["identity"] or {}, (name for name, _ in details["inputs"]))]


def _ask(question: Callable[[], str]) -> str:
    try:
        return question()
    except Exception as error:  # the store is away, and a look at a variable is not where to say so loudly
        return f"not known: {error}"


def _document_rows(document: dict[str, Any], inputs: Iterable[str]) -> list[tuple[str, str]]:
    names = list(dict.fromkeys(inputs))
    given = {**document.get("parameters", {}), **document.get("fields", {})}
    label = label_of(names)
    rows = [("parameter", f"{name} = {literal(value, label)}") for name, value in given.items()]
    return [*_cut(rows), *_cut([("input", name) for name in names])]


def _cut(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """At most a dozen rows, of which only the first bears the label."""
    shown = [(label if number == 0 else "", text) for number, (label, text) in enumerate(rows[:_MOST_ROWS])]
    return shown + [("", f"… {len(rows) - _MOST_ROWS} more")] * (len(rows) > _MOST_ROWS)
