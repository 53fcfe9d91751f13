"""Lines of several services on one stream."""

import io
import threading
import time

import pytest

import datanectar as dn
from datanectar.services.output import OURS, prefixed


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Writes(io.StringIO):
    """A stream that keeps apart what is written at once, and what was written when it was flushed last."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []
        self.flushed = 0

    def write(self, text: str) -> int:
        self.writes.append(text)
        return len(text)

    def flush(self) -> None:
        self.flushed = len(self.writes)


def test_names_stand_before_lines_in_one_width() -> None:
    stream = io.StringIO()
    write = prefixed(stream, ["web", "a-long-name"])
    write("web", "one")
    write("a-long-name", "two")
    write(OURS, "three")
    assert stream.getvalue() == "web         | one\na-long-name | two\ndatanectar  | three\n"


def test_no_name_is_wider_than_the_supervisors_own() -> None:
    stream = io.StringIO()
    prefixed(stream, ["web"])("web", "one")
    assert stream.getvalue() == f"{'web':<{len(OURS)}} | one\n"


def test_a_pipe_gets_no_colors() -> None:
    stream = io.StringIO()
    prefixed(stream, ["web"])("web", "one")
    assert "\033" not in stream.getvalue()


def test_a_terminal_gets_a_color_for_each_name_and_none_in_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    write = prefixed(stream, ["web", "db"])
    for name in ("web", "db", OURS, "web"):
        write(name, "said")
    heads = [line.split(" said")[0] for line in stream.getvalue().splitlines()]
    colors = [head.split("m")[0] for head in heads]
    assert all(head.endswith("|\033[0m") for head in heads)
    assert colors[0] == colors[3]
    assert len(set(colors)) == 3


def test_more_names_than_colors_use_them_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    names = [f"s{number}" for number in range(20)]
    write = prefixed(stream, names)
    for name in names:
        write(name, "said")
    assert all(line.startswith("\033[3") for line in stream.getvalue().splitlines())


def test_a_terminal_whose_user_wants_no_color_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    prefixed(stream, ["web"])("web", "one")
    assert "\033" not in stream.getvalue()


def test_a_line_is_written_at_once_and_flushed() -> None:
    stream = Writes()
    prefixed(stream, ["web"])("web", "one")
    assert stream.writes == ["web        | one\n"]
    assert stream.flushed == 1


def test_threads_write_one_after_the_other() -> None:
    alone: list[bool] = []
    taken = threading.Lock()

    class Watched(Writes):
        def write(self, text: str) -> int:
            alone.append(taken.acquire(blocking=False))
            time.sleep(0)  # lets the others in, if anything does
            if alone[-1]:
                taken.release()
            return len(text)

    write = prefixed(Watched(), ["a", "b"])
    threads = [threading.Thread(target=lambda: [write("a", str(line)) for line in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert alone == [True] * 80


def test_by_default_services_are_heard_on_stderr(servers, capsys: pytest.CaptureFixture[str]) -> None:
    servers.row("web", "says=I am here")
    with dn.serve():
        pass
    out, err = capsys.readouterr()
    assert out == ""
    assert "web        | I am here\n" in err
    assert "datanectar | web is up after" in err
