"""Luigi as an orchestrator, beyond what every orchestrator keeps: its resources, its luigid, waves and batches."""

from __future__ import annotations

import os
import signal
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


@pytest.mark.parametrize("start_method", ["fork", "spawn"])
def test_trouble_with_the_store_on_the_way_is_an_error_of_the_run_and_nothing_is_made_again(
    monkeypatch: pytest.MonkeyPatch, notes: str, project: Path, start_method: str
) -> None:
    """A store that breaks while steps run: with `spawn`, Luigi's processes ask it for themselves."""
    configure(monkeypatch, start_method=start_method)
    breaking = steps.breaks_the_store(1, str(project / "artifacts"))
    with pytest.raises((dn.errors.StorageError, dn.errors.RunFailed)) as caught:
        run(steps.total([breaking, steps.number(2)], notes), workers=2)
    error: BaseException | None = caught.value
    while error is not None and not isinstance(error, OSError):
        error = error.__cause__
    assert isinstance(error, OSError), repr(caught.value)
    assert not Path(notes).exists(), "a store that did not answer was taken for one that has nothing"


def test_the_command_ends_with_a_code_that_is_not_0_where_luigi_cannot_run(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, scheduler="http://127.0.0.1:9")
    command = [sys.executable, "-W", "ignore", "-m", "datanectar", "run", "steps:number", "n=1"]
    ran = subprocess.run([*command, "--orchestrator", "luigi"], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "no luigid answers at http://127.0.0.1:9" in ran.stderr


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


def test_a_step_that_fails_is_tried_again_at_once_not_after_the_others(notes: str, tmp_path: Path) -> None:
    """The other one waits until the second try is made."""
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)
    assert run([steps.waits(1, pipe, notes), steps.fails_then_meets(2, notes, pipe)], workers=2) == [1, 2]


@pytest.mark.parametrize("batch", [1, 2])
def test_retries_are_as_many_as_the_task_says(monkeypatch: pytest.MonkeyPatch, notes: str, batch: int) -> None:
    configure(monkeypatch, batch=batch)
    assert run([steps.fails_twice(1, notes), steps.number(2)]) == [1, 2]
    assert len(lines(notes)) == 3


def test_a_luigi_task_is_run_as_often_as_its_retry_count_says(notes: str) -> None:
    assert run(steps.Flaky(notes=notes, good=3)) == 3
    assert lines(notes) == [["flaky"]] * 3
    with pytest.raises(dn.errors.RunFailed, match="not yet"):
        run(steps.Flaky(notes=notes, good=7))
    assert lines(notes) == [["flaky"]] * 6


@pytest.mark.parametrize("workers", [1, 2])
def test_the_worker_timeout_of_a_luigi_task_holds(workers: int) -> None:
    with pytest.raises(dn.errors.RunFailed, match="it took longer than its worker_timeout") as failed:
        run(steps.Slow(), workers=workers)
    assert isinstance(failed.value.__cause__, dn.errors.TaskTimeout)


def test_a_luigi_task_that_stored_nothing_has_failed() -> None:
    with pytest.raises(dn.errors.RunFailed, match="ran to its end"):
        run(steps.StoresNothing())


@pytest.mark.parametrize("target", [steps.takes_three_seats(1), steps.Seated()], ids=["function", "luigi"])
def test_more_of_a_resource_than_there_is_is_told_with_what_to_set(target: Any) -> None:
    with pytest.raises(dn.errors.RunFailed, match=r"needs 3 of seat, and Luigi has 1: set \[resources\] seat = 3"):
        run([target, steps.number(1)], keep_going=True)
    assert dn.artifact(steps.number(1)).exists()


def test_enough_of_a_resource_in_luigi_cfg_lets_them_run(project: Path) -> None:
    (project / "luigi.cfg").write_text("[resources]\nseat = 3\n")
    assert run([steps.takes_three_seats(1), steps.Seated()]) == [1, 1]


def test_settings_of_workers_that_others_need_are_no_trouble(project: Path, notes: str) -> None:
    keeps_alive = "[worker]\nkeep_alive = true\ncheck_complete_on_run = true\n"
    (project / "luigi.cfg").write_text(f"[core]\nparallel_scheduling = true\n{keeps_alive}")
    others = [steps.total([steps.number(n, notes)]) for n in range(3)]
    with pytest.raises(dn.errors.RunFailed, match="no luck"):
        run([classes.Fails(), *others], workers=2, keep_going=True)
    assert all(other.exists() for other in others)


def test_luigi_cfg_says_how_many_workers_there_are_if_nothing_else_does(
    project: Path, notes: str, tmp_path: Path
) -> None:
    """Two steps that end only when both run at the same time."""
    (project / "luigi.cfg").write_text("[core]\nworkers = 2\n")
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)
    both = [steps.waits(1, pipe, notes), steps.fails_then_meets(2, notes, pipe)]
    assert dn.run(both, orchestrator="luigi") == [1, 2]


