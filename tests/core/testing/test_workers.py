"""Workers: kept from order to order, in the surroundings of the moment, together where they should be."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.connection import wait
from pathlib import Path
from types import ModuleType

import pytest

from datanectar.errors import WorkerDied
from datanectar.testing import workers as module
from datanectar.testing.workers import Workers


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    with closing(Workers()) as workers:
        yield workers


def test_they_are_other_processes_and_stay(workers):
    first = workers.run(os.getpid, [()] * 2)
    assert len({*first, os.getpid()}) == 3
    assert workers.run(os.getpid, [()] * 2) == first
    assert workers.run(os.getpid, [()]) == first[:1]


def test_each_gets_its_arguments_and_answers_come_in_order(workers):
    assert workers.run(divmod, [(7, 2), (9, 4)]) == [(3, 1), (2, 1)]


def test_each_order_brings_the_environment_and_directory_of_the_moment(workers, monkeypatch, tmp_path):
    monkeypatch.setenv("A_CHOICE", "one")
    assert workers.run(os.getenv, [("A_CHOICE",)]) == ["one"]
    monkeypatch.delenv("A_CHOICE")
    monkeypatch.chdir(tmp_path)
    assert workers.run(os.getenv, [("A_CHOICE",)]) == [None]
    assert workers.run(os.getcwd, [()]) == [str(tmp_path)]


def test_a_generator_meets_the_others_at_each_yield(workers, tmp_path):
    from meeting import meet

    assert workers.run(meet, [(tmp_path, me, 4) for me in range(3)]) == [[3, 3, 3, 3]] * 3


def test_who_ends_early_is_not_waited_for(workers, tmp_path):
    from meeting import meet

    assert workers.run(meet, [(tmp_path, 0, 1), (tmp_path, 1, 3)]) == [[2], [2, 1, 1]]


def test_an_exception_is_raised_here_and_says_where_it_came_from(workers):
    from meeting import fail

    with pytest.raises(KeyError, match="plain") as caught:
        workers.run(fail, [("plainly",)])
    assert "In a worker process" in caught.value.__notes__[0]
    assert "meeting.py" in caught.value.__notes__[0]


def test_an_exception_that_cannot_travel_is_told(workers):
    from meeting import fail

    with pytest.raises(RuntimeError, match="Stubborn: cannot be"):
        workers.run(fail, [("stubborn",)])


def test_one_that_dies_is_told_of_and_replaced(workers):
    before = workers.run(os.getpid, [()] * 2)
    with pytest.raises(WorkerDied, match="exit code 7") as caught:
        workers.run(os._exit, [(7,)])
    assert caught.value.exit_code == 7
    after = workers.run(os.getpid, [()] * 2)
    assert len(set(after)) == 2
    assert before[1] in after
    assert before[0] not in after


def test_one_that_hangs_is_ended(workers, monkeypatch):
    monkeypatch.setattr(module, "_SILENCE", 0.2)
    with pytest.raises(WorkerDied, match="silent for too long"):
        workers.run(signal.pause, [()])
    monkeypatch.undo()
    assert workers.run(divmod, [(7, 2)]) == [(3, 1)]


def test_one_that_was_killed_while_it_had_nothing_to_do_is_replaced(workers):
    first, second = workers.run(os.getpid, [()] * 2)
    os.kill(first, signal.SIGKILL)
    wait([workers._workers[0].process.sentinel])
    after = workers.run(os.getpid, [()] * 2)
    assert second in after
    assert first not in after


def test_an_answer_that_nobody_waited_for_is_not_given_to_the_next(workers):
    from meeting import interrupt

    def end(*_):
        raise TimeoutError("the test took too long")

    before = signal.signal(signal.SIGUSR1, end)
    try:
        with pytest.raises(TimeoutError, match="took too long"):
            workers.run(interrupt, [(os.getpid(),)])
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert workers.run(divmod, [(7, 2)]) == [(3, 1)]


def test_what_a_worker_cannot_import_is_told(workers, monkeypatch):
    monkeypatch.setitem(sys.modules, "only_here", module := ModuleType("only_here"))
    module.Store = type("Store", (), {"__module__": "only_here"})
    with pytest.raises(
        ImportError, match=r"No module named 'only_here'.*Define what is tested in a module that can be"
    ):
        workers.run(str, [(module.Store(),)])


def test_none_is_left_when_they_are_closed(workers):
    (pid,) = workers.run(os.getpid, [()])
    workers.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
