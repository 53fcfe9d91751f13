from pathlib import Path


def test_at_a_terminal_there_is_a_bar_and_a_line_for_each_finished_step(at_terminal) -> None:
    shown, code = at_terminal("run", "pipe:pipeline")
    assert code == 0
    assert "━" in shown
    assert "2/2" in shown
    assert shown.count("✓") == 2
    assert "counting 4\r\n" in shown
    assert "\r\nmade: " in shown.replace("\x1b[2K", "")


def test_at_a_terminal_a_failure_is_marked(at_terminal) -> None:
    shown, code = at_terminal("run", "pipe:bad", "x=1")
    assert code == 1
    assert "✗" in shown
    assert "ZeroDivisionError" in shown


def test_the_bar_is_not_in_the_log(at_terminal, in_process) -> None:
    at_terminal("run", "pipe:numbers", "n=4")
    text = in_process("logs", "numbers@latest")[1]
    assert text.startswith("counting 4\nto stderr\n")
    assert "\x1b" not in text


def test_quiet_is_quiet_at_a_terminal(at_terminal) -> None:
    assert at_terminal("run", "pipe:Doubled", "--quiet") == ("4\r\n", 0)


def test_what_goes_into_a_pipe_is_not_drawn_at_the_terminal(at_terminal) -> None:
    with Path("out.txt").open("w") as out:
        shown, _ = at_terminal("run", "pipe:pipeline", stdout=out.fileno())
    assert Path("out.txt").read_text() == "counting 4\n6\n"
    assert "counting" not in shown
    assert "━" in shown


def test_a_table_at_a_terminal_has_a_head(at_terminal) -> None:
    shown, _ = at_terminal("plugins")
    assert shown.lstrip("\x1b[1m").startswith("plugin")
