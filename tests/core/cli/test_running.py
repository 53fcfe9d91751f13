import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest


def test_the_result_goes_to_stdout_and_progress_to_stderr(command) -> None:
    done = command("run", "pipe:pipeline")
    assert (done.returncode, done.stdout) == (0, "counting 4\n6\n")
    lines = done.stderr.splitlines()
    assert lines[0] == "2 steps to run, 0 stored already"
    assert [line.split()[:2] for line in lines if line.startswith("[")] == [
        ["[1/2]", "start"],
        ["[1/2]", "done"],
        ["[2/2]", "start"],
        ["[2/2]", "done"],
    ]
    assert lines[-2].startswith("made: sum_up/plain/total/")
    assert lines[-1].startswith(f"  at file://{Path.cwd()}/.datanectar/manifests/sum_up/plain/total/")


def test_what_is_stored_is_not_made_again(command) -> None:
    command("run", "pipe:pipeline")
    done = command("run", "pipe:pipeline")
    assert (done.returncode, done.stdout) == (0, "6\n")
    assert done.stderr.startswith("stored already: sum_up/plain/total/")


def test_parameters_are_read_by_their_types(command) -> None:
    assert command("run", "pipe:day", "on=2013-02-01", "name=1", "--quiet").stdout == "1 01.02.\n"


def test_a_function_may_put_tasks_together(command) -> None:
    assert command("run", "pipe:pipeline", "n=5", "--quiet").stdout == "counting 5\n10\n"


@pytest.mark.parametrize(
    ("target", "shown"),
    [("pipe:Doubled", "4\n"), ("pipe:nothing", ""), ("pipe:both", "[\n  [\n    0,\n    1\n  ],\n  3\n]")],
)
def test_anything_that_names_artifacts_is_a_target(command, target: str, shown: str) -> None:
    done = command("run", target, "--quiet")
    assert done.returncode == 0
    assert done.stdout.replace("counting 2\ncounting 3\n", "").strip() == shown.strip()


def test_quiet_says_nothing_of_its_own(command) -> None:
    assert command("run", "pipe:Doubled", "--quiet").stderr == ""


def test_json_tells_names_and_what_was_computed(command) -> None:
    first = json.loads(command("run", "pipe:Doubled", "--json").stdout)
    assert [(entry["name"].rpartition("/")[0], entry["computed"]) for entry in first] == [("task/none/doubled", True)]
    assert first[0]["uri"].endswith(first[0]["name"] + ".json")
    assert json.loads(command("run", "pipe:Doubled", "--json").stdout)[0]["computed"] is False


def test_a_failed_task_is_exit_1_with_its_own_traceback_and_the_way_to_its_log(command) -> None:
    done = command("run", "pipe:bad", "x=1")
    assert (done.returncode, done.stdout) == (1, "half way\n")
    assert done.stderr.count("Traceback") == 1
    assert done.stderr.count("  File ") == 1
    assert "in bad" in done.stderr
    assert "task/none/bad failed: ZeroDivisionError" in done.stderr
    assert done.stderr.endswith("0 done, 1 failed, 0 not run\n")
    (advice,) = [line.split()[1:] for line in done.stderr.splitlines() if line.startswith("  log ")]
    assert "half way\nTraceback" in command(*advice[1:]).stdout


def test_the_way_to_the_log_names_another_store(command, tmp_path) -> None:
    done = command("run", "pipe:bad", "x=1", "--storage-layer", f"file://{tmp_path}/there")
    (advice,) = [line.split()[1:] for line in done.stderr.splitlines() if line.startswith("  log ")]
    assert "half way" in command(*advice[1:]).stdout


def test_keep_going_makes_what_does_not_depend_on_the_failure(command) -> None:
    done = command("run", "pipe:half_broken", "--keep-going")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, "4 done, 1 failed, 1 not run")
    assert command("run", "pipe:half_broken").stderr.splitlines()[-1] == "0 done, 1 failed, 1 not run"


def test_a_result_that_cannot_be_stored_is_explained_once_without_a_traceback(command) -> None:
    done = command("run", "pipe:unstorable")
    assert done.returncode == 1
    assert done.stderr.count("the result, a function, cannot be stored") == 1
    assert "Return something else" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_cycle_is_explained_without_a_traceback(command) -> None:
    done = command("run", "pipe:Hen")
    assert done.returncode == 2
    assert done.stderr.startswith("cycle error: task/none/hen requires itself: task/none/hen → task/none/egg → ")
    assert "Traceback" not in done.stderr


