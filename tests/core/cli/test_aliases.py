import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

import datanectar as dn

TASK = "sum_up/plain/total"
CHAMPION = f"{TASK}@champion"
ENTRY = Path(".datanectar/aliases", TASK, "champion/000000001.json")


@pytest.fixture
def totals(in_process) -> list[str]:
    """Three artifacts of one task, the first of which is its champion."""
    Path("totals.py").write_text("from pipe import total\n\nall = [total(xs) for xs in ([1], [2], [3])]\n")
    made = json.loads(in_process("run", "totals:all", "--json", "--quiet")[1])
    names = [entry["name"] for entry in made]
    dn.storage_layer().alias(names[0], "champion")
    return names


@pytest.fixture
def rows(in_process):
    """Returns the lines that `datanectar alias` prints, as fields, without the times."""

    def run(*arguments: str) -> list[list[str]]:
        lines = [line.split("\t") for line in in_process("alias", *arguments)[1].splitlines()]
        assert all(line[-2].endswith("+00:00") for line in lines)
        return [[*line[:-2], line[-1]] for line in lines]

    return run


# Pointing


def test_an_alias_is_pointed_and_what_was_there_before_is_told(in_process, totals) -> None:
    assert in_process("alias", totals[1], "champion") == (
        0,
        f"{CHAMPION} points to {totals[1]}, no longer to {totals[0]}\n",
        "",
    )
    assert dn.artifact("total@champion").name == totals[1]


def test_a_new_alias_has_nothing_before(in_process, totals) -> None:
    assert in_process("alias", totals[1], "candidate")[1] == f"{TASK}@candidate points to {totals[1]}\n"


@pytest.mark.parametrize("form", ["fingerprint", "alias", "short alias", "uri"])
def test_the_artifact_can_be_named_in_every_form(in_process, totals, form: str) -> None:
    text = {
        "fingerprint": totals[2].rpartition("/")[2][:10],
        "alias": f"{TASK}@latest",
        "short alias": "total@latest",
        "uri": dn.storage_layer().uri(totals[2]),
    }[form]
    assert in_process("alias", text, "champion")[0] == 0
    assert dn.artifact(CHAMPION).name == totals[2]


def test_the_end_of_a_tasks_path_names_its_only_artifact(in_process, stored) -> None:
    assert in_process("alias", "doubled", "champion")[0] == 0
    assert dn.artifact("doubled@champion").name == stored["doubled"]


def test_pointing_where_it_points_already_adds_nothing_to_the_log(in_process, totals) -> None:
    code, out, _ = in_process("alias", totals[0], "champion")
    assert (code, out) == (0, f"{CHAMPION} points to {totals[0]} already\n")
    assert len(list(ENTRY.parent.iterdir())) == 1


def test_pointing_as_json(in_process, totals) -> None:
    expected = {"alias": CHAMPION, "name": totals[1], "before": totals[0], "number": 2, "moved": True}
    assert json.loads(in_process("alias", totals[1], "champion", "--json")[1]) == expected
    again = expected | {"before": totals[1], "moved": False}
    assert json.loads(in_process("alias", totals[1], "champion", "--json")[1]) == again


def test_latest_can_be_pointed_as_any_other(in_process, totals) -> None:
    assert in_process("alias", totals[0], "latest")[1].endswith(f"no longer to {totals[2]}\n")


def test_a_damaged_alias_is_mended_by_pointing_it(in_process, totals) -> None:
    damage(ENTRY)
    assert in_process("alias", totals[0], "champion")[1] == (
        f"{CHAMPION} points to {totals[0]}; its entry before is damaged\n"
    )
    assert dn.artifact(CHAMPION).name == totals[0]


def damage(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-9] + b"scribbled")


@pytest.mark.parametrize("alias", ["Champion", "a/b", "a@b", ".x", ""])
def test_an_odd_alias_is_refused(in_process, totals, alias: str) -> None:
    code, out, err = in_process("alias", totals[0], alias)
    assert (code, out) == (2, "")
    assert f"alias {alias!r} is refused: use up to 64 of a-z 0-9 . _ -" in err


@pytest.mark.parametrize("name", [f"{TASK}/{'a' * 26}", "nothing", "nothing@latest", "total@nothing", "No Name"])
def test_what_is_not_stored_gets_no_alias(in_process, totals, name: str) -> None:
    code, out, err = in_process("alias", name, "champion")
    assert (code, out) == (2, "")
    assert err.startswith("artifact not found: ")
    assert dn.artifact(CHAMPION).name == totals[0]


