"""Real processes, ended by real signals."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import datanectar as dn
from datanectar.errors import RunFailed, TaskDefinitionError, TaskTimeout, UnsupportedError, WorkerDied
from datanectar.layer.aliases import history

HERE = Path(__file__).parent


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module of tasks, where workers find it, too."""
    monkeypatch.syspath_prepend(str(HERE))
    import misbehaving

    yield misbehaving
    del sys.modules["misbehaving"]


class Pipe:
    """A named pipe: read to its end, it tells that all who had it open are gone."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = str(path)
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def wait_for_start(self) -> None:
        assert self._read() == b"running\n"

    def is_closed_by_all(self) -> bool:
        return self._read() == b""

    def _read(self) -> bytes:
        readable, _, _ = select.select([self._descriptor], [], [], 30)
        assert readable, "somebody still has the pipe open"
        return os.read(self._descriptor, 100)


@pytest.fixture
def pipe(tmp_path: Path) -> Pipe:
    return Pipe(tmp_path / "pipe")


def failure(target: dn.Artifact, **options: object) -> BaseException:
    with pytest.raises(RunFailed) as caught:
        dn.run(target, workers=2, **options)
    (failed,) = caught.value.failures.values()
    return failed


def test_steps_run_in_other_processes_and_give_the_same_artifacts(tasks) -> None:
    target = tasks.total([tasks.number(n) for n in range(5)])
    assert dn.run(target, workers=2) == 10
    assert target.name in set(dn.storage_layer().list())
    assert os.getpid() not in {dn.run(tasks.process_id(n), workers=2) for n in range(2)}


def test_a_warm_run_starts_no_process(tasks, monkeypatch) -> None:
    dn.run(tasks.number(1))
    monkeypatch.setattr("datanectar.running.local.pool._Worker", None)
    assert dn.run([tasks.number(1)], workers=2) == [1]


def latest(task: str) -> list[str]:
    """What `latest` of a task pointed to, the newest first."""
    return [entry.name for entry in history(dn.storage_layer().backend, f"task/none/{task}", "latest")]


def test_latest_moves_once_to_the_last_target_in_their_order_not_in_that_of_the_workers(tasks) -> None:
    targets = [tasks.number(n) for n in range(5)]
    dn.run(tasks.total(targets), targets, workers=2)
    assert latest("number") == [tasks.number(4).name]
    assert latest("total") == [tasks.total(targets).name]


def test_latest_moves_to_what_workers_made_beside_what_failed(tasks) -> None:
    dn.run(tasks.total([]))
    with pytest.raises(RunFailed):
        dn.run([tasks.total([]), tasks.number(1), tasks.ends("raise")], workers=2, keep_going=True)
    assert latest("number") == [tasks.number(1).name]
    assert (len(latest("total")), latest("ends")) == (1, [])


@pytest.mark.parametrize(
    ("how", "kind", "message"),
    [
        ("SIGKILL", WorkerDied, "SIGKILL, as the kernel does when memory runs out"),
        ("SIGTERM", WorkerDied, "its worker process was ended by SIGTERM"),
        ("segfault", WorkerDied, "SIGSEGV, a crash in compiled code; its log shows where"),
        ("abort", WorkerDied, "SIGABRT"),
        ("_exit", WorkerDied, "its worker process ended with exit code 3"),
        ("exit", SystemExit, "SystemExit: 4"),
        ("raise", ValueError, "ValueError: no luck"),
        ("interrupt", KeyboardInterrupt, "KeyboardInterrupt"),
        ("out of memory", MemoryError, "MemoryError"),
    ],
)
def test_only_the_step_that_died_fails_and_its_log_has_what_it_printed(tasks, how, kind, message) -> None:
    targets = [tasks.number(1), tasks.ends(how), tasks.number(2), tasks.total([tasks.number(3)])]
    with pytest.raises(RunFailed) as caught:
        dn.run(targets, workers=2, keep_going=True)
    (failed,) = caught.value.failures.values()
    assert message in str(failed)
    assert isinstance(failed.__cause__, kind)
    assert sorted(caught.value.results.values()) == [1, 2, 3]
    (log,) = dn.storage_layer().logs(targets[1].name).values()
    assert log.startswith("about to end")
    assert dn.storage_layer().backend.stat(failed.log) is not None


def test_the_log_of_a_crash_shows_where_it_was(tasks) -> None:
    failure(tasks.ends("segfault"))
    log = tasks.ends("segfault").logs()
    assert "Segmentation fault" in log
    assert f'{HERE / "misbehaving.py"}", line' in log
    assert log.splitlines()[-1].startswith("WorkerDied: its worker process was ended by SIGSEGV")


def test_a_step_that_died_is_tried_again_and_keeps_both_logs(tasks, tmp_path) -> None:
    target = tasks.dies_once(str(tmp_path))
    assert dn.run(target, workers=2) == "survived"
    assert "the first attempt\nWorkerDied" in target.logs()


def test_a_step_that_never_ends_is_ended_with_all_that_it_started(tasks, pipe) -> None:
    target = tasks.never_ends(pipe.path)
    failed = failure(target)
    assert isinstance(failed.__cause__, TaskTimeout)
    assert "it took longer than its timeout of 0.2 s" in str(failed)
    pipe.wait_for_start()
    assert pipe.is_closed_by_all()
    log = target.logs()
    assert log.startswith("waiting\nTimeout")
    assert "in never_ends" in log


def test_a_crash_while_it_says_where_it_is_is_a_timeout_all_the_same(tasks) -> None:
    assert isinstance(failure(tasks.crashes_when_its_time_is_up(1)).__cause__, TaskTimeout)


def test_a_timeout_holds_without_workers_too(tasks, pipe) -> None:
    with pytest.raises(RunFailed, match=r"it took longer than its timeout of 0\.2 s"):
        dn.run(tasks.never_ends(pipe.path))


def test_a_death_is_noticed_though_a_forked_child_lives_on(tasks, pipe) -> None:
    assert isinstance(failure(tasks.forks_and_dies(pipe.path)).__cause__, WorkerDied)
    pipe.wait_for_start()
    assert pipe.is_closed_by_all()


def test_what_was_stored_before_the_death_counts(tasks, install) -> None:
    install(
        "datanectar-deadly",
        """
        import os, signal

        @dn.hookimpl
        def datanectar_artifact_stored(name):
            if "/number/" in name and os.environ.get("DEADLY") != str(os.getpid()):
                os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    os.environ["DEADLY"] = str(os.getpid())
    try:
        assert dn.run(tasks.number(7), workers=2) == 7
    finally:
        del os.environ["DEADLY"]


