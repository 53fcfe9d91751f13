"""What is completed, asked as click's shells ask it."""

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

import datanectar as dn
from datanectar.cli.application import application

MORE = '''
import enum
from typing import Literal

import datanectar as dn
from pipe import numbers


class Size(enum.Enum):
    SMALL = 1
    LARGE = 2


@dn.task
def boxes(size: Size, *, sealed: bool = True, kind: Literal["wood", "paper"] = "wood", anything=None) -> int:
    """Packs boxes.

    And more.
    """
    return 1


def _hidden(): ...
'''


@pytest.fixture
def complete(in_process):
    """Returns what is offered for the last word of a line."""
    shell = ShellComplete(application, {}, "datanectar", "_DATANECTAR_COMPLETE")

    def run(line: str) -> list[str]:
        *words, incomplete = line.split(" ")
        return [item.value for item in shell.get_completions(words, incomplete)]

    return run


@pytest.fixture
def more() -> None:
    Path("more.py").write_text(MORE)


def test_commands_and_options(complete) -> None:
    assert complete("e") == ["explain"]
    assert complete("show --pre") == ["--preview"]
    assert complete("ls --sort ") == ["time", "name", "size"]


def test_profiles_and_storages_of_the_configuration(complete) -> None:
    Path("datanectar.toml").write_text(
        '[storage.lake]\ntype = "local"\npath = "lake"\n[profiles.prod]\nstorage_layer = "lake"\n'
    )
    assert complete("ls --profile ") == ["local", "prod"]
    assert complete("ls --profile p") == ["prod"]
    assert complete("ls --storage-layer ") == ["disk", "lake"]


def test_names_are_completed_segment_by_segment(complete, stored) -> None:
    assert complete("show c") == sorted([stored["numbers 4"], stored["numbers 2"]])
    assert complete("ls sum") == [stored["total"]]
    assert complete("ls ") == ["count/", "sum_up/", "task/"]


@pytest.mark.parametrize("command", ["show", "logs", "path", "rm", "rm one", "explain"])
def test_aliases_and_fingerprints_name_artifacts(complete, stored, command: str) -> None:
    assert complete(f"{command} tot") == ["total@latest"]
    assert complete(f"{command} sum_up/plain/total@") == ["sum_up/plain/total@latest"]
    fingerprint = stored["doubled"].rpartition("/")[2]
    assert complete(f"{command} {fingerprint[:6]}") == [fingerprint]


def test_what_has_aliases_is_completed_as_tasks_and_as_artifacts(complete, stored) -> None:
    assert complete("alias tot") == ["total", "total@latest"]
    assert complete("alias sum_up/") == ["sum_up/plain/total", stored["total"], "sum_up/plain/total@latest"]
    assert complete("alias --history doub") == ["doubled", "doubled@latest"]


def test_aliases_are_completed_that_other_artifacts_have(complete, stored) -> None:
    dn.storage_layer().alias(stored["numbers 4"], "champion")
    assert complete("alias total ") == ["champion", "latest"]
    assert complete("alias total ch") == ["champion"]


def test_artifacts_are_those_of_the_chosen_store(complete, stored, tmp_path) -> None:
    with dn.settings(storage_layer=f"file://{tmp_path}/other"):
        dn.storage_layer().store("zebra/one", 1)
    assert complete("show zeb") == []
    assert complete(f"show --storage-layer file://{tmp_path}/other zeb") == ["zebra/one"]


def test_copy_completes_storages_and_what_its_source_has(complete, stored, tmp_path) -> None:
    with dn.settings(storage_layer=f"file://{tmp_path}/other"):
        dn.storage_layer().store("zebra/one", 1)
    assert complete("copy ") == complete("copy disk ") == ["disk"]
    assert complete(f"copy file://{tmp_path}/other disk zeb") == ["zebra/one"]
    assert complete("copy disk file:///x sum") == [stored["total"]]


