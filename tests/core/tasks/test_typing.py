"""What type checkers see: a call of a task is an artifact of what its function returns."""

import re
import sys
from textwrap import dedent

import pytest
from mypy import api


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("mypy")


@pytest.fixture
def revealed(tmp_path, cache):
    """Returns a function that gives mypy's findings about some source, and the types it reveals."""

    def revealed(source):
        path = tmp_path / "client.py"
        path.write_text(f"import datanectar as dn\n{dedent(source)}")
        options = ["--strict", "--config-file=", f"--cache-dir={cache}", f"--python-executable={sys.executable}"]
        out, err, _ = api.run([*options, str(path)])
        assert not err
        types = re.findall(r'Revealed type is "(.*)"', out)
        return [found.replace("builtins.", "") for found in types], re.findall(r"error: (.*)", out)

    return revealed


def test_mypy_knows_what_tasks_give(revealed):
    types, errors = revealed("""
        @dn.task
        def flights(month: int) -> list[int]:
            return [month]

        @dn.task(task_type="train_model", retries=2)
        def train(rows: list[int], depth: int = 6) -> dict[str, float]:
            return {}

        class Features(dn.NectarTask):
            month: int = 1

            def run(self) -> int:
                return self.month

        @dn.task(task_type="evaluate")
        class Decorated(Features):
            pass

        model = train(flights(month=1), depth=8)
        reveal_type(flights(1))
        reveal_type(model)
        reveal_type(model.load())
        reveal_type(model.run())
        reveal_type(train.fn([1]))
        reveal_type(Decorated(month=2).month)
        reveal_type(dn.artifact(Features()).name)
    """)
    assert errors == []
    assert types == [
        "datanectar.tasks.handle.Artifact[list[int]]",
        "datanectar.tasks.handle.Artifact[dict[str, float]]",
        "dict[str, float]",
        "dict[str, float]",
        "dict[str, float]",
        "int",
        "str",
    ]


def test_mypy_refuses_options_that_do_not_exist(revealed):
    _, errors = revealed("""
        @dn.task(versoin="3")
        def train() -> int:
            return 1
    """)
    assert any("versoin" in error or "No overload variant" in error for error in errors)
