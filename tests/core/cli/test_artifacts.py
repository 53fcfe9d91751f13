from pathlib import Path

import pytest

import datanectar as dn

BY_PARTS = """
import datanectar as dn

@dn.task
def split() -> dict:
    return {"train": b"t" * 70_000, "sizes": (b"s" * 70_000, "small")}
"""


@pytest.mark.parametrize("command", ["show", "logs", "path", "rm"])
def test_a_piece_that_several_artifacts_have_lists_them(in_process, listed, stored, command: str) -> None:
    code, _, err = in_process(command, "numbers")
    assert code == 2
    assert "'numbers' could be 2 artifacts; write more of the name:" in err
    assert {f"  {stored['numbers 4']}", f"  {stored['numbers 2']}"} < set(err.splitlines())


@pytest.mark.parametrize("command", ["show", "logs", "path", "rm"])
@pytest.mark.parametrize("name", ["nothing", "nothing@latest", "total@champion"])
def test_what_is_not_there_is_exit_2(in_process, listed, stored, command: str, name: str) -> None:
    code, out, err = in_process(command, name)
    assert (code, out) == (2, "")
    assert err.startswith("artifact not found: ")


@pytest.fixture
def taken(in_process, stored) -> dict[str, str]:
    """What is stored, with a champion, and an artifact of a task whose name begins like another's."""
    dn.storage_layer().alias(stored["numbers 4"], "champion")
    dn.storage_layer().store("sum_up/plain/total_of_all/one", 1)
    return stored


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("count/none/numbers@champion", "numbers 4"),
        ("numbers@champion", "numbers 4"),
        ("sum_up/plain/total", "total"),
        ("total", "total"),
    ],
)
def test_aliases_and_ends_of_tasks_paths_name_artifacts(in_process, taken, text: str, name: str) -> None:
    full = taken[name]
    assert in_process("path", text, "--uri")[1].endswith(f"/manifests/{full}.json\n")
    assert in_process("show", text)[1].splitlines()[0].split() == ["name", full]
    assert in_process("logs", text) == in_process("logs", full)
    assert in_process("explain", text)[1].startswith(f"{full} is stored")
    assert in_process("copy", "disk", f"file://{Path.cwd()}/other", text)[0] == 0
    assert Path("other/manifests", f"{full}.json").exists()
    assert in_process("rm", text, "--yes")[2].startswith(f"{full}\n")
    assert not dn.storage_layer().exists(full)


@pytest.mark.parametrize("command", ["show", "logs", "path", "rm"])
def test_an_alias_of_several_tasks_lists_these(in_process, command: str) -> None:
    for name in ("a/one/model/x", "a/two/model/x"):
        dn.storage_layer().store(name, 1)
        dn.storage_layer().alias(name, "champion")
    code, out, err = in_process(command, "model@champion")
    assert (code, out) == (2, "")
    assert "'model' could be 2 tasks; write more of: a/one/model, a/two/model" in err


def test_a_part_of_what_an_alias_points_to_has_a_path(in_process, parted) -> None:
    assert Path(in_process("path", "split@latest#train")[1].strip()).read_bytes() == b"t" * 70_000


def test_a_piece_that_several_failures_have_lists_them(in_process) -> None:
    in_process("run", "pipe:bad", "x=1")
    in_process("run", "pipe:bad", "x=2")
    code, out, err = in_process("logs", "bad")
    assert (code, out) == (2, "")
    assert "'bad' could be 2 artifacts; write more of the name:\n  task/none/bad/" in err


def test_a_piece_that_artifacts_and_a_failure_have_lists_them(in_process, stored) -> None:
    in_process("run", "pipe:bad", "x=1")
    code, out, err = in_process("logs", "none/")
    assert (code, out) == (2, "")
    assert "'none/' could be 4 artifacts; write more of the name:" in err


def test_logs_of_a_success(in_process, listed, stored) -> None:
    out = in_process("logs", stored["numbers 4"])[1]
    assert out.startswith("counting 4\nto stderr\n")
    assert "to logging" in out


def test_logs_of_what_printed_nothing(in_process, listed, stored) -> None:
    assert in_process("logs", "doubled") == (0, "", f"{stored['doubled']} printed nothing\n")


def test_logs_of_failed_attempts_are_found_by_a_piece_of_the_name(in_process) -> None:
    in_process("run", "pipe:bad", "x=1")
    assert "ZeroDivisionError" in in_process("logs", "bad")[1]
    in_process("run", "pipe:bad", "x=1")
    out = in_process("logs", "bad")[1]
    attempts = [line.split()[-1] for line in out.splitlines() if line.startswith("--- attempt ")]
    assert (len(attempts), out.count("half way")) == (2, 2)
    assert in_process("logs", "bad", "--attempt", attempts[0])[1].count("half way") == 1