def test_an_alias_whose_artifact_was_removed_is_no_name_for_another(in_process, totals) -> None:
    dn.storage_layer().delete(totals[0])
    code, _, err = in_process("alias", CHAMPION, "best")
    assert code == 2
    assert totals[0] in err


def test_an_artifact_that_is_damaged_gets_no_alias(in_process, totals) -> None:
    damage(Path(".datanectar/manifests", f"{totals[1]}.json"))
    code, out, err = in_process("alias", totals[1], "champion")
    assert (code, out) == (1, "")
    assert err.startswith("integrity error: ")
    assert dn.artifact(CHAMPION).name == totals[0]


def test_a_piece_that_several_artifacts_have_points_nothing(in_process, totals) -> None:
    code, _, err = in_process("alias", "total", "champion")
    assert code == 2
    assert "'total' could be 3 artifacts; write more of the name:" in err
    assert err.splitlines()[-1] == "  or an alias, if it has any: `datanectar alias total` lists them"


def test_a_name_without_a_task_gets_no_alias(in_process) -> None:
    dn.storage_layer().store("flat-name", 1)
    code, _, err = in_process("alias", "flat-name", "champion")
    assert code == 2
    assert "flat-name can have no alias: an alias belongs to a task" in err


def test_a_part_gets_no_alias(in_process, totals) -> None:
    code, _, err = in_process("alias", f"{totals[0]}#train", "champion")
    assert code == 2
    assert f"is a part of an artifact, which has no alias by itself; name {totals[0]}" in err


def test_history_beside_an_alias_to_point_is_wrong_use(in_process, totals) -> None:
    code, _, err = in_process("alias", totals[1], "champion", "--history")
    assert code == 2
    assert "leave out one of them (the alias: TASK@champion)" in err


FLAT = """
@dn.hookimpl
def datanectar_namings():
    factory = lambda: lambda identity: f"{identity.task}-{identity.fingerprint}"
    yield dn.NamingType(name="flat", factory=factory, summary="flat")
"""


def test_an_alias_of_a_name_of_another_form_belongs_to_the_task_that_made_it(in_process, install) -> None:
    install("flat", FLAT)
    Path("datanectar.toml").write_text('naming = "flat"\n')
    assert in_process("run", "pipe:Doubled", "--quiet")[0] == 0
    (name,) = dn.storage_layer().list()
    assert in_process("alias", name, "champion")[1] == f"task/none/doubled@champion points to {name}\n"
    assert in_process("alias", "doubled@latest", "best")[1] == f"task/none/doubled@best points to {name}\n"


MOVER = """
import sys
from datanectar.cli.application import invoke

print("ready", flush=True)
sys.stdin.readline()
for name in sys.argv[1:]:
    assert invoke(["alias", name, "champion"]) == 0
"""