def test_everything_a_process_writes_is_in_the_log_of_its_step(tasks) -> None:
    dn.run([tasks.talks_in_every_way(1), tasks.two(2), tasks.two(3)], workers=2)
    lines = {"from Python", "from C 1", "from a subprocess", "below everything"}
    assert set(tasks.talks_in_every_way(1).logs().splitlines()) == lines
    assert [tasks.two(n).logs() for n in (2, 3)] == ["the log of 2\n", "the log of 3\n"]


def test_a_hundred_megabytes_of_output_are_kept_and_cost_no_memory(tasks) -> None:
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    dn.run(tasks.loud(100), workers=2)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # KiB
    (log,) = dn.storage_layer().backend.list("logs/")
    assert log.size == 100 << 20
    assert grown < 50 << 10


def test_a_step_that_leaves_a_mess_does_not_harm_the_next(tasks) -> None:
    targets = [tasks.where(tasks.leaves_a_mess(n)) for n in range(3)]
    assert dn.run(targets, workers=2) == [os.getcwd()] * 3
    assert targets[0].logs() == "printing\n"


def test_a_large_step_reaches_a_worker_that_is_still_starting(tasks) -> None:
    numbers = list(range(100_000))
    assert dn.run(tasks.total(numbers), workers=2) == sum(numbers)


def test_settings_of_the_run_hold_in_its_workers(tasks, tmp_path) -> None:
    with dn.settings(storage_layer=f"file://{tmp_path}/here"):
        dn.run(tasks.number(1), workers=2)
        assert tasks.number(1).exists()
    dn.run(tasks.number(2), workers=2, storage_layer=f"file://{tmp_path}/there")
    assert dn.storage_layer(f"file://{tmp_path}/there").exists(tasks.number(2).name)
    assert not tasks.number(1).exists()


def test_a_task_object_travels_with_the_fields_that_were_set_later(tasks) -> None:
    task = tasks.Scaled([1, 2])
    task.factor = 3
    assert dn.run(task, workers=2) == [3, 6]
    later = tasks.Scaled(dn.artifact(task))
    later.factor = 2
    assert dn.run(later, workers=2) == [6, 12]


