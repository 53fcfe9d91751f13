"""What differs between two artifacts of one task, parameter by parameter, and up through their inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from typing import TYPE_CHECKING, Any

from datanectar.contracts.features import FeatureBatch
from datanectar.errors import DatanectarError
from datanectar.layer.code_records import CodeRecord, read_code
from datanectar.layer.opening import storage_layer
from datanectar.running.git_sources import source_at
from datanectar.values.typed_json import dumps

if TYPE_CHECKING:
    from datanectar.layer.storage_layer import StorageLayer
    from datanectar.tasks.call import Call

_ARTIFACT = "$artifact"
_ABSENT = {"$absent": True}
#: How many inputs of one parameter are looked at, and how far up.
_MOST_INPUTS, _MOST_STEPS = 3, 8


@dataclass(frozen=True, slots=True)
class Made:
    """How an artifact is made.

    Attributes:
        name: Its name.
        document: All that decides it, as its fingerprint is the hash of.
        inputs: Finds what is known of its input of a fingerprint; None where that is nothing.
        batch: Reads it, if it is a batch of features.
        code: Finds what is known of its code; None where that is nothing.
        commit: The git commit of the working directory in which it was made, if that is recorded.
        started: When it was made, ISO 8601 in UTC; empty if it is not stored.
        seconds: How long it took.
    """

    name: str
    document: Mapping[str, Any]
    inputs: Callable[[str], Made | None]
    batch: Callable[[], FeatureBatch | None] = lambda: None
    code: Callable[[], CodeRecord | None] = lambda: None
    commit: str | None = None
    started: str = ""
    seconds: float | None = None


def made_by(call: Call) -> Made:
    """Returns how the artifact of a call is made."""
    assert call.fingerprint is not None
    assert call.document is not None

    def inputs(fingerprint: str) -> Made | None:
        for needed in call.inputs():
            if needed.fingerprint == fingerprint:
                return made_by(needed.call) if needed.call.definition else _found(needed.name, needed.call.layer())
        return None

    def code() -> CodeRecord | None:
        found = call.definition.code() if call.definition is not None else None
        return None if found is None else CodeRecord(found.functions, found.versions(), found.sources)

    return Made(call.name, call.document, inputs, code=code)


def stored_made(name: str, layer: StorageLayer) -> Made | None:
    """Returns how a stored artifact was made, or None if it was stored by hand.

    Raises:
        ArtifactNotFound: It is not stored.
        IntegrityError: Its manifest is damaged.
        FormatError: It was stored by a newer release.
    """
    manifest = layer.manifest(name)
    details = layer.reader.details(manifest)
    if details["identity"] is None:
        return None

    def inputs(fingerprint: str) -> Made | None:
        for needed, reference in details["inputs"]:
            if fingerprint in needed:
                return _found(needed, storage_layer(reference))
        return None

    def batch() -> FeatureBatch | None:
        if manifest.value.get("serializer") != "feature-record":
            return None
        record = layer.reader.decode(manifest)
        return record if isinstance(record, FeatureBatch) else None

    def code() -> CodeRecord | None:
        digest = details["identity"].get("code")
        return None if digest is None else read_code(layer.backend, digest)

    return Made(
        name, details["identity"], inputs, batch, code, manifest.document.get("git"), manifest.started, manifest.seconds
    )


def _found(name: str, layer: StorageLayer) -> Made | None:
    try:
        return stored_made(name, layer)
    except DatanectarError:  # gone, damaged, or in a store that is not there: then that is all there is to say
        return None


def differences(old: Made, new: Made, *, follow: bool, detailed: bool = True, steps: int = 0) -> Iterator[str]:
    """Yields what differs, such as ``max_depth 6 → 8`` or ``upstream flights: month 1 → 2``.

    Args:
        old: How the earlier one was made.
        new: How the other one is made.
        follow: Whether to say why an input is another, from its own manifest, and so on up.
        detailed: Whether to say which functions changed, from what is recorded of the code.
        steps: How far up this is already.
    """
    if old.document.get("version") != new.document.get("version"):
        yield f"version {old.document.get('version', '(code)')} → {new.document.get('version', '(code)')}"
    elif old.document.get("code") != new.document.get("code"):
        yield from _of_code(old.code(), new.code()) if detailed else ("code changed",)
    for section in ("parameters", "fields"):
        before, after = old.document.get(section, {}), new.document.get(section, {})
        for name in {**before, **after}:
            values = before.get(name, _ABSENT), after.get(name, _ABSENT)
            if values[0] == values[1]:
                continue
            if _ARTIFACT in dumps(values):
                yield from _of_inputs(f"upstream {name}", values, (old, new), follow and steps < _MOST_STEPS, steps)
            else:
                yield f"{name} {_short(values[0])} → {_short(values[1])}"
    required = old.document.get("requires"), new.document.get("requires")
    if required[0] != required[1]:
        yield from _of_inputs("requires()", required, (old, new), follow and steps < _MOST_STEPS, steps)


def _of_code(old: CodeRecord | None, new: CodeRecord | None) -> Iterator[str]:
    """Says which functions, classes and globals are others; what was only moved or renamed is none."""
    if old is None or new is None:
        yield "code changed"
        return
    before, after = dict(old.functions), dict(new.functions)
    moved = {*before.values()} & {*after.values()}
    own = [found.pop(next(iter(found), ""), "") for found in (before, after)]  # whatever it is called, and wherever
    found = ["code changed"] if own[0] != own[1] else []
    for name, digest in after.items():
        if name not in before:
            found += [] if digest in moved else [f"{_dotted(name)} is used now"]
        elif before[name] != digest:
            found.append(f"{_dotted(name)} changed")
    found += [f"{_dotted(name)} is used no more" for name in before if name not in after and before[name] not in moved]
    yield from found or ["code changed"]


def of_libraries(old: CodeRecord | None, new: CodeRecord | None) -> Iterator[str]:
    """Yields which libraries are of another version: no part of the name, and perhaps the reason all the same."""
    if old is not None and new is not None:
        for name, version in new.libraries.items():
            if old.libraries.get(name, version) != version:
                yield f"{name} {old.libraries[name]} → {version} (not part of the name)"


def of_sources(old: CodeRecord | None, new: CodeRecord | None, commit: str | None = None) -> Iterator[str]:
    """Yields unified diffs of what changed, where the source of both is recorded, or the earlier one is in git.

    Args:
        old: The earlier code.
        new: The other code.
        commit: The git commit of the earlier one.
    """
    if old is None or new is None:
        return
    own = next(iter(old.functions), ""), next(iter(new.functions), "")
    for name, digest in new.functions.items():
        earlier = own[0] if name == own[1] else name
        if old.functions.get(earlier) in (None, digest):
            continue
        before, after = old.sources.get(earlier), new.sources.get(name)
        if before is None and after is not None and commit:
            before = source_at(commit, earlier)
        if before is not None and after is not None and before != after:
            lines = unified_diff(before.splitlines(), after.splitlines(), _dotted(earlier), _dotted(name), lineterm="")
            yield "\n".join(lines)


def _dotted(name: str) -> str:
    return name.replace(":", ".")


def _of_inputs(where: str, values: tuple[Any, Any], made: tuple[Made, Made], follow: bool, steps: int) -> Iterator[str]:
    """Says which inputs of a parameter are others, and why."""
    before, after = (list(_artifacts(value)) for value in values)
    if not follow or len(before) != len(after):
        count = f": {len(before)} → {len(after)} inputs" if follow else ""
        yield f"{where} changed{count}"
        return
    pairs = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    for one, other in pairs[:_MOST_INPUTS]:
        yield f"{where}{_why(made[0].inputs(one), made[1].inputs(other), steps)}"
    if len(pairs) > _MOST_INPUTS or not pairs:
        yield f"{where} changed{f' in {len(pairs) - _MOST_INPUTS} more inputs' if pairs else ''}"


def _why(old: Made | None, new: Made | None, steps: int) -> str:
    if old is None or new is None:
        return " changed"
    if old.document.get("task") != new.document.get("task"):
        return f": {_task(old)} → {_task(new)}"
    batch = old.batch()
    label = f": {batch.view}: batch of {batch.period} changed" if batch else ""
    reasons = list(differences(old, new, follow=True, steps=steps + 1))
    said = "; ".join(reasons[:_MOST_INPUTS]) or "changed"
    return f"{label} ({said})" if label else f": {said}"


def _task(made: Made) -> str:
    return str(made.document.get("task", ["?"])[-1])


def _artifacts(value: Any) -> Iterator[str]:
    """The fingerprints of the artifacts in a canonical value, in order."""
    if type(value) is dict:
        if _ARTIFACT in value:
            yield value[_ARTIFACT]
        else:
            for item in value.values():
                yield from _artifacts(item)
    elif type(value) is list:
        for item in value:
            yield from _artifacts(item)


def _short(value: Any) -> str:
    if value == _ABSENT:
        return "(none)"
    text = dumps(value)
    return text if len(text) <= 60 else text[:57] + "…"