def test_two_processes_that_move_one_alias_both_count(in_process, totals) -> None:
    names = [f"{TASK}/by-hand-{number}" for number in range(4)]
    for name in names:
        dn.storage_layer().store(name, 1)
    movers = [
        subprocess.Popen(
            [sys.executable, "-c", MOVER, *(turns * 4)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for turns in (names[:2], names[2:])
    ]
    assert {mover.stdout.readline() for mover in movers} == {"ready\n"}
    for mover in movers:
        mover.stdin.write("go\n")
        mover.stdin.flush()
    told = [line for mover in movers for line in mover.communicate()[0].splitlines()]
    assert [mover.returncode for mover in movers] == [0, 0]
    entries = json.loads(in_process("alias", CHAMPION, "--history", "--json")[1])
    assert [entry["number"] for entry in entries] == list(range(17, 0, -1))
    log = [entry["name"] for entry in reversed(entries)]
    assert sorted(told) == sorted(
        f"{CHAMPION} points to {name}, no longer to {before}" for before, name in pairwise(log)
    )


# Listing


@pytest.mark.parametrize("task", [TASK, f"{TASK}/", "plain/total", "total"])
def test_the_aliases_of_a_task_are_listed_with_what_they_point_to(rows, totals, task: str) -> None:
    assert rows(task) == [[CHAMPION, totals[0], ""], [f"{TASK}@latest", totals[2], ""]]


@pytest.mark.parametrize("alias", [CHAMPION, "total@champion"])
def test_one_alias_is_listed_alone(rows, totals, alias: str) -> None:
    assert rows(alias) == [[CHAMPION, totals[0], ""]]


def test_the_aliases_of_an_artifact_are_those_that_point_to_it(rows, totals) -> None:
    dn.storage_layer().alias(totals[0], "best")
    expected = [[f"{TASK}@best", totals[0], ""], [CHAMPION, totals[0], ""]]
    assert rows(totals[0]) == expected
    assert rows(totals[0].rpartition("/")[2][:10]) == expected
    assert rows(dn.storage_layer().uri(totals[0])) == expected


def test_the_history_is_newest_first_and_says_what_is_in_force(rows, totals) -> None:
    dn.storage_layer().alias(totals[1], "champion")
    dn.storage_layer().alias(totals[0], "champion")
    assert rows(CHAMPION, "--history") == [
        [CHAMPION, "3", totals[0], "in force"],
        [CHAMPION, "2", totals[1], ""],
        [CHAMPION, "1", totals[0], ""],
    ]


def test_the_history_of_an_artifact_is_when_aliases_were_pointed_to_it(rows, totals) -> None:
    dn.storage_layer().alias(totals[1], "champion")
    assert rows(totals[0], "--history") == [[CHAMPION, "1", totals[0], ""]]


def test_an_operator_goes_back_to_what_the_history_says(in_process, rows, totals) -> None:
    in_process("alias", totals[1], "champion")
    earlier = rows(CHAMPION, "--history")[1][2]
    assert in_process("alias", earlier, "champion")[1] == (
        f"{CHAMPION} points to {totals[0]}, no longer to {totals[1]}\n"
    )


def test_an_artifact_that_was_removed_is_marked(rows, totals) -> None:
    dn.storage_layer().delete(totals[0])
    assert rows(CHAMPION) == [[CHAMPION, totals[0], "missing"]]
    assert rows(CHAMPION, "--history") == [[CHAMPION, "1", totals[0], "in force, missing"]]


def test_a_damaged_entry_is_marked_and_is_exit_1(in_process, rows, totals) -> None:
    damage(ENTRY)
    assert rows("total") == [[CHAMPION, "", "damaged"], [f"{TASK}@latest", totals[2], ""]]
    code, _, err = in_process("alias", "total")
    assert code == 1
    assert f"Point {CHAMPION} to an artifact again" in err


def test_aliases_as_json(in_process, totals) -> None:
    document = json.loads(in_process("alias", CHAMPION, "--json")[1])
    (since,) = (entry.pop("since") for entry in document)
    assert since.endswith("+00:00")
    assert document == [{"alias": CHAMPION, "number": 1, "name": totals[0], "in_force": True, "stored": True}]


def test_people_see_for_how_long_an_alias_has_pointed_there(at_terminal, totals) -> None:
    then = ENTRY.stat().st_mtime - 3 * 86400
    os.utime(ENTRY, (then, then))
    shown, code = at_terminal("alias", CHAMPION)
    rows = [line.split() for line in re.sub(r"\x1b\[[\d;]*m", "", shown).splitlines()]
    assert (code, rows[0]) == (0, ["alias", "artifact", "since", "state"])
    assert rows[1] == [CHAMPION, totals[0], "3", "d", "ago"]


def test_a_task_without_an_alias_says_how_to_point_one(in_process) -> None:
    dn.storage_layer().store("by/hand/model/one", 1)
    expected = "by/hand/model has no alias; `datanectar alias NAME ALIAS` points one to an artifact\n"
    assert in_process("alias", "model") == (0, "", expected)
    assert in_process("alias", "by/hand/model", "--json")[1] == "[]\n"


def test_an_artifact_without_an_alias_says_so(in_process, totals) -> None:
    code, out, err = in_process("alias", totals[1])
    assert (code, out) == (0, "")
    assert err.startswith(f"{totals[1]} has no alias; ")


def test_the_end_of_several_tasks_lists_these(in_process) -> None:
    for name in ("a/one/model/x", "a/two/model/x"):
        dn.storage_layer().store(name, 1)
        dn.storage_layer().alias(name, "champion")
    for arguments in (["model"], ["model@champion"], ["model@champion", "best"]):
        code, out, err = in_process("alias", *arguments)
        assert (code, out) == (2, "")
        assert "'model' could be 2 tasks; write more of: a/one/model, a/two/model" in err


def test_what_is_neither_a_task_nor_an_artifact_is_exit_2(in_process, totals) -> None:
    code, _, err = in_process("alias", "nothing")
    assert code == 2
    assert "has no artifact 'nothing'; `datanectar ls` lists what there is" in err
