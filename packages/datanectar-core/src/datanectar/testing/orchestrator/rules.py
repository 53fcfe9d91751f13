"""What all parts of the kit for orchestrators share: flags and fixtures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from datanectar.errors import StepFailed
from datanectar.records import OrchestratorType
from datanectar.tasks.handle import Artifact
from datanectar.testing.components import bring
from datanectar.testing.flags import Conformance
from datanectar.testing.memory import private_settings
from datanectar.testing.observer import VARIABLE
from datanectar.testing.orchestrator.engine import Engine

_PLUGINS = ("observer", "foreign_tasks", "brought")
_ENTRY_POINTS = "[datanectar]\n" + "".join(f"conformance-{name} = datanectar.testing.{name}\n" for name in _PLUGINS)
_METADATA = "Metadata-Version: 2.1\nName: conformance-plugins\nVersion: 1\n"
#: In this process or in one worker, and in two.
both = pytest.mark.parametrize("workers", [1, 2])


class OrchestratorRules(Conformance):
    """The flags and fixtures of every part of the kit."""

    processes: ClassVar[bool] = True
    timeouts: ClassVar[bool] = True
    interrupts: ClassVar[bool] = os.name == "posix"

    @pytest.fixture
    def orchestrator(self) -> OrchestratorType | str:
        raise NotImplementedError("define the fixture `orchestrator`: the name of an installed one, or its record")

    @pytest.fixture
    def surroundings(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
        """A folder for stores and notes, and installed plugins: events are noted, foreign tasks adapted."""
        metadata = tmp_path / "plugins" / "conformance_plugins-1.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(_METADATA)
        (metadata / "entry_points.txt").write_text(_ENTRY_POINTS)
        monkeypatch.syspath_prepend(str(metadata.parent))
        path = os.environ.get("PYTHONPATH")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(metadata.parent), *([path] if path else [])]))
        monkeypatch.setenv(VARIABLE, str(tmp_path / "events"))
        return tmp_path

    @pytest.fixture
    def engine(
        self,
        surroundings: Path,
        orchestrator: OrchestratorType | str,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> Iterator[Engine]:
        """The orchestrator, registered, and a store on disk for what it makes."""
        url = (surroundings / "store").as_uri()
        with private_settings(monkeypatch, tmp_path_factory, storage_layer=url) as active:
            yield Engine(bring(OrchestratorType, orchestrator, active).name, active, surroundings)

    def failure(self, engine: Engine, target: Artifact[Any], workers: int) -> StepFailed:
        """Runs a step that must fail, and returns its error."""
        failed = {outcome.name: outcome.error for outcome in engine.outcomes(target, workers=workers) if outcome.error}
        assert list(failed) == [target.name], f"{target.name} should have failed, and no other; failed: {list(failed)}"
        found = failed[target.name]
        assert isinstance(found, StepFailed), f"the outcome's error is {found!r}; pass on that of `execute`"
        return found
