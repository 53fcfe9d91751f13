import json
from pathlib import Path

import pytest

import datanectar as dn


@pytest.fixture
def stored(in_process) -> dict[str, str]:
    """Full names of what is stored, by task and parameter."""
    for arguments in (("pipe:pipeline", "n=4"), ("pipe:numbers", "n=2"), ("pipe:Doubled",)):
        assert in_process("run", *arguments, "--quiet")[0] == 0
    names = [line.split("\t")[1] for line in in_process("ls")[1].splitlines()]
    return dict(zip(("numbers 4", "total", "numbers 2", "doubled"), names, strict=True))


def listed(in_process, *arguments: str) -> list[str]:
    return [line.split("\t")[1] for line in in_process("ls", *arguments)[1].splitlines()]


def test_ls_lists_the_oldest_first(in_process, stored) -> None:
    assert [name.rpartition("/")[0] for name in listed(in_process)] == [
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
    ],
)
def test_ls_filters(in_process, stored, filters: list[str], found: list[str]) -> None:
    assert listed(in_process, *filters) == [stored[key] for key in found]


def test_ls_as_json(in_process, stored) -> None:
    entries = json.loads(in_process("ls", "--json")[1])
    assert [entry["name"] for entry in entries] == listed(in_process)
    assert all(entry["stored"].endswith("+00:00") for entry in entries)


def test_ls_of_an_empty_store_says_what_makes_artifacts(in_process) -> None:
    code, out, err = in_process("ls")
    assert (code, out) == (0, "")
    assert err == f"file://{Path.cwd()}/.datanectar has no artifacts yet; `datanectar run` makes them\n"
    assert in_process("ls", "x")[2].endswith("has no such artifact\n")
    assert in_process("ls", "--json")[1] == "[]\n"


def test_show_tells_how_it_was_made(in_process, stored) -> None:
    code, out, _ = in_process("show", "total@latest")
    facts = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert code == 0
    assert facts["name"] == stored["total"]
    assert facts["uri"] == f"file://{Path.cwd()}/.datanectar/manifests/{stored['total']}.json"
    assert facts["input"] == f"{stored['numbers 4']} in disk"
    assert facts["file"].startswith("in the manifest  1 B  sha256 ")


def test_show_tells_parameters(in_process, stored) -> None:
    assert "  n      4\n" in in_process("show", stored["numbers 4"])[1].replace("      4", "      4")


def test_show_as_json_is_the_manifest(in_process, stored) -> None:
    document = json.loads(in_process("show", "doubled", "--json")[1])
    assert (document["name"], document["identity"]["parameters"]) == (stored["doubled"], {"n": 2})


@pytest.mark.parametrize("command", ["show", "logs", "path", "rm"])
def test_a_piece_that_several_artifacts_have_lists_them(in_process, stored, command: str) -> None:
    code, _, err = in_process(command, "numbers")
    assert code == 2
    assert "'numbers' could be 2 artifacts; write more of the name:" in err
    assert {f"  {stored['numbers 4']}", f"  {stored['numbers 2']}"} < set(err.splitlines())


@pytest.mark.parametrize("command", ["show", "logs", "path", "rm"])
@pytest.mark.parametrize("name", ["nothing", "nothing@latest", "total@champion"])
def test_what_is_not_there_is_exit_2(in_process, stored, command: str, name: str) -> None:
    code, out, err = in_process(command, name)
    assert (code, out) == (2, "")
    assert err.startswith("artifact not found: ")


def test_logs_of_a_success(in_process, stored) -> None:
    out = in_process("logs", stored["numbers 4"])[1]
    assert out.startswith("counting 4\nto stderr\n")
    assert "to logging" in out


def test_logs_of_what_printed_nothing(in_process, stored) -> None:
    assert in_process("logs", "doubled") == (0, "", f"{stored['doubled']} printed nothing\n")


def test_logs_of_failed_attempts_are_found_by_a_piece_of_the_name(in_process) -> None:
    in_process("run", "pipe:bad", "x=1")
    assert "ZeroDivisionError" in in_process("logs", "bad")[1]
    in_process("run", "pipe:bad", "x=1")
    out = in_process("logs", "bad")[1]
    attempts = [line.split()[-1] for line in out.splitlines() if line.startswith("--- attempt ")]
    assert (len(attempts), out.count("half way")) == (2, 2)
    assert in_process("logs", "bad", "--attempt", attempts[0])[1].count("half way") == 1


def test_path_is_a_file_with_the_bytes(in_process, stored) -> None:
    assert Path(in_process("path", "doubled")[1].strip()).read_text() == "4"
    assert in_process("path", "doubled", "--uri")[1].strip().endswith(f"/manifests/{stored['doubled']}.json")


def test_rm_without_a_terminal_asks_for_yes(in_process, stored, monkeypatch) -> None:
    code, _, err = in_process("rm", "doubled")
    assert code == 2
    assert stored["doubled"] in err
    assert "add --yes to remove what is listed above" in err
    assert stored["doubled"] in listed(in_process)


def test_rm_with_yes_removes_each_once(in_process, stored) -> None:
    code, _, err = in_process("rm", "doubled", stored["doubled"], stored["numbers 2"], "--yes")
    assert (code, err) == (0, f"{stored['doubled']}\n{stored['numbers 2']}\nremoved 2\n")
    assert listed(in_process) == [stored["numbers 4"], stored["total"]]
    assert not Path(".datanectar/data", stored["doubled"]).exists()


def test_rm_removes_nothing_where_one_name_is_wrong(in_process, stored) -> None:
    assert in_process("rm", "doubled", "nothing", "--yes")[0] == 2
    assert len(listed(in_process)) == 4


@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", 0, 3), ("n\n", 130, 4), ("\n", 130, 4)])
def test_rm_asks_at_a_terminal(at_terminal, in_process, stored, answer: str, code: int, left: int) -> None:
    shown, got = at_terminal("rm", "doubled", typed=answer)
    assert (got, len(listed(in_process))) == (code, left)
    assert f"Remove 1 from file://{Path.cwd()}/.datanectar? [y/N]" in shown
    assert ("removed 1" if left == 3 else "nothing was removed") in shown


def test_a_truncated_artifact_is_an_integrity_error_without_a_traceback(in_process, stored) -> None:
    manifest = Path(".datanectar/manifests", f"{stored['doubled']}.json")
    manifest.chmod(0o600)
    manifest.write_bytes(manifest.read_bytes()[:-20])
    code, _, err = in_process("show", stored["doubled"])
    assert code == 1
    assert err.startswith(f"integrity error: manifests/{stored['doubled']}.json is truncated or was changed")
    assert in_process("run", "pipe:Doubled", "--quiet")[:2] == (0, "4\n")


def test_another_store_is_looked_at_by_option(in_process, stored, tmp_path) -> None:
    assert listed(in_process, "--storage-layer", f"file://{tmp_path}/empty") == []
    with dn.settings(storage_layer=f"file://{tmp_path}/other"):
        dn.storage_layer().store(stored["total"], 7)
    assert listed(in_process, "--storage-layer", f"file://{tmp_path}/other") == [stored["total"]]
