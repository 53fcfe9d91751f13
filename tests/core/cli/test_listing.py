import json
import os
import re
from pathlib import Path

import pytest

import datanectar as dn
from datanectar.storages.local import LocalBackend

DAY = 86400


@pytest.fixture
def aged(stored) -> dict[str, str]:
    """What is stored, as if an hour, a day, a week and no time had passed."""
    for name, seconds in (("numbers 4", 7 * DAY), ("total", DAY), ("numbers 2", 3600)):
        manifest = Path(".datanectar/manifests", f"{stored[name]}.json")
        then = manifest.stat().st_mtime - seconds
        os.utime(manifest, (then, then))
    return stored


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """What the store is asked, as method and key."""
    calls: list[str] = []
    for method in ("list", "read", "stat", "open"):
        real = getattr(LocalBackend, method)

        def watched(self, key, *args, _real=real, _method=method):
            calls.append(f"{_method} {key}")
            return _real(self, key, *args)

        monkeypatch.setattr(LocalBackend, method, watched)
    return calls


def test_ls_lists_the_oldest_first(listed, stored) -> None:
    assert [name.rpartition("/")[0] for name in listed()] == [
        "count/none/numbers",
        "sum_up/plain/total",
        "count/none/numbers",
        "task/none/doubled",
    ]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (["count/"], ["numbers 4", "numbers 2"]),
        (["--type", "sum_up"], ["total"]),
        (["--family", "none"], ["numbers 4", "numbers 2", "doubled"]),
        (["--task", "doubled"], ["doubled"]),
        (["--type", "count", "--task", "doubled"], []),
        (["--newer-than", "2h"], ["numbers 2", "doubled"]),
        (["--older-than", "2h"], ["numbers 4", "total"]),
        (["--older-than", "30m", "--newer-than", "3d"], ["total", "numbers 2"]),
        (["--older-than", "3d", "--type", "count"], ["numbers 4"]),
        (["--older-than", "2w"], []),
    ],
)
def test_ls_filters(listed, aged, filters: list[str], found: list[str]) -> None:
    assert listed(*filters) == [aged[key] for key in found]


def test_a_name_of_another_shape_has_no_type_by_accident(listed, stored) -> None:
    dn.storage_layer().store("flat-name", 1)
    dn.storage_layer().store("models/by-hand", 1)
    assert listed("--type", "flat-name") == []
    assert listed("--type", "models") == ["models/by-hand"]


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("time", ["numbers 4", "total", "numbers 2", "doubled"]),
        ("name", sorted),
    ],
)
def test_ls_sorts(listed, aged, order: str, found) -> None:
    expected = sorted(aged.values()) if found is sorted else [aged[key] for key in found]
    assert listed("--sort", order) == expected


def test_the_largest_comes_last_with_its_files_counted(in_process, stored) -> None:
    dn.storage_layer().store("big/one", b"x" * 100_000)
    dn.storage_layer().store("big/two", b"x" * 200_000)
    lines = [line.split("\t") for line in in_process("ls", "--sort", "size")[1].splitlines()]
    sizes = [int(line[2]) for line in lines]
    assert [line[0] for line in lines[-2:]] == ["big/one", "big/two"]
    assert sizes == sorted(sizes)
    manifest = Path(".datanectar/manifests/big/two.json").stat().st_size
    assert sizes[-1] == 200_000 + manifest


def test_lines_in_a_pipe_begin_with_the_name(in_process, aged) -> None:
    lines = [line.split("\t") for line in in_process("ls")[1].splitlines()]
    assert [line[0] for line in lines] == [aged[key] for key in ("numbers 4", "total", "numbers 2", "doubled")]
    assert all(line[1].endswith("+00:00") and len(line) == 2 for line in lines)


def test_a_long_listing_has_sizes_and_aliases(in_process, stored) -> None:
    dn.storage_layer().alias(stored["total"], "champion")
    lines = dict(line.split("\t", 1) for line in in_process("ls", "--long")[1].splitlines())
    assert lines[stored["total"]].split("\t")[2] == "champion, latest"
    assert lines[stored["numbers 4"]].split("\t")[2] == ""


def test_people_see_ages_and_sizes_in_their_units(at_terminal, aged) -> None:
    dn.storage_layer().store("big/one", b"x" * 100_000)
    shown, code = at_terminal("ls", "-l")
    lines = {line.split()[0]: line.split()[1:] for line in re.sub(r"\x1b\[[\d;]*m", "", shown).splitlines()}
    assert (code, lines["artifact"]) == (0, ["age", "size", "aliases"])
    assert lines[aged["numbers 4"]][:2] == ["7", "d"]
    assert lines[aged["total"]] == ["24", "h", *lines[aged["total"]][2:4], "latest"]
    assert lines["big/one"][2:] == ["98.1", "KiB"]


def test_ls_is_one_listing(in_process, stored, asked) -> None:
    in_process("ls", "--type", "count", "--newer-than", "1h")
    assert asked == ["list manifests/"]


def test_a_long_listing_is_three_listings_and_a_read_an_alias(in_process, stored, asked) -> None:
    in_process("ls", "count/", "--long")
    reads = [call for call in asked if call.startswith("read aliases/")]
    assert asked == ["list manifests/count/", "list data/count/", "list aliases/", *reads]
    assert len(reads) == 3


TASK = "count/none/numbers"


