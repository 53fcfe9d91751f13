"""Why an artifact would be made, or was: its identity against that of the nearest earlier one of its task."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from datanectar.errors import ArtifactNotFound, FormatError, IntegrityError
from datanectar.layer import keys
from datanectar.layer.storage_layer import StorageLayer
from datanectar.running.differences import Made, differences, made_by, of_libraries, of_sources, stored_made
from datanectar.running.planning import Plan, PlannedStep, make_plan
from datanectar.running.targets import artifact, collect, with_profile
from datanectar.tasks.call import Call

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
        diffs: Unified diffs of the code that changed, where the store keeps source (``record_source = true``) or the
            git commit that it recorded is at hand.
    """

    name: str
    stored: bool
    reasons: list[str] = field(default_factory=list)
    nearest: str | None = None
    seconds: float | None = None
    diffs: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        head = f"{self.name} {'is stored' if self.stored else 'is not stored'}"
        against = f"compared with {self.nearest}" if self.nearest else ""
        diffs = [line for diff in self.diffs for line in diff.splitlines()]
        return "\n  ".join([head, *self.reasons, *filter(None, [against]), *diffs])


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
    made = _known(handle.call, layer)
    if made is None:
        return Explanation(handle.name, stored, ["stored by hand: nothing is recorded of how it was made"])
    return _Comparison(layer, follow=True).explain(made, stored)


def _known(call: Call, layer: StorageLayer) -> Made | None:
    """What is known of how an artifact is made: by the call at hand, or by its manifest."""
    return stored_made(call.name, layer) if call.definition is None else made_by(call)


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
            comparison = comparisons.setdefault(step.layer.backend.url, _Comparison(step.layer, follow=False))
            _add_reason(step, comparison)
        return made


def _add_reason(step: PlannedStep, comparison: _Comparison) -> None:
    if step.call.document is not None:
        found = comparison.explain(made_by(step.call), False)
        step.reason, step.seconds = "; ".join(found.reasons) or step.reason, found.seconds


class _Comparison:
    """Compares identities with those recorded in one store, reading each task's newest manifests once.

    Args:
        layer: The store.
        follow: Whether to say why an input is another.
    """

    def __init__(self, layer: StorageLayer, *, follow: bool) -> None:
        self._layer, self._follow = layer, follow
        self._newest: dict[str, list[Made]] = {}

    def explain(self, made: Made, stored: bool) -> Explanation:
        """Compares with the nearest artifact: the newest of those with the fewest differences."""
        name = made.name
        newest = self._of_task(name.rpartition("/")[0])
        own = next((i for i, known in enumerate(newest) if known.name == name), -1)
        earlier = newest[own + 1 :]  # what came later did not cause it
        if stored and own < 0:
            return Explanation(name, stored, [f"{_NEWEST} newer artifacts of this task are stored: too old to compare"])
        if not earlier:
            return Explanation(name, stored, ["first run"])
        nearest = min(earlier, key=lambda known: len(list(differences(known, made, follow=False, detailed=False))))
        reasons = list(differences(nearest, made, follow=self._follow))
        diffs: list[str] = []
        if self._follow:
            codes = nearest.code(), made.code()
            reasons += of_libraries(*codes)
            diffs += of_sources(*codes, nearest.commit)
        return Explanation(name, stored, reasons or ["nothing recorded differs"], nearest.name, nearest.seconds, diffs)

    def _of_task(self, path: str) -> list[Made]:
        if path not in self._newest:
            infos = sorted(
                self._layer.backend.list(keys.MANIFESTS + (f"{path}/" if path else "")), key=lambda info: info.modified
            )
            newest = list(self._read(keys.name_of(info.key) for info in reversed(infos[-_NEWEST:])))
            # By when they were made: in a copy of a store, all were written at about the same time.
            self._newest[path] = sorted(newest, key=lambda made: made.started, reverse=True)
        return self._newest[path]

    def _read(self, names: Iterator[str]) -> Iterator[Made]:
        for name in names:
            try:
                made = stored_made(name, self._layer)
            except (ArtifactNotFound, IntegrityError, FormatError):
                continue
            if made is not None:
                yield made
