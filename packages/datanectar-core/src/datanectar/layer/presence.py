"""Which artifacts exist, asked in few requests: one listing where many share a task."""

from __future__ import annotations

from collections.abc import Sequence

from datanectar.contracts.storage import StorageBackend
from datanectar.layer import keys

#: Up to this many artifacts of one task are asked about one by one; then the task's are listed, once.
_ASKED_SINGLY = 4


class Presence:
    """What is known, in one plan, of which artifacts a store has."""

    def __init__(self, backend: StorageBackend) -> None:
        self._backend = backend
        self._listed: dict[str, set[str]] = {}
        self._asked: dict[str, int] = {}

    def ask(self, names: Sequence[str]) -> dict[str, bool]:
        """Returns whether each artifact exists."""
        by_task: dict[str, list[str]] = {}
        for name in names:
            by_task.setdefault(name.rpartition("/")[0], []).append(name)
        return {name: found for task, group in by_task.items() for name, found in self._ask_task(task, group)}

    def _ask_task(self, task: str, names: list[str]) -> list[tuple[str, bool]]:
        asked = self._asked[task] = self._asked.get(task, 0) + len(names)
        if task not in self._listed:
            if asked <= _ASKED_SINGLY:
                return [(name, self._backend.stat(keys.manifest(name)) is not None) for name in names]
            prefix = keys.MANIFESTS + (f"{task}/" if task else "")
            self._listed[task] = {keys.name_of(info.key) for info in self._backend.list(prefix)}
        return [(name, name in self._listed[task]) for name in names]
