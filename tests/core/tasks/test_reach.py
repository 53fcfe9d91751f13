"""What a task reaches in notebooks and at the interactive interpreter, where there are no files; and edited files."""

import linecache
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import datanectar as dn
from datanectar.errors import CodeChanged

HELPER = "def clean(n):\n    return n + 1\n"
TASK = "@dn.task\ndef made(n: int = 1):\n    return clean(n)\n"


class Notebook:
    """Cells, each a file of its own that is nowhere, as IPython has them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._module = types.ModuleType("__main__")
        self._module.__dict__.update(dn=dn)
        self._patch, self._cells = patch, 0
        patch.setitem(sys.modules, "__main__", self._module)

    def run(self, text: str) -> None:
        self._cells += 1
        filename = f"/tmp/ipykernel_1/{self._cells}.py"
        lines = text.splitlines(True)
        self._patch.setitem(linecache.cache, filename, (len(text), None, lines, filename))
        exec(compile(text, filename, "exec"), vars(self._module))

    def code(self, name: str = "made") -> Any:
        return getattr(self._module, name).code()


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    return Notebook(monkeypatch)


def test_in_a_notebook_a_helper_of_another_cell_counts(notebook: Notebook) -> None:
    notebook.run(HELPER)
    notebook.run(TASK)
    before = notebook.code()
    notebook.run(HELPER.replace("+ 1", "+ 2"))
    notebook.run(TASK)
    assert notebook.code().digest != before.digest
    notebook.run(f"# as it was\n{HELPER}")
    notebook.run(TASK)
    assert notebook.code().digest == before.digest
    assert list(before.functions) == ["__main__:made", "__main__:clean"]


def test_in_a_notebook_two_functions_of_one_name_do_not_collide(notebook: Notebook) -> None:
    notebook.run(HELPER)
    notebook.run("first = clean")
    notebook.run(HELPER.replace("+ 1", "+ 2"))
    notebook.run("second = clean")
    notebook.run("@dn.task\ndef one():\n    return first(1)\n@dn.task\ndef other():\n    return second(1)\n")
    assert notebook.code("one").digest != notebook.code("other").digest


def test_in_a_notebook_a_list_counts_by_what_is_in_it(notebook: Notebook) -> None:
    found = []
    for columns in (["a"], ["b"], ["a"]):
        notebook.run(f"columns = {columns}")
        notebook.run("@dn.task\ndef made():\n    return columns\n")
        found.append(notebook.code().digest)
    assert found[0] == found[2] != found[1]


def test_in_the_interactive_interpreter_helpers_count() -> None:
    lines = [
        "import datanectar as dn",
        *[f"{HELPER.replace('+ 1', f'+ {n}')}\n{TASK}\nprint(made().name)" for n in (1, 2, 1)],
    ]
    done = subprocess.run(
        [sys.executable, "-i"], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True
    )
    names = done.stdout.split()
    assert names[0] == names[2] != names[1]


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A task and its helper in two files that were imported; returns the task."""
    monkeypatch.syspath_prepend(str(Path.cwd()))
    Path("edited_helpers.py").write_text(f"RATES = [1]\n\n\n{HELPER.replace('n + 1', 'n + RATES[0]')}")
    Path("edited_pipeline.py").write_text(f"import datanectar as dn\nfrom edited_helpers import clean\n\n\n{TASK}")
    for name in ("edited_pipeline", "edited_helpers"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import edited_pipeline

    yield edited_pipeline.made
    for name in ("edited_pipeline", "edited_helpers"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(("old", "new"), [("n + RATES", "n - RATES"), ("RATES = [1]", "RATES = [2]")])
def test_a_helper_that_was_edited_after_its_import_is_an_error_not_a_wrong_name(
    project: Any, old: str, new: str
) -> None:
    file = Path("edited_helpers.py")
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(CodeChanged, match=r"edited_helpers\.py was edited after it was imported"):
        project.code()


def test_an_edit_after_it_was_named_changes_no_name(project: Any) -> None:
    before = project().name
    Path("edited_helpers.py").write_text(HELPER)
    assert project().name == before
