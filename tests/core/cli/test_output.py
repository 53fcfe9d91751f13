import math
from pathlib import PurePosixPath

import pytest

from datanectar.cli.output import duration, print_facts, print_table, print_value, size


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (5 << 30, "5.0 GiB"), (1 << 42, "4.0 TiB")],
)
def test_sizes_are_said_as_people_say_them(number: int, text: str) -> None:
    assert size(number) == text


@pytest.mark.parametrize(("seconds", "text"), [(None, ""), (0.04, "0.0 s"), (119.0, "119.0 s"), (120, "2.0 min")])
def test_durations_are_said_as_people_say_them(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("two\nlines", "two\nlines\n"),
        (PurePosixPath("out/a b"), "out/a b\n"),
        ({"a": [1]}, '{\n  "a": [\n    1\n  ]\n}\n'),
        (math.nan, "NaN\n"),
        ({1, 2}, "{1, 2}\n"),
        (3 + 1j, "(3+1j)\n"),
    ],
)
def test_results_are_printed_as_text_json_or_python(capsys, value: object, text: str) -> None:
    print_value(value)
    assert capsys.readouterr().out == text


ESCAPE = "h\x1b]0;pwn\x07\nost"


def test_what_a_store_holds_cannot_drive_the_terminal(capsys) -> None:
    print_facts([("on", ESCAPE)])
    print_table(["on"], [[ESCAPE]])
    assert capsys.readouterr().out == "on  h\ufffd]0;pwn\ufffd\ufffdost\nh\ufffd]0;pwn\ufffd\ufffdost\n"


def test_what_looks_like_markup_is_shown_as_it_is(capsys, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    print_table(["why"], [["d [/tmp/y] → [red]x"]])
    assert "d [/tmp/y] → [red]x" in capsys.readouterr().out
