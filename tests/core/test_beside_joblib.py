"""The README's table beside joblib.Memory: each row is shown by running both, each time in a new process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TASK = """
import joblib
import datanectar as dn

memory = joblib.Memory("joblib", verbose=0)

{before}

def work(x):
    print("computing")
    {body}

by_joblib = memory.cache(work)
by_datanectar = dn.task(work)
"""
RUN = """
if __name__ == "__main__":
    import contextlib, io, json, sys
    def answer(call):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            result = call()
        return "computed" if "computing" in printed.getvalue() else "found", repr(result)
    calls = {"joblib": lambda: by_joblib(20), "datanectar": lambda: dn.run(by_datanectar(20))}
    print(json.dumps({library: answer(call) for library, call in calls.items()}))
"""


def run(body: str = "return x + 1", before: str = "") -> dict[str, list[str]]:
    """Runs one version of the code and returns, for each library, whether it computed, and the result."""
    return run_file("work.py", TASK.format(body=body, before=before) + RUN)


def run_file(name: str, text: str) -> dict[str, list[str]]:
    Path(name).write_text(text)
    command = [sys.executable, "-W", "ignore", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_both_find_a_result_again() -> None:
    assert run() == {"joblib": ["computed", "21"], "datanectar": ["computed", "21"]}
    assert run() == {"joblib": ["found", "21"], "datanectar": ["found", "21"]}


def test_a_comment_makes_joblib_compute_again() -> None:
    run("return x + 1")
    found = run("# a remark\n    return x + 1")
    assert (found["joblib"][0], found["datanectar"][0]) == ("computed", "found")


def test_code_that_is_changed_back_makes_joblib_compute_again() -> None:
    run("return x + 1")
    assert run("return x + 2") == {"joblib": ["computed", "22"], "datanectar": ["computed", "22"]}
    assert run("return x + 1") == {"joblib": ["computed", "21"], "datanectar": ["found", "21"]}


def test_a_function_that_moves_makes_joblib_compute_again() -> None:
    run()
    Path("moved.py").write_text(TASK.format(body="return x + 1", before=""))
    found = run_file("script.py", "from moved import *\n" + RUN)
    assert (found["joblib"][0], found["datanectar"][0]) == ("computed", "found")


def test_a_helper_that_changes_is_followed_by_datanectar() -> None:
    run("return helper(x)", before="def helper(x): return x + 1")
    found = run("return helper(x)", before="def helper(x): return x + 2")
    assert found == {"joblib": ["found", "21"], "datanectar": ["computed", "22"]}


@pytest.mark.parametrize("payload", [b"cbuiltins\nprint\n(Vran\ntR."], ids=["a pickle that prints"])
def test_a_replaced_result_is_loaded_by_joblib_and_made_anew_by_datanectar(payload: bytes) -> None:
    body = "return {'an object that only pickle holds': Ellipsis, 'large': [Ellipsis] * 100_000}"
    first = run(body)
    (stored,) = Path("joblib").rglob("output.pkl")
    stored.write_bytes(payload)
    (file,) = Path(".datanectar/data").rglob("*.pkl")
    file.write_bytes(payload)
    assert run(body) == {"joblib": ["found", "None"], "datanectar": ["computed", first["datanectar"][1]]}