def test_path_is_a_file_with_the_bytes(in_process, listed, stored) -> None:
    assert Path(in_process("path", "doubled")[1].strip()).read_text() == "4"
    assert in_process("path", "doubled", "--uri")[1].strip().endswith(f"/manifests/{stored['doubled']}.json")


@pytest.fixture
def parted(in_process) -> str:
    """An artifact that is stored part by part."""
    Path("parts.py").write_text(BY_PARTS)
    assert in_process("run", "parts:split", "--quiet")[0] == 0
    return "split"


def test_path_of_a_part_is_its_own_file(in_process, parted) -> None:
    assert Path(in_process("path", "split#train")[1].strip()).read_bytes() == b"t" * 70_000
    assert Path(in_process("path", "split#sizes/1")[1].strip()).read_text() == "small"
    assert in_process("path", "split#train", "--uri")[1].endswith(".json#train\n")
    assert in_process("path", "split#train", "--link")[1].startswith("file://")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("split", "is stored part by part: load it, or name one of its parts: 'train', 'sizes'"),
        ("split#test", "has no part 'test'; it has 'train', 'sizes'"),
        ("split#sizes/2", "['sizes'] has no part '2'; it has 0, 1"),
        ("split#train/0", "['train'] is one file, so it has no part '0' to point to"),
    ],
)
def test_path_of_what_is_no_file_says_what_parts_there_are(in_process, parted, name: str, said: str) -> None:
    code, out, err = in_process("path", name)
    assert (code, out) == (2, "")
    assert said in err


def test_a_link_reads_the_file_for_a_while(in_process, stored) -> None:
    link = in_process("path", "doubled", "--link", "--expires", "2h")[1]
    assert link == f"file://{Path.cwd()}/.datanectar/manifests/{stored['doubled']}.json\n"


def test_a_uri_is_a_name(in_process, stored) -> None:
    uri = in_process("path", "doubled", "--uri")[1].strip()
    assert Path(in_process("path", uri)[1].strip()).read_text() == "4"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--uri", "--link"], "--uri and --link are two addresses; ask for one of them"),
        (["--expires", "1h"], "--expires belongs to --link: a path and a URI do not expire"),
        (["--link", "--expires", "soon"], "'soon' is no length of time: write a number and a unit, as in 90s, 15m, 2h"),
    ],
)
def test_options_of_path_that_do_not_go_together_are_wrong_use(in_process, stored, options, said: str) -> None:
    code, out, err = in_process("path", "doubled", *options)
    assert (code, out) == (2, "")
    assert said in err


def test_rm_without_a_terminal_asks_for_yes(in_process, listed, stored, monkeypatch) -> None:
    code, _, err = in_process("rm", "doubled")
    assert code == 2
    assert stored["doubled"] in err
    assert "add --yes to remove what is listed above" in err
    assert stored["doubled"] in listed()


def test_rm_with_yes_removes_each_once(in_process, listed, stored) -> None:
    code, _, err = in_process("rm", "doubled", stored["doubled"], stored["numbers 2"], "--yes")
    assert (code, err) == (0, f"{stored['doubled']}\n{stored['numbers 2']}\nremoved 2\n")
    assert listed() == [stored["numbers 4"], stored["total"]]
    assert not Path(".datanectar/data", stored["doubled"]).exists()


def test_rm_removes_nothing_where_one_name_is_wrong(in_process, listed, stored) -> None:
    assert in_process("rm", "doubled", "nothing", "--yes")[0] == 2
    assert len(listed()) == 4


@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", 0, 3), ("n\n", 130, 4), ("\n", 130, 4)])
def test_rm_asks_at_a_terminal(at_terminal, listed, stored, answer: str, code: int, left: int) -> None:
    shown, got = at_terminal("rm", "doubled", typed=answer)
    assert (got, len(listed())) == (code, left)
    assert f"Remove 1 from file://{Path.cwd()}/.datanectar? [y/N]" in shown
    assert ("removed 1" if left == 3 else "nothing was removed") in shown


def test_a_truncated_artifact_is_an_integrity_error_without_a_traceback(in_process, listed, stored) -> None:
    manifest = Path(".datanectar/manifests", f"{stored['doubled']}.json")
    manifest.chmod(0o600)
    manifest.write_bytes(manifest.read_bytes()[:-20])
    code, _, err = in_process("show", stored["doubled"])
    assert code == 1
    assert err.startswith(f"integrity error: manifests/{stored['doubled']}.json is truncated or was changed")
    assert in_process("run", "pipe:Doubled", "--quiet")[:2] == (0, "4\n")


def test_another_store_is_looked_at_by_option(in_process, listed, stored, tmp_path) -> None:
    assert listed("--storage-layer", f"file://{tmp_path}/empty") == []
    with dn.settings(storage_layer=f"file://{tmp_path}/other"):
        dn.storage_layer().store(stored["total"], 7)
    assert listed("--storage-layer", f"file://{tmp_path}/other") == [stored["total"]]