def test_a_store_that_cannot_be_written_says_so_before_anything_runs(command) -> None:
    Path("file").touch()
    done = command("run", "pipe:numbers", "--storage-layer", f"file://{Path.cwd()}/file/store")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{Path.cwd()}/file/store" in done.stderr
    assert "Traceback" not in done.stderr


SLOW = """
import threading
import datanectar as dn

@dn.task
def quick() -> int:
    return 1

@dn.task
def slow(x: int) -> int:
    print("ready", flush=True)
    threading.Event().wait(60)
    return x

def pipeline():
    return slow(quick())
"""


def test_ctrl_c_keeps_what_is_finished_and_shows_no_traceback(command) -> None:
    Path("long.py").write_text(SLOW)
    process = subprocess.Popen(
        [sys.executable, "-m", "datanectar", "run", "long:pipeline"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.endswith("interrupted; what was finished is stored, and running again goes on from there\n")
    assert "Traceback" not in errors
    assert [line.split("\t")[0].rpartition("/")[0] for line in command("ls").stdout.splitlines()] == ["task/none/quick"]
    assert command("logs", "slow").stdout == "ready\ninterrupted\n"


def test_a_plan_says_what_would_run_and_why(command) -> None:
    command("run", "pipe:numbers", "n=4")
    done = command("plan", "pipe:pipeline")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [(row[0], row[1].rpartition("/")[0], row[2]) for row in rows] == [
        ("cached", "count/none/numbers", "stored"),
        ("run", "sum_up/plain/total", "first run"),
    ]
    assert done.stderr == "1 run, 1 cached\n"
    assert len(command("ls").stdout.splitlines()) == 1


def test_at_a_terminal_a_plan_is_a_tree_from_the_target_down(at_terminal) -> None:
    shown, code = at_terminal("plan", "pipe:pipeline")
    total, numbers = (line for line in shown.splitlines() if line.startswith("run"))
    assert code == 0
    assert ("/total/" in total, "/numbers/" in numbers) == (True, True)
    assert numbers.index(numbers.split()[1]) - total.index(total.split()[1]) == 2
    assert "where" in shown


def test_a_plan_as_json_has_every_step(command) -> None:
    steps = json.loads(command("plan", "pipe:pipeline", "--json").stdout)
    assert [(step["task"], step["status"]) for step in steps] == [
        ("count/none/numbers", "run"),
        ("sum_up/plain/total", "run"),
    ]
    assert steps[1]["needs"] == [steps[0]["name"]]
    assert set(steps[0]) == {"name", "task", "uri", "status", "reason", "seconds", "needs"}


def test_explain_compares_with_what_is_stored(command) -> None:
    command("run", "pipe:numbers", "n=4")
    done = command("explain", "pipe:numbers", "n=5")
    assert done.stdout.splitlines()[1] == "  n 4 → 5"
    (found,) = json.loads(command("explain", "numbers@latest", "--json").stdout)
    assert (found["stored"], found["reasons"]) == (True, ["first run"])
    assert command("explain", "numbers@latest", "n=3").returncode == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--profile", "prod"], "there is no profile 'prod' (command line); there are: local"),
        (["--storage-layer", "lake"], "there is no storage 'lake' (command line); configured: disk"),
        (["--storage-layer", "s4://bucket/x"], "unknown storage 's4'; did you mean 's3'?"),
        (["--orchestrator", "dask"], "orchestrator 'dask' is not installed: pip install datanectar-dask"),
        (["--workers", "2", "--storage-layer", "memory://"], "memory:// is in this process alone, so worker processes"),
        (["--workers", "0"], "Invalid value for '--workers'"),
    ],
)
def test_a_wrong_choice_is_exit_2(command, options: list[str], message: str) -> None:
    done = command("run", "pipe:numbers", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_options_choose_profile_and_store(command, tmp_path) -> None:
    Path("datanectar.toml").write_text(
        f'[profiles.prod]\nstorage_layer = "file://{tmp_path}/prod"\norchestrator = "local"'
    )
    command("run", "pipe:Doubled", "--profile", "prod")
    assert (command("ls").stdout, len(command("ls", "--profile", "prod").stdout.splitlines())) == ("", 1)
    environment = {"DATANECTAR_STORAGE_LAYER": f"file://{tmp_path}/other"}
    assert command("ls", "--storage-layer", f"file://{tmp_path}/prod", **environment).stdout != ""
