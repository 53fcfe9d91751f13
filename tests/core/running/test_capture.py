import io
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from datanectar.running import capture
from datanectar.running.capture import StepLog


@contextmanager
def captured() -> Iterator[StepLog]:
    log = StepLog()
    with capture.captured(log):
        yield log


def text_of(log: StepLog) -> bytes:
    with log.reading() as stream:
        content = stream.read()
    log.close()
    return content


def test_what_is_printed_is_shown_and_kept(capsys) -> None:
    with captured() as log:
        print("out")
        print("err", file=sys.stderr)
    assert capsys.readouterr() == ("out\n", "err\n")
    assert text_of(log) == b"out\nerr\n"


def test_bytes_below_the_text_are_kept_too(capfdbinary) -> None:
    with captured() as log:
        print("a", flush=True)
        sys.stdout.buffer.write(b"\xff\n")
        sys.stdout.writelines(["b\n"])
    assert text_of(log) == b"a\n\xff\nb\n"


def test_logging_is_kept_once_with_handlers(monkeypatch) -> None:
    monkeypatch.setattr(logging.root, "handlers", [logging.StreamHandler(io.StringIO())])
    with captured() as log:
        logging.getLogger("acme").warning("careful")
    assert text_of(log).decode().count("WARNING acme: careful") == 1


def test_logging_is_kept_once_without_handlers(monkeypatch, capsys) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    with captured() as log:
        logging.getLogger("acme").warning("careful")
    assert text_of(log) == b"careful\n"


def test_streams_and_handlers_are_given_back_when_the_block_raises() -> None:
    before = sys.stdout, sys.stderr, list(logging.root.handlers)
    with pytest.raises(ValueError, match="x"), captured():
        raise ValueError("x")
    assert (sys.stdout, sys.stderr, logging.root.handlers) == before


def test_a_process_without_a_console_prints_nowhere(monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    with captured() as log:
        print("out")
    assert text_of(log) == b""


def test_a_stream_keeps_its_other_abilities(capfd) -> None:
    abilities = sys.stdout.fileno(), sys.stdout.isatty(), sys.stdout.encoding
    with captured():
        assert (sys.stdout.fileno(), sys.stdout.isatty(), sys.stdout.encoding) == abilities


def test_more_than_fits_into_memory_is_kept(capsys) -> None:
    with captured() as log:
        for _ in range(3):
            print("x" * (1 << 20))
    assert len(text_of(log)) == 3 * ((1 << 20) + 1)


def test_a_handler_that_a_task_left_behind_does_no_harm(capsys) -> None:
    with captured() as log:
        handler = logging.StreamHandler()
    log.close()
    handler.emit(logging.makeLogRecord({"msg": "late"}))
    assert "late" in capsys.readouterr().err


def test_an_empty_log_is_empty() -> None:
    assert text_of(StepLog()) == b""


def test_steps_in_several_threads_keep_their_own_output_and_leave_the_streams_as_they_were(capsys) -> None:
    before = sys.stdout, sys.stderr
    barrier = threading.Barrier(3)
    texts: dict[int, bytes] = {}

    def step(number: int) -> None:
        with captured() as log:
            barrier.wait()
            print(f"step {number}")
            barrier.wait()
        texts[number] = text_of(log)

    threads = [threading.Thread(target=step, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == {number: f"step {number}\n".encode() for number in range(3)}
    assert (sys.stdout, sys.stderr) == before


def test_what_a_thread_of_the_task_prints_is_the_tasks(capsys) -> None:
    with captured() as log:
        thread = threading.Thread(target=print, args=("from a thread",))
        thread.start()
        thread.join()
    assert text_of(log) == b"from a thread\n"


def test_a_step_inside_a_step_is_in_both_logs(capsys) -> None:
    with captured() as outer:
        with captured() as inner:
            print("inside")
        print("outside")
    assert (text_of(inner), text_of(outer)) == (b"inside\n", b"inside\noutside\n")


def test_many_threads_print_more_than_fits_into_memory(capsys) -> None:
    def talk(number: int) -> None:
        for _ in range(400):
            print(f"{number} {'x' * 998}")

    with captured() as log:
        threads = [threading.Thread(target=talk, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(text_of(log)) == 8 * 400 * 1001


def test_a_log_without_room_does_not_fail_the_task(capsys, monkeypatch) -> None:
    with captured() as log:
        monkeypatch.setattr(log, "write", lambda data: (_ for _ in ()).throw(OSError("no space left")))
        print("shown all the same")
    assert capsys.readouterr().out == "shown all the same\n"


def test_what_another_thread_logs_is_in_its_own_log(monkeypatch) -> None:
    monkeypatch.setattr(logging.root, "handlers", [logging.StreamHandler(io.StringIO())])
    barrier = threading.Barrier(2)
    texts: dict[int, bytes] = {}

    def step(number: int) -> None:
        with captured() as log:
            barrier.wait()
            logging.getLogger("acme").warning("from %d", number)
            barrier.wait()
        texts[number] = text_of(log)

    threads = [threading.Thread(target=step, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [texts[number].count(b"from") for number in range(2)] == [1, 1]
    assert all(f"from {number}".encode() in texts[number] for number in range(2))


def test_logging_that_a_step_set_up_is_kept_once_by_the_next(monkeypatch, capsys) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    with captured():
        logging.basicConfig()
    with captured() as log:
        logging.getLogger("acme").warning("careful")
    assert text_of(log).count(b"careful") == 1
