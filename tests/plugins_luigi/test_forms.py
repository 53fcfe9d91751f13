"""All forms of a Luigi task give the same kind of artifact, however Luigi starts the processes that make it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import building
import forms
import luigi
import pytest
from luigi.rpc import RemoteScheduler
from luigi.worker import Worker
from testbed.luigid import Luigid

import datanectar as dn

FORMS = (
    *("decorated", "composed", "composed, elsewhere", "constructed", "constructed, elsewhere"),
    *("inherited", "plain", "function"),
)
LAYERS = {form: "lake" if "elsewhere" in form else "disk" for form in FORMS}
#: Each method and each scheduling; functions are made in all six combinations.
WAYS = [("fork", "serial"), ("spawn", "parallel"), ("forkserver", "serial")]
ASSISTANT = """if True:
    import sys
    from luigi.rpc import RemoteScheduler
    from luigi.worker import Worker
    assert "forms" not in sys.modules
    with Worker(scheduler=RemoteScheduler(sys.argv[1]), assistant=True, worker_processes=2) as worker:
        worker.run()
"""


def built(method: str, scheduling: str, directory: Path, scheduler: str = "") -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", building.__file__, method, scheduling, scheduler]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(("method", "scheduling"), WAYS)
def test_every_form_is_made_by_two_workers(project: Path, method: str, scheduling: str) -> None:
    names = {form: dn.get_artifact_name(task) for form, task in building.all_forms(7).items()}
    assert built(method, scheduling, project)["forms"] == {
        form: {"name": name, "pickled": name, "value": 70, "layer": LAYERS[form], "complete": True}
        for form, name in names.items()
    }


def test_two_workers_and_a_luigid_make_every_form(luigid: Luigid, project: Path) -> None:
    found = built("fork", "parallel", project, luigid.url)
    assert found["status"] == "SUCCESS"
    assert {form: told["value"] for form, told in found["forms"].items()} == dict.fromkeys(FORMS, 70)


@pytest.mark.parametrize("form", FORMS)
def test_luigis_own_command_runs_a_form(form: str, project: Path) -> None:
    task = building.all_forms(4)[form]
    words = [
        word for name, text in task.to_str_params().items() if text for word in (f"--{name.replace('_', '-')}", text)
    ]
    command = [sys.executable, "-W", "ignore", "-m", "luigi", "--module", "forms", task.get_task_family(), *words]
    done = subprocess.run(
        [*command, "--local-scheduler", "--workers", "2"], capture_output=True, text=True, check=False
    )
    assert ":)" in done.stderr, done.stderr
    assert dn.storage_layer(LAYERS[form]).load(dn.get_artifact_name(task)) == 40


def test_an_assistant_that_never_imported_the_module_makes_every_form(luigid: Luigid, project: Path) -> None:
    tasks = building.all_forms(3)
    with Worker(scheduler=RemoteScheduler(luigid.url), worker_processes=0) as worker:
        for task in tasks.values():
            assert worker.add(task)
        command = [sys.executable, "-W", "ignore", "-c", ASSISTANT, luigid.url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    values = {form: dn.artifact(task).load() for form, task in tasks.items() if dn.artifact(task).exists()}
    assert values == dict.fromkeys(FORMS, 30), done.stderr


@pytest.mark.parametrize("form", FORMS)
def test_a_form_runs_by_datanectar_too_and_takes_what_luigi_made(form: str) -> None:
    task = building.all_forms(5)[form]
    assert dn.run(task) == 50
    assert task.complete()
    assert luigi.build([task], local_scheduler=True, log_level="WARNING")
    assert dn.run(building.all_forms(5)[form]) == 50


@pytest.mark.parametrize("form", FORMS)
def test_parameters_inputs_and_code_are_recorded(form: str, store: dn.StorageLayer) -> None:
    task = building.all_forms(2)[form]
    assert luigi.build([task], local_scheduler=True, log_level="WARNING")
    manifest = dn.artifact(task).storage_layer.manifest(dn.get_artifact_name(task))
    assert manifest.identity is not None
    assert set(manifest.identity) >= {"task", "parameters", "code"}
    (needed,) = [name for name, _ in manifest.document["inputs"]]
    assert store.load(needed) == 2


def test_what_is_insignificant_or_says_where_and_what_kind_is_no_parameter() -> None:
    task = forms.Composed(x=1, task_type="train", model_type="tree")
    artifact = dn.artifact(task)
    assert artifact.name.startswith("train/tree/composed/")
    assert dn.get_artifact_name(forms.Composed(x=1, storage_layer="memory://elsewhere")) == dn.get_artifact_name(
        forms.Composed(x=1)
    )
    assert dn.get_artifact_name(forms.Composed(x=2)) != dn.get_artifact_name(forms.Composed(x=1))


def test_a_task_in_a_script_has_the_name_it_has_in_a_module(project: Path) -> None:
    kinds = ("Source", "Decorated", "Composed", "Plain", "Constructed", "Bare", "Inherited", "SourceTask")
    names = f"for kind in ({', '.join(kinds)}):\n    print(dn.get_artifact_name(kind(x=1)))\n"
    (project / "script.py").write_text(f"{Path(forms.__file__).read_text()}\n{names}")
    done = subprocess.run([sys.executable, "-W", "ignore", "script.py"], capture_output=True, text=True, check=False)
    assert done.stdout.split() == [dn.get_artifact_name(getattr(forms, kind)(x=1)) for kind in kinds], done.stderr
