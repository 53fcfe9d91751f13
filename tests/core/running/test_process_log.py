import subprocess
import sys
from pathlib import Path

from datanectar.running.process_log import ProcessLog

SCRIPT = """
import logging, os, sys
from pathlib import Path
from datanectar.running.capture import captured
from datanectar.running.process_log import ProcessLog, redirected

with redirected("log"):
"""


def run(*lines: str) -> tuple[bytes, bytes]:
    """Runs code whose output goes to a log, and returns the log and what went elsewhere."""
    done = subprocess.run([sys.executable, "-c", SCRIPT + "\n".join(lines)], check=True, stdout=subprocess.PIPE)
    return Path("log").read_bytes(), done.stdout


def test_text_of_python_and_of_subprocesses_is_in_the_file_in_order() -> None:
    lines = ["print('one', flush=True)", "os.system('echo two')", "print('three', file=sys.stderr)"]
    assert run(*(f"    {line}" for line in lines)) == (b"one\ntwo\nthree\n", b"")


def test_what_is_in_a_buffer_belongs_to_who_printed_it() -> None:
    assert run("    print('inside', end='')", "print('outside')") == (b"inside", b"outside\n")


def test_the_streams_are_given_back_when_the_block_raises() -> None:
    lines = ["try:", "    with redirected('other'): 1 / 0", "except ZeroDivisionError: print('outside')"]
    assert run("    pass", *lines) == (b"", b"outside\n")


def test_without_a_path_nothing_is_redirected() -> None:
    assert run("    pass", "with redirected(''): print('shown')") == (b"", b"shown\n")


def test_logging_is_kept_once_with_a_handler_for_the_console() -> None:
    lines = [
        "    logging.basicConfig(format='%(message)s')",
        "    with captured(ProcessLog(Path('log'))): logging.warning('careful')",
    ]
    assert run(*lines)[0] == b"careful\n"


def test_logging_is_kept_beside_a_handler_for_a_file() -> None:
    lines = [
        "    logging.basicConfig(filename='file')",
        "    with captured(ProcessLog(Path('log'))): logging.warning('careful')",
    ]
    text, _ = run(*lines)
    assert text.endswith(b"WARNING root: careful\n")
    assert text.count(b"careful") == 1


def test_a_log_that_was_never_written_is_empty(tmp_path) -> None:
    log = ProcessLog(tmp_path / "log")
    with log.reading() as stream:
        assert stream.read() == b""
    log.write("something")
    with log.reading() as stream:
        assert stream.read() == b"something"