# What cannot travel


def test_a_task_inside_a_function_is_refused_before_anything_runs(tasks) -> None:
    @dn.task
    def inner(n: int) -> int:
        return n

    with pytest.raises(TaskDefinitionError, match="task inner is defined inside a function, so worker"):
        dn.run(inner(tasks.number(1)), workers=2)
    assert not tasks.number(1).exists()


def test_a_second_task_of_one_function_is_refused(tasks) -> None:
    other = dn.task(name="other")(tasks.number.fn)
    with pytest.raises(TaskDefinitionError, match="task other is not what misbehaving:number names"):
        dn.run(other(1), workers=2)


def test_a_store_in_memory_is_refused_before_anything_runs(tasks) -> None:
    with dn.settings(storage_layer="memory://"):
        with pytest.raises(UnsupportedError, match="storage memory:// is in this process alone"):
            dn.run(tasks.number(1), workers=2)
        assert not tasks.number(1).exists()


def test_a_timeout_without_a_process_to_end_is_warned_about(tasks) -> None:
    with dn.settings(storage_layer="memory://"), pytest.warns(UserWarning, match="timeouts are not enforced"):
        assert dn.run(dn.task(timeout=60)(tasks.number.fn)(1)) == 1


# Scripts, and their end


SCRIPT = """
import enum
import sys

sys.path.insert(0, {here!r})
import datanectar as dn
from misbehaving import waits

class Colour(enum.Enum):
    RED = 1

class Model:
    def __init__(self, colour): self.colour = colour
    def __eq__(self, other): return type(self) is type(other) and self.colour is other.colour

@dn.task
def model(colour: Colour) -> Model:
    return Model(colour)

def main():
{main}

{guard}main()
"""


def script(main: str, guard: str = 'if __name__ == "__main__": ') -> subprocess.Popen:
    Path("script.py").write_text(SCRIPT.format(here=str(HERE), main=f"    {main}", guard=guard))
    return subprocess.Popen(
        [sys.executable, "script.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def test_what_a_script_defines_comes_back_as_the_scripts_own() -> None:
    process = script("print(dn.run(model(Colour.RED), workers=2) == Model(Colour.RED))")
    assert process.communicate() == ("True\n", "")
    again = script("print(dn.run(model(Colour.RED)) == Model(Colour.RED), model(Colour.RED).exists())")
    assert again.communicate() == ("True True\n", "")


def test_a_script_without_a_guard_is_told_to_have_one() -> None:
    _, errors = script("dn.run(model(Colour.RED), workers=2)", guard="").communicate()
    assert 'below `if __name__ == "__main__":`' in errors.splitlines()[-4]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_a_run_ends_it_leaves_no_process_behind(pipe, sent) -> None:
    process = script(f"dn.run([waits({pipe.path!r}), model(Colour.RED)], workers=2)")
    pipe.wait_for_start()
    process.send_signal(sent)
    process.communicate()
    assert process.returncode == -sent
    assert pipe.is_closed_by_all()


def test_a_second_ctrl_c_leaves_nothing_behind_either(pipe) -> None:
    process = script(f"dn.run([waits({pipe.path!r}), model(Colour.RED)], workers=2)")
    pipe.wait_for_start()
    for _ in range(3):
        process.send_signal(signal.SIGINT)
    process.communicate()
    assert pipe.is_closed_by_all()


def test_a_second_ctrl_c_before_the_end_of_the_pool_begins_leaves_nothing_behind(pipe) -> None:
    interrupted = "(_ for _ in ()).throw(KeyboardInterrupt)"
    before = f"from datanectar.running.local import pool; pool.Pool.__exit__ = lambda *_: {interrupted}"
    process = script(f"{before}; dn.run([waits({pipe.path!r}), model(Colour.RED)], workers=2)")
    pipe.wait_for_start()
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert pipe.is_closed_by_all()


def test_ctrl_c_keeps_what_a_step_had_printed(pipe) -> None:
    process = script(f"dn.run(waits({pipe.path!r}), workers=2)")
    pipe.wait_for_start()
    process.send_signal(signal.SIGINT)
    process.communicate()
    (log,) = dn.storage_layer().backend.list("logs/task/none/waits/")
    assert dn.storage_layer().backend.read(log.key) == b"waiting\ninterrupted\n"