@pytest.mark.parametrize("start_method", ["fork", "forkserver", "spawn"])
def test_workers_start_processes_as_they_are_told_to(
    monkeypatch: pytest.MonkeyPatch, notes: str, start_method: str
) -> None:
    configure(monkeypatch, start_method=start_method)
    numbers = [steps.number(n, notes) for n in range(2)]
    assert run([steps.total(numbers, notes), steps.Prioritised(x=1, notes=notes)], workers=2) == [1, 1]
    assert len({words[1] for words in lines(notes) if len(words) == 2}) == 3, "not a process for each step"


def test_a_script_without_a_guard_is_told_to_have_one(project: Path) -> None:
    (project / "bare.py").write_text("import datanectar as dn, steps\ndn.run(steps.number(1), orchestrator='luigi')\n")
    ran = subprocess.run([sys.executable, "bare.py"], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "does so below `if __name__ ==" in ran.stderr.splitlines()[-1]


def interrupted(url: str, pipe: str, how: signal.Signals, workers: int) -> int:
    """Runs a step that never ends, sends the run a signal, waits for the step's process to end."""
    Path("endless.py").write_text(
        "import steps, sys, datanectar as dn\n"
        "if __name__ == '__main__':\n"
        "    dn.run(steps.never_ends(1, sys.argv[1]), orchestrator='luigi', workers=int(sys.argv[2]))\n"
    )
    environment = {**os.environ, "DATANECTAR_ORCHESTRATORS__LUIGI__SCHEDULER": url}
    os.mkfifo(pipe)
    command = [sys.executable, "-W", "ignore", "endless.py", pipe, str(workers)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as running, open(pipe) as opened:
        assert opened.readline() == "running\n"
        running.send_signal(how)
        assert opened.read() == "", "the step still runs"
        return running.wait()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_is_killed_leaves_no_process_behind(tmp_path: Path, workers: int) -> None:
    assert interrupted("local", str(tmp_path / "pipe"), signal.SIGKILL, workers) == -signal.SIGKILL


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


def test_luigis_own_runs_and_those_of_datanectar_find_each_others_results(notes: str) -> None:
    assert run(steps.Prioritised(x=1, notes=notes)) == 1
    assert luigi.build([steps.Prioritised(x=1, notes=notes)], local_scheduler=True, log_level="CRITICAL")
    assert len(lines(notes)) == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("workers", [1, 2])
def test_luigid_knows_at_once_that_a_run_was_ended(
    luigid: Luigid, tmp_path: Path, how: signal.Signals, workers: int
) -> None:
    """Else the next run would wait until luigid believes the worker to be gone, for a minute."""
    assert interrupted(luigid.url, str(tmp_path / "pipe"), how, workers) != 0
    assert RemoteScheduler(luigid.url).task_list("RUNNING", "") == {}


def test_on_luigid_too_a_step_that_killed_the_process_luigi_runs_in_is_tried_again(
    luigid: Luigid, monkeypatch: pytest.MonkeyPatch, notes: str
) -> None:
    configure(monkeypatch, scheduler=luigid.url)
    assert run(steps.kills_once(3, notes)) == 3


def test_a_run_waits_for_a_resource_that_another_has(
    luigid: Luigid, monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    configure(monkeypatch, scheduler=luigid.url)
    Path("seated.py").write_text(
        "import steps, sys, datanectar as dn\n"
        "if __name__ == '__main__':\n"
        "    dn.run(steps.seated_until_others_come(int(sys.argv[1]), sys.argv[2]), orchestrator='luigi')\n"
    )
    command = [sys.executable, "-W", "ignore", "seated.py"]
    runs = [subprocess.Popen([*command, str(n), luigid.url]) for n in range(2)]
    assert [process.wait() for process in runs] == [0, 0]


def test_what_a_luigi_task_says_of_itself_is_seen_on_luigid(luigid: Luigid, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, scheduler=luigid.url)
    assert run(steps.Telling()) == 1
    (shown,) = RemoteScheduler(luigid.url).task_list("DONE", "").values()
    assert (shown["status_message"], shown["progress_percentage"]) == ("half way", 50)
    assert shown["tracking_url"] == dn.artifact(steps.Telling()).uri


def test_a_batch_is_seen_as_such_on_luigid(luigid: Luigid, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, scheduler=luigid.url, batch=3)
    run([steps.number(n) for n in range(4)], load=False)
    shown = RemoteScheduler(luigid.url).task_list("DONE", "").values()
    assert sorted(task["params"]["steps"] for task in shown) == ["1", "3"]


def test_resources_and_priority_are_seen_on_luigid(luigid: Luigid, monkeypatch: pytest.MonkeyPatch, notes: str) -> None:
    configure(monkeypatch, scheduler=luigid.url)
    run([steps.seated(1, notes), steps.Prioritised(x=7, notes=notes)], load=False)
    shown = RemoteScheduler(luigid.url).task_list("DONE", "").values()
    assert sorted((task["priority"], task["resources"]) for task in shown) == [(0, {"seat": 1}), (7, {})]


def test_what_luigid_has_disabled_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "luigi.cfg").write_text("[scheduler]\nretry_count = 1\n")
    with Luigid(tmp_path / "server") as server:
        configure(monkeypatch, scheduler=server.url)
        with pytest.raises(dn.errors.RunFailed, match="no luck"):
            run(classes.Fails())
        with pytest.raises(dn.errors.RunFailed, match="has disabled it after failures"):
            run(classes.Fails())
