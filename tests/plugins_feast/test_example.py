"""The example project with Feast, on two of its months, up to predictions from the feature server."""

import json
import shutil
import sys
import urllib.request
from pathlib import Path

import pytest

import datanectar as dn

PROJECT = Path(__file__).parents[2] / "examples/eta"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project, in which data and artifacts are its own; with it as the working directory."""
    project = tmp_path_factory.mktemp("project") / "eta"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("data", "artifacts", "__pycache__"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        patch.syspath_prepend(project)
        for name in [name for name in sys.modules if name.partition(".")[0] in ("eta", "feature_repo")]:
            patch.delitem(sys.modules, name)
        with dn.settings():
            yield project


@pytest.fixture(scope="module")
def eta(project):
    """The module `eta.with_feast`."""
    import eta.with_feast

    return eta.with_feast


@pytest.fixture(scope="module")
def table(eta):
    """The flights of February, with what was known of January's and February's."""
    return dn.run(eta.table((2,)))


@pytest.fixture(scope="module")
def server(eta, table, services):
    """The address of a real feature server, which has February online."""
    eta.bring_online((1, 2))
    return services("feast")["feast"].url


def test_each_flight_has_what_was_known_an_hour_before(table) -> None:
    assert len(table) > 20_000
    assert table["recent_flights"].notna().mean() > 0.98
    assert table["arr_delay"].notna().all()


def test_a_second_run_publishes_nothing(eta, table, project) -> None:
    def published():
        return {path.name: path.stat().st_mtime_ns for path in (project / "feature_repo/data/trip_stats").iterdir()}

    before = published()
    assert [step.status for step in dn.plan(eta.table((2,)))] == ["cached"]
    dn.run(eta.table((2,)))
    assert published() == before
    assert len(before) == 2


def test_the_batches_say_which_artifact_they_came_from(eta, table) -> None:
    (view,) = dn.feature_store().views()
    assert [batch.source for batch in view.batches] == [eta.published(month).name for month in (1, 2)]


def test_explain_crosses_the_feature_store(eta, table, monkeypatch) -> None:
    changed = dn.task(eta.trip_stats.fn, name="trip_stats", task_type="publish_features", version="2")
    monkeypatch.setattr(eta, "trip_stats", changed)
    said = str(dn.explain(eta.table((2,))))
    assert "trip_stats: batch of 2013-02-03 to 2013-03-02 changed (version (code) → 2)" in said


def test_the_feature_server_serves_what_the_model_was_trained_with(eta, table, server) -> None:
    model = dn.run(eta.eta_classifier_with_stats(eta.table((2,)), max_depth=2, iterations=5))
    asked = {"carrier": ["UA", "B6"], "route": ["EWR-ORD", "JFK-MCO"]}
    body = json.dumps({"feature_service": "eta", "entities": asked}).encode()
    request = urllib.request.Request(f"{server}/get-online-features", body, {"Content-Type": "application/json"})
    answer = json.load(urllib.request.urlopen(request, timeout=60))
    names = answer["metadata"]["feature_names"]
    served = {name: column["values"] for name, column in zip(names, answer["results"], strict=True)}

    rows = [dict(zip(asked, values, strict=True)) for values in zip(*asked.values(), strict=True)]
    assert served == dn.feature_store().online("eta", rows)
    assert all(served["recent_flights"])
    flights = table.head(2).assign(**{name: served[name] for name in eta.STATISTICS})
    assert 0 < model.predict_proba(flights)[0, 1] < 1