def test_types_families_and_tasks_of_what_is_stored(complete, stored) -> None:
    assert complete("ls --type ") == ["count", "sum_up", "task"]
    assert complete("ls --family p") == ["plain"]
    assert complete("ls --task ") == ["doubled", "numbers", "total"]


def test_modules_of_the_directory_and_of_packages(complete, more) -> None:
    Path("eta_project/deep").mkdir(parents=True)
    for file in ("eta_project/__init__.py", "eta_project/deep/__init__.py", "eta_project/flights.py"):
        Path(file).touch()
    assert complete("run mo") == ["more:"]
    assert complete("plan ") == ["eta_project.", "more:", "pipe:"]
    assert complete("explain eta_project.") == ["eta_project.deep.", "eta_project.flights:"]


def test_what_in_a_module_can_be_run(complete, more) -> None:
    assert complete("run more:") == ["more:numbers", "more:boxes"]
    assert complete("run pipe:ba") == ["pipe:bad"]
    assert {"pipe:Doubled", "pipe:pipeline"} <= set(complete("run pipe:"))
    assert "pipe:date" not in complete("run pipe:")


def test_parameters_that_are_not_given_yet(complete, more) -> None:
    assert complete("run more:boxes ") == ["size=", "sealed=", "kind=", "anything="]
    assert complete("run more:boxes sealed=true ") == ["size=", "kind=", "anything="]
    assert complete("plan pipe:pipeline ") == ["n="]
    assert complete("explain pipe:Doubled n") == ["n="]


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("size=", ["size=SMALL", "size=LARGE"]),
        ("sealed=f", ["sealed=false"]),
        ("kind=", ["kind=wood", "kind=paper"]),
        ("anything=", []),
    ],
)
def test_values_where_they_are_few(complete, more, word: str, values: list[str]) -> None:
    assert complete(f"run more:boxes {word}") == values


def test_shells_that_show_words_get_types_defaults_and_docstrings(more, in_process) -> None:
    shell = ShellComplete(application, {}, "datanectar", "_DATANECTAR_COMPLETE")
    helps = {item.value: item.help for item in shell.get_completions(["run", "more:boxes"], "")}
    assert helps["size="] == "Size"
    assert helps["sealed="] == "bool = True"
    assert helps["anything="] == "= None"
    assert {item.value: item.help for item in shell.get_completions(["run"], "more:b")} == {
        "more:boxes": "Packs boxes."
    }


@pytest.mark.parametrize(
    "source",
    ["import not_there", "syntax error", "raise SystemExit(3)", "print('noise'); 1 / 0", "import sys; sys.exit('x')"],
)
def test_a_module_that_does_not_import_completes_nothing_and_prints_nothing(complete, capsys, source: str) -> None:
    Path("broken.py").write_text(source)
    assert complete("run broken:") == []
    assert complete("run broken:x ") == []
    assert capsys.readouterr() == ("", "")


def test_what_a_module_prints_and_warns_is_kept_from_the_shell(complete, capsys) -> None:
    Path("loud.py").write_text(
        "import sys, warnings, datanectar as dn\nprint('hello')\nprint('x', file=sys.stderr)\n"
        "warnings.warn('old')\n@dn.task\ndef f(): ...\n"
    )
    assert complete("run loud:") == ["loud:f"]
    assert capsys.readouterr() == ("", "")


def test_a_wrong_configuration_completes_nothing(complete, capsys) -> None:
    Path("datanectar.toml").write_text("not toml")
    assert complete("show ") == complete("ls --profile ") == []
    assert complete("sho") == ["show"]
    assert capsys.readouterr() == ("", "")


def test_a_store_that_cannot_be_opened_completes_nothing(complete) -> None:
    assert complete("show --storage-layer nowhere://x ") == []
    assert complete("show --storage-layer lake ") == []


def test_nothing_is_written_for_a_completion(complete) -> None:
    before = {path for path in Path.cwd().iterdir() if path.name != "__pycache__"}
    assert complete("run pipe:num") == ["pipe:numbers"]
    assert complete("show ") == []
    assert {path for path in Path.cwd().iterdir() if path.name != "__pycache__"} == before
