"""Why an artifact would be made, or was: its identity against that of the nearest earlier one of its task."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from datanectar.errors import ArtifactNotFound, FormatError, IntegrityError
from datanectar.layer import keys
from datanectar.layer.manifest import Manifest
from datanectar.layer.storage_layer import StorageLayer
from datanectar.running.planning import Plan, PlannedStep, make_plan
from datanectar.running.targets import artifact, collect, with_profile
from datanectar.values.typed_json import dumps

#: Manifests of a task that are read to find the nearest.
_NEWEST = 20


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an artifact is new.

    Attributes:
        name: The artifact's name.
        stored: Whether it is stored.
        reasons: What differs from the nearest earlier artifact of the task, such as ``max_depth 6 → 8``.
        nearest: That artifact's name, or None if this is the task's first.
        seconds: How long the nearest one took.
    """

    name: str
    stored: bool
    reasons: list[str] = field(default_factory=list)
    nearest: str | None = None
    seconds: float | None = None

    def __str__(self) -> str:
        head = f"{self.name} {'is stored' if self.stored else 'is not stored'}"
        against = f"compared with {self.nearest}" if self.nearest else ""
        return "\n  ".join([head, *self.reasons, *filter(None, [against])])


def explain(target: Any) -> Explanation:
    """Says why an artifact would be made, or why it was, from manifests alone.

    Args:
        target: An artifact, a task object, or the name of a stored artifact.

    Raises:
        ArtifactNotFound: A name was given that is not stored.
    """
    handle = artifact(target)
    layer = handle.call.layer()
    stored = layer.exists(handle.name)
    if handle.call.definition is None:
        document = layer.reader.details(layer.manifest(handle.name))["identity"]
    else:
        document = (handle.fingerprint and handle.call.document) or None
    if document is None:
        return Explanation(handle.name, stored, ["stored by hand: nothing is recorded of how it was made"])
    return _Comparison(layer).explain(handle.name, document, stored)


def plan(*targets: Any, storage_layer: Any = None, profile: str | None = None) -> Plan:
    """Says what `run` would do: every step with ``run``, ``cached`` or ``blocked``, why, and where it is stored.

    Args:
        *targets: Artifacts, task objects, or lists, tuples and dicts of them.
        storage_layer: Where to look: a storage's name or URL; by default what the settings choose.
        profile: The profile to use instead of the one in force.
    """
    with with_profile(profile):
        made = make_plan(collect(tuple(targets)), storage_layer=storage_layer)
        comparisons: dict[str, _Comparison] = {}
        for step in made.with_status("run"):
            comparison = comparisons.setdefault(step.layer.backend.url, _Comparison(step.layer))
            _add_reason(step, comparison)
        return made


def _add_reason(step: PlannedStep, comparison: _Comparison) -> None:
    document = step.call.document
    if document is not None:
        found = comparison.explain(step.name, document, False)
        step.reason, step.seconds = "; ".join(found.reasons) or step.reason, found.seconds


class _Comparison:
    """Compares identities with those recorded in one store, reading each task's newest manifests once."""

    def __init__(self, layer: StorageLayer) -> None:
        self._layer = layer
        self._newest: dict[str, list[tuple[Manifest, dict[str, Any]]]] = {}

    def explain(self, name: str, document: dict[str, Any], stored: bool) -> Explanation:
        """Compares with the nearest artifact: the newest of those with the fewest differences."""
        newest = self._of_task(name.rpartition("/")[0])
        own = next((i for i, (manifest, _) in enumerate(newest) if manifest.name == name), -1)
        earlier = newest[own + 1 :]  # what came later did not cause it
        if stored and own < 0:
            return Explanation(name, stored, [f"{_NEWEST} newer artifacts of this task are stored: too old to compare"])
        if not earlier:
            return Explanation(name, stored, ["first run"])
        compared = [(list(self._differences(known, document)), manifest) for manifest, known in earlier]
        reasons, nearest = min(compared, key=lambda entry: len(entry[0]))
        return Explanation(name, stored, reasons or ["nothing recorded differs"], nearest.name, nearest.seconds)

    def _of_task(self, path: str) -> list[tuple[Manifest, dict[str, Any]]]:
        if path not in self._newest:
            infos = sorted(
                self._layer.backend.list(keys.MANIFESTS + (f"{path}/" if path else "")), key=lambda info: info.modified
            )
            newest = list(self._read(keys.name_of(info.key) for info in reversed(infos[-_NEWEST:])))
            # By when they were made: in a copy of a store, all were written at about the same time.
            self._newest[path] = sorted(newest, key=lambda found: found[0].started, reverse=True)
        return self._newest[path]

    def _read(self, names: Iterator[str]) -> Iterator[tuple[Manifest, dict[str, Any]]]:
        for name in names:
            try:
                manifest = self._layer.manifest(name)
                identity = self._layer.reader.details(manifest)["identity"]
            except (ArtifactNotFound, IntegrityError, FormatError):
                continue
            if identity is not None:
                yield manifest, identity

    def _differences(self, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
        if old.get("version") != new.get("version"):
            yield f"version {old.get('version', '(code)')} → {new.get('version', '(code)')}"
        elif old.get("code") != new.get("code"):
            yield "code changed"
        for section in ("parameters", "fields"):
            before, after = old.get(section, {}), new.get(section, {})
            for name in {**before, **after}:
                if before.get(name, _ABSENT) != after.get(name, _ABSENT):
                    yield _difference(name, before.get(name, _ABSENT), after.get(name, _ABSENT))
        if old.get("requires") != new.get("requires"):
            yield "requires() changed: other inputs"


_ABSENT = {"$absent": True}


def _difference(name: str, before: Any, after: Any) -> str:
    if "$artifact" in dumps([before, after]):
        return f"upstream {name} changed"
    return f"{name} {_short(before)} → {_short(after)}"


def _short(value: Any) -> str:
    if value == _ABSENT:
        return "(none)"
    text = dumps(value)
    return text if len(text) <= 60 else text[:57] + "…"
