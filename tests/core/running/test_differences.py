"""What is said of code that changed: by the command, as people change files between two runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PIPELINE = """
import datanectar as dn
import features


@dn.task
def table(rows: int = 3):
    return features.clean(rows)
"""
FEATURES = """
RATE = 1


def scale(rows):
    return rows * RATE


def clean(rows):
    return scale(rows)


def unused(rows):
    return rows
"""


def datanectar(*arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", "datanectar", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def explained() -> dict[str, object]:
    (found,) = json.loads(datanectar("explain", "pipeline:table", "--json"))
    assert isinstance(found, dict)
    return found


@pytest.fixture
def made() -> None:
    """A pipeline of two files, which was run."""
    Path("pipeline.py").write_text(PIPELINE)
    Path("features.py").write_text(FEATURES)
    datanectar("run", "pipeline:table")


def edit(old: str, new: str, file: str = "features.py") -> None:
    text = Path(file).read_text()
    assert old in text
    Path(file).write_text(text.replace(old, new))


def test_a_helper_that_changed_is_named(made) -> None:
    edit("return rows * RATE", "return rows + RATE")
    assert explained()["reasons"] == ["features.scale changed"]


def test_a_global_that_changed_is_named(made) -> None:
    edit("RATE = 1", "RATE = 2")
    assert explained()["reasons"] == ["features.RATE changed"]


def test_the_tasks_own_code_is_told_apart(made) -> None:
    edit("clean(rows)", "clean(rows + 1)", "pipeline.py")
    assert explained()["reasons"] == ["code changed"]


def test_helpers_that_come_and_go_are_named(made) -> None:
    edit("def clean(rows):\n    return scale(rows)", "def clean(rows):\n    return unused(rows)")
    assert explained()["reasons"] == [
        "features.clean changed",
        "features.unused is used now",
        "features.scale is used no more",
        "features.RATE is used no more",
    ]


def test_what_is_not_reached_moved_or_renamed_changes_nothing(made) -> None:
    edit("def unused(rows):\n    return rows", "def unused(rows):\n    return -rows")
    moved = Path("features.py").read_text().replace("scale", "scaled")
    Path("cleaning.py").write_text(moved)
    Path("features.py").write_text("# where it was\nfrom cleaning import clean\n")
    assert explained()["stored"] is True


def test_a_plan_says_it_too(made) -> None:
    edit("return rows * RATE", "return rows + RATE")
    (step,) = json.loads(datanectar("plan", "pipeline:table", "--json"))
    assert (step["status"], step["reason"]) == ("run", "features.scale changed")


def test_where_the_store_keeps_source_what_changed_is_a_diff() -> None:
    Path("datanectar.toml").write_text("record_source = true\n")
    Path("pipeline.py").write_text(PIPELINE)
    Path("features.py").write_text(FEATURES)
    datanectar("run", "pipeline:table")
    edit("return rows * RATE", "return rows + RATE")
    (diff,) = explained()["diffs"]  # type: ignore[misc]
    assert diff.splitlines() == [
        "--- features.scale",
        "+++ features.scale",
        "@@ -1,2 +1,2 @@",
        " def scale(rows):",
        "-    return rows * RATE",
        "+    return rows + RATE",
    ]
    assert "-    return rows * RATE" in datanectar("explain", "pipeline:table")


def test_where_the_commit_is_at_hand_git_has_the_source() -> None:
    Path("pipeline.py").write_text(PIPELINE)
    Path("features.py").write_text(FEATURES)
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@x"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], check=True)
    datanectar("run", "pipeline:table")
    edit("return rows * RATE", "return rows + RATE")
    edit("RATE = 1", "RATE = 2")
    diffs = explained()["diffs"]
    assert [line for diff in diffs for line in diff.splitlines() if line[0] in "-+"] == [  # type: ignore[attr-defined]
        "--- features.scale",
        "+++ features.scale",
        "-    return rows * RATE",
        "+    return rows + RATE",
    ]


def test_without_source_in_the_store_there_is_no_diff(made) -> None:
    edit("return rows * RATE", "return rows + RATE")
    assert explained()["diffs"] == []


def test_a_library_of_another_version_is_told_and_is_no_part_of_the_name() -> None:
    library = Path("elsewhere/site-packages/acme")
    library.mkdir(parents=True)
    (library / "__init__.py").write_text("__version__ = '1.0'\n\ndef double(n):\n    return 2 * n\n")
    Path("pipeline.py").write_text(
        "import sys\nsys.path.append('elsewhere/site-packages')\n"
        "import acme\nimport datanectar as dn\n\n\n@dn.task\ndef table(rows: int = 3):\n    return acme.double(rows)\n"
    )
    datanectar("run", "pipeline:table")
    edit("'1.0'", "'2.10'", "elsewhere/site-packages/acme/__init__.py")
    assert explained()["stored"] is True
    edit("double(rows)", "double(rows + 1)", "pipeline.py")
    assert explained()["reasons"] == ["code changed", "acme 1.0 → 2.10 (not part of the name)"]


def test_all_that_counts_is_listed_and_what_cannot_be_followed(made) -> None:
    edit("return scale(rows)", "return scale(rows) + len(open('x').read())")
    lines = datanectar("explain", "--code", "pipeline:table").splitlines()
    assert lines[0].startswith("task/none/table: code ")
    assert lines[1:] == [
        "  pipeline.table",
        "  features.clean",
        "  features.scale",
        "  features.RATE",
        "  not followed: features:clean: line 10: open() reads data when it runs; make it a dn.File, or a parameter",
    ]


def test_programs_get_the_same(made) -> None:
    (found,) = json.loads(datanectar("explain", "--code", "pipeline:table", "--json"))
    assert list(found["functions"]) == ["pipeline:table", "features:clean", "features:scale", "features:RATE"]
    assert (found["not_followed"], found["libraries"]) == ([], {})


def test_a_version_said_by_hand_takes_the_place_of_code(made) -> None:
    edit("@dn.task", '@dn.task(version="7")', "pipeline.py")
    told = "task/none/table: version '7', said by hand; no code is part of the name\n"
    assert datanectar("explain", "--code", "pipeline:table") == told


def test_of_a_stored_name_the_code_is_not_at_hand(made) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "datanectar", "explain", "--code", "task/none/table/x"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "is a name, so its code is not at hand; write module:task" in done.stderr
