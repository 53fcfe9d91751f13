"""Luigi as an orchestrator, beyond what every orchestrator keeps: its resources, its luigid, waves and batches."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import classes
import luigi
import pytest
import steps
from luigi.rpc import RemoteScheduler
from testbed.luigid import Luigid

import datanectar as dn

ASSISTANT = """if True:
    import sys
    from luigi.rpc import RemoteScheduler
    from luigi.worker import Worker
    with Worker(scheduler=RemoteScheduler(sys.argv[1]), assistant=True, worker_processes=1) as worker:
        worker.run()
"""


@pytest.fixture
def notes(tmp_path: Path) -> str:
    return str(tmp_path / "notes")


def lines(notes: str) -> list[list[str]]:
    return [line.split() for line in Path(notes).read_text().splitlines()]


def configure(monkeypatch: pytest.MonkeyPatch, **options: Any) -> None:
    for name, value in options.items():
        monkeypatch.setenv(f"DATANECTAR_ORCHESTRATORS__LUIGI__{name.upper()}", str(value))


def run(*targets: Any, workers: int = 1, **options: Any) -> Any:
    return dn.run(*targets, orchestrator="luigi", workers=workers, **options)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(("wave", "batch"), [(3, 1), (500, 4), (2, 3), (500, 500)])
def test_waves_and_batches_make_what_one_to_one_makes(
    monkeypatch: pytest.MonkeyPatch, notes: str, wave: int, batch: int, workers: int
) -> None:
    configure(monkeypatch, wave=wave, batch=batch)
    target = steps.total([steps.total([steps.number(n, notes)], notes) for n in range(9)], notes)
    assert run(target, workers=workers) == 36
    assert sorted(words[0] for words in lines(notes)) == sorted([*map(str, range(9)), *["total"] * 10])


def test_a_failure_in_a_batch_stops_the_rest_of_it_or_only_what_needs_it(
    monkeypatch: pytest.MonkeyPatch, notes: str
) -> None:
    configure(monkeypatch, batch=10)
    targets = [classes.Fails(), *(steps.number(n, notes) for n in range(3))]
    with pytest.raises(dn.errors.RunFailed):
        run(targets)
    assert not Path(notes).exists()
    with pytest.raises(dn.errors.RunFailed):
        run(targets, keep_going=True)
    assert len(lines(notes)) == 3


def test_resources_hold_across_workers(notes: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "luigi.cfg").write_text("[resources]\nseat = 1\n")
    configure(monkeypatch, config="luigi.cfg")
    run([steps.seated(n, notes) for n in range(4)], workers=3, load=False)
    went = [words[0] for words in lines(notes)]
    assert went == ["in", "out"] * 4, "two had the one seat at once"


def test_priorities_of_luigis_tasks_hold(notes: str) -> None:
    run([steps.Prioritised(x=x, notes=notes) for x in (2, 5, 1, 4)], load=False)
    assert lines(notes) == [["5"], ["4"], ["2"], ["1"]]


def test_a_step_that_kills_the_process_luigi_runs_in_fails_alone(notes: str) -> None:
    killing = steps.kills_whoever_runs_it(1, notes)
    others = [steps.number(n, notes) for n in range(3)]
    with pytest.raises(dn.errors.RunFailed) as failed:
        run([others[0], killing, *others[1:]], keep_going=True)
    assert list(failed.value.failures) == [killing.name]
    assert all(other.exists() for other in others)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_step_whose_process_died_is_tried_again(notes: str, workers: int) -> None:
    assert run(steps.kills_once(3, notes), workers=workers) == 3


def test_needs_that_a_luigi_task_finds_out_as_it_runs_are_planned(store: dn.StorageLayer) -> None:
    assert run(classes.Dynamic(n=4), workers=2) == [4, 5, 6]
    assert len(list(store.list("task/none/base/"))) == 3


def test_trouble_with_the_store_is_an_error_of_the_run(project: Path) -> None:
    target = steps.total([steps.number(1)])
    (project / "artifacts").write_text("a file where the store should be")
    with pytest.raises((dn.errors.StorageError, dn.errors.RunFailed)):
        run(target)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"wave": 0}, "wave = 0 must be 1 or more"),
        ({"batch": -1}, "batch = -1 must be 1 or more"),
        ({"start_method": "thread"}, "must be one of fork, forkserver, spawn"),
        ({"scheduler": "localhost"}, "must be 'local', or a URL such as"),
        ({"config": "gone.cfg"}, "there is no such file"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], message: str
) -> None:
    configure(monkeypatch, **options)
    with pytest.raises(dn.errors.ConfigurationError, match=message):
        run(steps.number(1))


def test_where_no_luigid_answers_it_is_said_what_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, scheduler="http://127.0.0.1:9")
    with pytest.raises(dn.errors.DatanectarError, match="no luigid answers at http://127"):
        run(steps.number(1))


# With a central scheduler


def test_a_run_on_luigid_shows_its_steps_with_where_artifact_and_log_are(
    luigid: Luigid, monkeypatch: pytest.MonkeyPatch, notes: str
) -> None:
    configure(monkeypatch, scheduler=luigid.url)
    target = steps.total([steps.number(n, notes) for n in range(3)], notes)
    assert run(target, workers=2) == 3
    tasks = RemoteScheduler(luigid.url).task_list("DONE", "")
    assert sorted(task["params"]["artifact"] for task in tasks.values()) == sorted(dn.storage_layer().list())
    (shown,) = [task for task in tasks.values() if task["params"]["artifact"] == target.name]
    assert shown["tracking_url"] == target.uri
    assert f"datanectar logs {target.name}" in shown["status_message"]


def test_luigi_cfg_names_the_scheduler(luigid: Luigid, project: Path) -> None:
    (project / "luigi.cfg").write_text(f"[core]\nscheduler_url = {luigid.url}\n")
    assert run(steps.number(5)) == 5
    assert len(RemoteScheduler(luigid.url).task_list("DONE", "")) == 1


def test_a_failure_is_seen_on_luigid(luigid: Luigid, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, scheduler=luigid.url)
    with pytest.raises(dn.errors.RunFailed, match="no luck"):
        run(classes.Fails())
    assert len(RemoteScheduler(luigid.url).task_list("FAILED", "")) == 1


def test_two_runs_that_want_the_same_step_make_it_once(
    luigid: Luigid, monkeypatch: pytest.MonkeyPatch, notes: str, tmp_path: Path
) -> None:
    configure(monkeypatch, scheduler=luigid.url)
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)
    script = (
        "import steps, sys, datanectar as dn\n"
        "if __name__ == '__main__':\n"
        "    dn.run(steps.total([steps.waits(1, *sys.argv[1:])]), orchestrator='luigi')\n"
    )
    Path("twice.py").write_text(script)
    command = [sys.executable, "-W", "ignore", "twice.py", pipe, notes]
    runs = [subprocess.Popen(command) for _ in range(2)]
    with open(pipe, "w") as opened:  # opens when one of them reads
        opened.write("go on")
    assert [process.wait() for process in runs] == [0, 0]
    assert lines(notes) == [["waits", "1"]]


def test_an_assistant_on_this_machine_may_take_a_step(
    luigid: Luigid, monkeypatch: pytest.MonkeyPatch, notes: str, tmp_path: Path
) -> None:
    """While the run's only worker is busy, an assistant makes what else there is."""
    configure(monkeypatch, scheduler=luigid.url)
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)
    outcomes: list[Any] = []
    Path("run.py").write_text(
        "import steps, sys, datanectar as dn\n"
        "if __name__ == '__main__':\n"
        "    both = [steps.waits(1, *sys.argv[1:]), steps.number(2, sys.argv[2])]\n"
        "    print(dn.run(steps.total(both), orchestrator='luigi'))\n"
    )
    command = [sys.executable, "-W", "ignore", "run.py", pipe, notes]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with open(pipe, "w") as opened:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", ASSISTANT, luigid.url], capture_output=True, text=True, check=False
        )
        outcomes.append(dn.artifact(steps.number(2)).exists())
        opened.write("go on")
    output, _ = running.communicate()
    assert (running.returncode, output.strip(), outcomes) == (0, "3", [True]), done.stderr


def test_a_step_of_another_machine_is_refused_with_the_reason(luigid: Luigid) -> None:
    from datanectar_luigi.wave_folder import open_wave

    with pytest.raises(dn.errors.UnsupportedError, match="on the machine where it was started"):
        open_wave("/no/such/folder")


def test_luigis_own_runs_and_those_of_datanectar_find_each_others_results(notes: str) -> None:
    assert run(steps.Prioritised(x=1, notes=notes)) == 1
    assert luigi.build([steps.Prioritised(x=1, notes=notes)], local_scheduler=True, log_level="CRITICAL")
    assert len(lines(notes)) == 1