@pytest.mark.parametrize("task", [TASK, f"{TASK}/", "numbers", "none/numbers"])
def test_ls_of_a_task_has_its_artifacts_in_time_order_with_their_aliases(in_process, aged, task: str) -> None:
    Path("pipe_again.py").write_text("from pipe import numbers\n\nboth = [numbers(n) for n in (1, 9)]\n")
    assert in_process("run", "pipe_again:both", "--quiet")[0] == 0
    dn.storage_layer().alias(aged["numbers 4"], "champion")
    lines = [line.split("\t") for line in in_process("ls", task)[1].splitlines()]
    assert [line[0] for line in lines][:2] == [aged["numbers 4"], aged["numbers 2"]]
    assert [line[1] for line in lines] == sorted(line[1] for line in lines)
    assert [line[2] for line in lines][:2] == ["champion", ""]
    assert sorted(line[2] for line in lines) == ["", "", "champion", "latest"]


def test_ls_of_a_task_shows_people_its_aliases(at_terminal, aged) -> None:
    shown, _ = at_terminal("ls", TASK)
    rows = [line.split() for line in re.sub(r"\x1b\[[\d;]*m", "", shown).splitlines()]
    assert rows == [
        ["artifact", "age", "aliases"],
        [aged["numbers 4"], "7", "d"],
        [aged["numbers 2"], "60", "min", "latest"],
    ]


def test_ls_of_a_task_is_two_listings_and_a_read_an_alias(in_process, stored, asked) -> None:
    in_process("ls", TASK)
    assert asked == [f"list manifests/{TASK}", f"list aliases/{TASK}", f"read aliases/{TASK}/latest/000000001.json"]


def test_ls_of_a_task_as_json_has_its_aliases(in_process, stored) -> None:
    entries = json.loads(in_process("ls", TASK, "--json")[1])
    assert [(entry["name"], entry["aliases"]) for entry in entries] == [
        (stored["numbers 4"], []),
        (stored["numbers 2"], ["latest"]),
    ]


def test_ls_of_the_end_of_several_tasks_lists_these(in_process) -> None:
    for name in ("a/one/numbers/x", "a/two/numbers/x"):
        dn.storage_layer().store(name, 1)
    code, out, err = in_process("ls", "numbers")
    assert (code, out) == (0, "")
    assert "starts with 'numbers'; did you mean a/one/numbers or a/two/numbers?" in err


def test_names_without_a_task_are_listed_without_aliases(in_process) -> None:
    dn.storage_layer().store("flat-name", 1)
    assert len(in_process("ls")[1].split("\t")) == 2


def test_ls_as_json(in_process, listed, stored) -> None:
    entries = json.loads(in_process("ls", "--json")[1])
    assert [entry["name"] for entry in entries] == listed()
    assert all(entry["stored"].endswith("+00:00") and set(entry) == {"name", "stored"} for entry in entries)
    entries = json.loads(in_process("ls", "--json", "--long")[1])
    assert {entry["name"]: entry["aliases"] for entry in entries}[stored["total"]] == ["latest"]
    assert all(entry["size"] > 0 for entry in entries)


def test_ls_of_an_empty_store_says_what_makes_artifacts(in_process) -> None:
    code, out, err = in_process("ls")
    assert (code, out) == (0, "")
    assert err == f"file://{Path.cwd()}/.datanectar has no artifacts yet; `datanectar run` makes them\n"
    assert in_process("ls", "x")[2] == err
    assert in_process("ls", "--json")[1] == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["umbers"], "has no artifact whose name starts with 'umbers'; did you mean count/none/numbers?"),
        (["coutn/"], "has no artifact whose name starts with 'coutn/'; did you mean count?"),
        (["zzz"], "starts with 'zzz'; there are: count/none/numbers, sum_up/plain/total, task/none/doubled"),
        (["--type", "sum"], "has no artifact of type 'sum'; did you mean sum_up?"),
        (["--family", "zzz"], "has no artifact of family 'zzz'; there are: none, plain"),
        (["--task", "total", "--type", "task"], "has no artifact of type 'task' and task 'total'; there are: count/"),
        (["--older-than", "3w"], "has nothing of that age; the 4 artifacts that fit otherwise were stored between 7 d"),
        (["--task", "total", "--newer-than", "2m"], "the one artifact that fits otherwise was stored 24 h ago"),
    ],
)
def test_a_filter_that_matches_nothing_says_what_there_is(in_process, aged, arguments: list[str], said: str) -> None:
    code, out, err = in_process("ls", *arguments)
    assert (code, out) == (0, "")
    assert said in err


def test_names_that_say_no_type_are_told(in_process) -> None:
    dn.storage_layer().store("flat-name", 1)
    assert "has no artifact of type 'x'; no name says any" in in_process("ls", "--type", "x")[2]
    assert "starts with 'x'; there are: flat-name" in in_process("ls", "x")[2]


@pytest.mark.parametrize("text", ["2 fortnights", "2", "h", "-2h", "2H", "9999999w", "2.5h"])
def test_a_length_of_time_that_is_none_is_wrong_use(in_process, text: str) -> None:
    code, _, err = in_process("ls", f"--newer-than={text}")
    assert code == 2
    assert f"{text!r} is no length of time: write a number and a unit, as in 90s, 15m, 2h, 3d or 2w" in err
