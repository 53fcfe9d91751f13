from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pipe"], "TARGET 'pipe' is not module:task, such as pipe:task"),
        ([":pipeline"], "TARGET ':pipeline' is not module:task"),
        (["pipe:"], "TARGET 'pipe:' is not module:task"),
        (["pip3:x"], "there is no module 'pip3' in {here} or installed; did you mean 'pipe'?"),
        (["zzzzzz:x"], "there is no module 'zzzzzz' in {here} or installed; run this where the project is"),
        (["pipe.py:pipeline"], "there is no module 'pipe.py' in {here}; name the module, not the file: pipe:…"),
        (["pipe.sub:x"], "there is no module 'pipe.sub' in {here} or installed"),
        (["pipe:pipelin"], "pipe has no 'pipelin'; did you mean 'pipeline'?"),
        (["pipe:Egg.zzz"], "pipe has no 'zzz'; "),
        (["pipe:numbers", "n"], "'n' is not param=value"),
        (["pipe:numbers", "n=1", "n=2"], "n is given twice"),
        (["pipe:both", "n=1"], "pipe:both is not called, so it takes no parameters (n)"),
    ],
)
def test_a_wrong_target_is_exit_2_and_told_what_is_right(in_process, arguments: list[str], message: str) -> None:
    code, out, err = in_process("run", *arguments)
    assert (code, out) == (2, "")
    assert f"Error: {message.format(here=Path.cwd())}" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pipe:numbers", "m=1"], "numbers() has no parameter 'm'"),
        (["pipe:pipeline", "m=1"], "pipeline() has no parameter 'm'"),
        (["pipe:Doubled", "m=1"], "Doubled() has no parameter 'm'"),
        (["pipe:numbers", "n=abc"], "numbers(): n='abc' cannot be read as int"),
        (["pipe:total", "xs=x"], "total(): xs='x' cannot be read as list[int]. The command line gives plain values"),
        (["pipe:day"], "day() is called without on"),
        (["pipe:dn"], "names no artifact: give what calling a task returns, a task object, or a name"),
    ],
)
def test_a_wrong_parameter_is_exit_2_and_named(in_process, arguments: list[str], message: str) -> None:
    code, out, err = in_process("run", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("argument error: ")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = undefined_name", "NameError: name 'undefined_name' is not defined"),
        ("def f(:", "SyntaxError: invalid syntax"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("raise SystemExit('usage: …')", "SystemExit: usage: …"),
        (
            "import datanectar as dn\n@dn.task(task_type='Not OK')\ndef f(): ...",
            "TaskDefinitionError: task f: task_type='Not OK' must be of a-z 0-9 . _ -, such as 'not_ok'",
        ),
    ],
)
def test_a_module_that_does_not_import_shows_its_own_line_and_no_others(in_process, source: str, message: str) -> None:
    Path("broken.py").write_text(source)
    code, out, err = in_process("run", "broken:f")
    assert (code, out) == (1, "")
    assert err.startswith("Error: importing broken failed\n")
    assert message in err
    assert {line.split('"')[1] for line in err.splitlines() if "  File " in line} == {f"{Path.cwd()}/broken.py"}


def test_a_function_that_fails_shows_its_own_line_and_no_others(in_process) -> None:
    code, _, err = in_process("run", "pipe:slip")
    assert code == 1
    assert err.startswith("Error: calling pipe:slip failed\nTraceback")
    assert err.endswith("ValueError: my own slip\n")
    assert err.count("  File ") == 1


def test_a_project_of_packages_is_found_where_it_stands(in_process) -> None:
    Path("airline/sub").mkdir(parents=True)
    Path("airline/sub/flights.py").write_text("from pipe import numbers\n")
    code, out, _ = in_process("run", "airline.sub.flights:numbers", "n=2", "--quiet")
    assert (code, out.splitlines()[-4:]) == (0, ["[", "  0,", "  1", "]"])
