"""The example project, on two of its months."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import datanectar as dn

PROJECT = Path(__file__).parents[2] / "examples/eta"
MOST_LINES = 25


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(PROJECT)
    for name in [name for name in sys.modules if name.partition(".")[0] == "eta"]:
        monkeypatch.delitem(sys.modules, name)  # another test's project may be called so, too
    import eta.pipeline

    return eta.pipeline


@pytest.fixture
def started() -> Iterator[list[str]]:
    """The tasks that ran; while this is in use, everything is stored in memory."""
    tasks: list[str] = []

    class Observer:
        @dn.hookimpl
        def datanectar_task_started(self, task: str) -> None:
            tasks.append(task.rpartition("/")[2])

    with dn.settings(storage_layer="memory://") as settings:
        settings.manager.register(Observer())
        yield tasks


def test_the_pipeline_runs_on_real_months_once_and_then_from_the_store(
    pipeline: ModuleType, started: list[str]
) -> None:
    target = pipeline.report(train_months=(1,), test_months=(2,), max_depth=2)
    table = dn.run(target)
    assert sorted(started) == [
        *("eta_classifier", "eta_regressor", "features", "features", "flights", "flights", "score_table", "scores")
    ]
    assert re.search(r"classifier +roc_auc +0\.\d{3} +0\.\d{3}", table)
    assert re.search(r"train +\d\d,\d{3} flights", table)

    started.clear()
    again = pipeline.report(train_months=(1,), test_months=(2,), max_depth=2)
    assert again.name == target.name
    assert dn.run(again) == table
    assert started == []
    assert [step.status for step in dn.plan(again)] == ["cached"]

    deeper = pipeline.report(train_months=(1,), test_months=(2,), max_depth=3)
    to_run = {step.task.rpartition("/")[2] for step in dn.plan(deeper).with_status("run")}
    assert to_run == {"eta_classifier", "eta_regressor", "scores", "score_table"}


def test_a_month_that_does_not_exist_fails_with_the_projects_own_words(
    pipeline: ModuleType, started: list[str]
) -> None:
    with pytest.raises(dn.errors.RunFailed, match="no flights in month 13: give 1 to 12") as caught:
        dn.run(pipeline.flights(13))
    assert isinstance(caught.value.__cause__, ValueError)


def test_training_months_after_test_months_are_refused_before_anything_runs(
    pipeline: ModuleType, started: list[str]
) -> None:
    with pytest.raises(ValueError, match="earlier"):
        pipeline.report(train_months=(1, 3), test_months=(2,))
    assert started == []


def test_the_pipelines_alone_know_of_datanectar() -> None:
    knowing = [path.name for path in PROJECT.glob("eta/*.py") if "datanectar" in path.read_text(encoding="utf-8")]
    assert sorted(knowing) == ["pipeline.py", "with_feast.py"]


def test_few_lines_of_the_project_are_about_datanectar() -> None:
    """Lines of code that use it, and every line that configures it; what features from Feast take is counted by "
    "itself."""
    project, _, configuration = (PROJECT / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.datanectar]")
    options = ["[tool.datanectar]", *filter(str.strip, configuration.splitlines())]
    of_feast = [line for line in options if "feature_" in line]
    about = [line for line in project.splitlines() if "datanectar" in line]
    assert len([*_using("pipeline.py"), *about, *options]) - len(of_feast) <= MOST_LINES
    assert len([*_using("with_feast.py"), *of_feast]) <= MOST_LINES


def _using(module: str) -> list[str]:
    code = (PROJECT / "eta" / module).read_text(encoding="utf-8").splitlines()
    return [line for line in code if re.search(r"\bdn\.|datanectar", line)]
