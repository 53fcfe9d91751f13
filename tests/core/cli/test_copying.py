"""`datanectar copy` as people use it: what it says, what is there then, and what is when it was ended early."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import datanectar as dn
from datanectar.cli import copying
from datanectar.cli.copy_lines import Lines
from datanectar.errors import StorageUnavailable
from datanectar.layer.copying.copier import Copier, Outcome
from datanectar.layer.copying.inventory import Inventory
from datanectar.layer.copying.selection import find_names
from datanectar.layer.storage_layer import StorageLayer

CONFIGURATION = """
profile = "local"
record_source = true

[storage.disk]
type = "local"
path = "disk"
durability = "none"

[storage.lake]
type = "local"
path = "lake"
durability = "none"

[profiles.local]
storage_layer = "disk"

[profiles.prod]
storage_layer = "lake"
"""


@pytest.fixture(autouse=True)
def configured(project) -> None:
    Path("datanectar.toml").write_text(CONFIGURATION)


@pytest.fixture
def url() -> str:
    return Path.cwd().as_uri()


def test_without_a_name_everything_is_copied(in_process, stored, url) -> None:
    code, out, err = in_process("copy", "disk", "lake")
    assert (code, out) == (0, "")
    *lines, summary = err.splitlines()
    assert {line.split()[0] for line in lines[:4]} == {"[1/4]", "[2/4]", "[3/4]", "[4/4]"}
    assert all(any(f" copied         {name}  " in line for line in lines) for name in stored.values())
    assert f"sum_up/plain/total@latest points to {stored['total']}" in lines
    assert summary.startswith("copied 4 (")
    assert summary.endswith(f" KiB) from {url}/disk to {url}/lake")


@pytest.mark.parametrize("command", [["show"], ["logs"], ["explain"], ["path"], ["show", "--json"]])
def test_what_is_asked_about_a_copy_is_answered_as_before(in_process, stored, url, command) -> None:
    in_process("copy", "disk", "lake")
    for name in (*stored.values(), "total@latest", "doubled@latest"):
        before = in_process(*command, name)
        after = in_process(*command, name, "--profile", "prod")
        assert before[0] == after[0] == 0
        assert after[1].replace(f"{url}/lake", f"{url}/disk").replace("lake/", "disk/") == before[1]


def test_a_run_finds_what_was_copied(in_process, stored) -> None:
    in_process("copy", "disk", "lake")
    _, out, _ = in_process("plan", "pipe:pipeline", "n=4", "--profile", "prod")
    assert [line.split("\t")[0] for line in out.splitlines()] == ["cached"]


def test_a_second_copy_finds_everything_there(in_process, stored) -> None:
    in_process("copy", "disk", "lake")
    code, _, err = in_process("copy", "disk", "lake")
    assert (code, err.count("] there already  ")) == (0, 4)
    assert err.splitlines()[-1].startswith("copied 0 (0 B) from ")
    assert err.endswith(", 4 there already\n")


def test_an_alias_names_what_is_copied_and_goes_along(in_process, stored, listed) -> None:
    assert in_process("copy", "disk", "lake", "total@latest")[0] == 0
    assert listed("--profile", "prod") == [stored["total"]]
    assert in_process("path", "total@latest", "--profile", "prod")[0] == 0


def test_inputs_go_along_on_demand(in_process, stored, listed) -> None:
    assert in_process("copy", "disk", "lake", "total@latest", "--inputs")[0] == 0
    assert sorted(listed("--profile", "prod")) == sorted([stored["numbers 4"], stored["total"]])


def test_several_names_and_paths_are_copied_once(in_process, stored, listed) -> None:
    code, _, err = in_process("copy", "disk", "lake", "count", stored["numbers 2"], "doubled")
    assert (code, err.splitlines()[-1][:9]) == (0, "copied 3 ")
    assert sorted(listed("--profile", "prod")) == sorted(name for task, name in stored.items() if task != "total")


def test_a_dry_run_lists_what_would_be_copied(in_process, stored) -> None:
    code, out, err = in_process("copy", "disk", "lake", "--dry-run")
    assert code == 0
    assert sorted(line.split()[:3] for line in out.splitlines()) == sorted(
        ["would", "copy", name] for name in stored.values()
    )
    assert f"sum_up/plain/total@latest would point to {stored['total']}" in err
    assert "\nwould copy 4 (" in err
    assert not Path("lake").exists()


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_json_is_alone_on_stdout(in_process, stored, options) -> None:
    code, out, _ = in_process("copy", "disk", "lake", "total", "--json", *options)
    document = json.loads(out)
    (artifact,) = document["artifacts"]
    assert (code, artifact["name"], artifact["status"]) == (0, stored["total"], "copied")
    assert document["aliases"] == [
        {"alias": "sum_up/plain/total@latest", "name": stored["total"], "before": None, "moved": True, "note": ""}
    ]


def test_an_alias_that_points_elsewhere_stays_until_it_is_told_to_move(in_process, stored) -> None:
    in_process("copy", "disk", "lake")
    champion = "sum_up/plain/total@champion"
    with dn.settings():
        for storage, name in (("disk", "numbers 4"), ("lake", "numbers 2")):
            dn.storage_layer(storage).alias(stored[name], "champion", path="sum_up/plain/total")
    code, _, err = in_process("copy", "disk", "lake", stored["numbers 4"])
    assert code == 1
    assert (
        f"{champion} STAYS at {stored['numbers 2']}; in SRC it points to {stored['numbers 4']}. "
        "Move it with --aliases move, or leave aliases alone with --aliases none" in err.splitlines()
    )
    assert in_process("copy", "disk", "lake", stored["numbers 4"], "--aliases", "none")[0] == 0
    code, _, err = in_process("copy", "disk", "lake", stored["numbers 4"], "--aliases", "move")
    assert code == 0
    assert f"{champion} points to {stored['numbers 4']}, no longer to {stored['numbers 2']}" in err.splitlines()
    with dn.settings():
        assert dn.storage_layer("lake").resolve(champion) == stored["numbers 4"]


def test_other_bytes_under_the_same_name_are_exit_1(in_process, stored) -> None:
    with dn.settings():
        dn.storage_layer("lake").store(stored["doubled"], 5)
    code, _, err = in_process("copy", "disk", "lake")
    assert code == 1
    assert f"DIFFERENT      {stored['doubled']}  attempt " in err
    assert err.endswith(", 1 DIFFERENT\n")


def test_damage_is_exit_1_and_the_others_are_copied(in_process, stored, listed) -> None:
    Path("disk/manifests", f"{stored['doubled']}.json").write_text("nonsense")
    code, _, err = in_process("copy", "disk", "lake")
    assert code == 1
    assert f"FAILED         {stored['doubled']}  manifests/{stored['doubled']}.json is truncated" in err
    assert stored["doubled"] not in listed("--profile", "prod")
    assert "doubled@latest" not in err
    assert err.splitlines()[-1].startswith("copied 3 ")


def test_source_texts_can_be_left_behind(in_process, stored) -> None:
    in_process("copy", "disk", "lake", "--no-source")
    assert list(Path("lake/code").iterdir())
    assert not list(Path("lake/code").glob("*.source.json"))
    assert list(Path("disk/code").glob("*.source.json"))


def test_a_damaged_alias_is_told_and_exit_1(in_process, stored) -> None:
    (entry,) = Path("disk/aliases/sum_up/plain/total/latest").iterdir()
    entry.write_text("nonsense")
    code, _, err = in_process("copy", "disk", "lake")
    assert code == 1
    assert "sum_up/plain/total@latest FAILED, it is damaged in SRC: aliases/sum_up/plain/total/latest/" in err
    assert in_process("copy", "disk", "lake", stored["numbers 2"])[0] == 0  # of another task


def test_an_alias_that_moves_while_it_is_copied_does_not_get_lost(in_process, stored, monkeypatch) -> None:
    """A run at the source adds an artifact, and moves the alias to it, once the artifacts were listed."""
    planned = Lines.planned

    def meanwhile(lines: Lines, inventory: Inventory) -> None:
        layer = dn.storage_layer("disk")
        layer.store("sum_up/plain/total/new", 7)
        layer.alias("sum_up/plain/total/new", "latest")
        planned(lines, inventory)

    monkeypatch.setattr(Lines, "planned", meanwhile)
    assert in_process("copy", "disk", "lake")[0] == 0
    with dn.settings():
        assert dn.storage_layer("lake").resolve("sum_up/plain/total@latest") == stored["total"]


@pytest.mark.parametrize("error", [StorageUnavailable(), RuntimeError()])
def test_a_failure_without_a_word_is_exit_1_too(in_process, stored, monkeypatch, error) -> None:
    def fail(copier: Copier, name: str) -> Outcome:
        raise error

    monkeypatch.setattr(Copier, "copy", fail)
    code, _, err = in_process("copy", "disk", "lake", "total")
    assert code == 1
    assert f"FAILED         {stored['total']}  {error!r}" in err


def test_an_alias_of_what_was_removed_is_exit_2(in_process, stored) -> None:
    with dn.settings():
        dn.storage_layer("disk").delete(stored["total"])
    code, _, err = in_process("copy", "disk", "lake", "total@latest")
    assert code == 2
    assert f"total@latest is {stored['total']}, which is not in file://" in err


@pytest.mark.parametrize("inputs", [[], ["--inputs"]])
def test_what_is_removed_after_it_was_found_is_exit_1(in_process, stored, monkeypatch, inputs) -> None:
    def removed(layer: StorageLayer, name: str) -> list[str]:
        found = find_names(layer, name)
        layer.delete(found[0])
        return found

    monkeypatch.setattr(copying, "find_names", removed)
    code, _, err = in_process("copy", "disk", "lake", "total", *inputs)
    assert code == 1
    assert f"[1/1] FAILED         {stored['total']}  {stored['total']} is not in file://" in err


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("link", "SRC and DST are the same storage"),
        ("x/../disk", "SRC and DST are the same storage"),
        ("disk/copy", "SRC and DST are one inside the other"),
        ("link/copy", "SRC and DST are one inside the other"),
        ("", "SRC and DST are one inside the other"),
    ],
)
def test_one_directory_under_two_names_is_refused_and_untouched(in_process, stored, url, target, said) -> None:
    Path("link").symlink_to("disk")
    Path("x").mkdir()
    before = {path: path.read_bytes() for path in Path("disk").rglob("*.*")}
    code, _, err = in_process("copy", "disk", f"{url}/{target}")
    assert (code, said in err) == (2, True)
    assert {path: path.read_bytes() for path in Path("disk").rglob("*.*")} == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["disk", "disk"], "SRC and DST are the same storage, file://"),
        (["disk", "{url}/disk"], "SRC and DST are the same storage, file://"),
        (["disk", "memory://"], "memory:// is in this process only: empty before it, and gone after it"),
        (["disk", "cloud"], "there is no storage 'cloud' (argument); configured: disk, lake."),
        (["disk", "./lake"], "Or give a URL, such as file:///"),
        (["{url}/empty", "lake"], "/empty has no artifacts, so there is nothing to copy"),
        (["disk", "lake", "nothing"], "has no artifact 'nothing'; `datanectar ls` lists what there is"),
        (["disk", "lake", "numbers"], "'numbers' could be 2 artifacts; write more of the name"),
        (["disk", "lake", "total#mean"], "total#mean is a part, which is not copied by itself; name total"),
        (["disk", "lake", "--inputs"], "--inputs belongs to a NAME: without one everything is copied"),
        (["disk", "lake", "--jobs", "0"], "0 is not in the range x>=1"),
    ],
)
def test_wrong_use_is_exit_2_and_copies_nothing(in_process, stored, url, arguments, said) -> None:
    code, out, err = in_process("copy", *(argument.format(url=url) for argument in arguments))
    assert (code, out) == (2, "")
    assert said in err
    assert not Path("lake").exists()


def test_at_a_terminal_there_is_a_bar_and_a_line_where_something_is_wrong(at_terminal, stored) -> None:
    Path("disk/manifests", f"{stored['doubled']}.json").write_text("nonsense")
    shown, code = at_terminal("copy", "disk", "lake")
    assert code == 1
    assert "━" in shown
    assert "4/4 artifacts" in shown
    assert f"FAILED         {stored['doubled']}" in shown
    assert "] copied" not in shown
    assert "copied 3 (" in shown


@pytest.fixture
def many() -> list[str]:
    """Names of 150 artifacts with a file each."""
    names = [f"t/f/x/{number:03}" for number in range(150)]
    with dn.settings():
        for number, name in enumerate(names):
            dn.storage_layer("disk").store(name, bytes([number]) * 70_000)
    return names


@pytest.mark.parametrize("seen", [1, 7, 30])
@pytest.mark.parametrize(("ending", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_what_was_ended_early_is_finished_by_the_same_command(in_process, many, ending, code, seen) -> None:
    ours, theirs = os.pipe()
    fcntl.fcntl(ours, fcntl.F_SETPIPE_SZ, 4096)  # so that it cannot get to its end before anybody reads
    copying = subprocess.Popen([sys.executable, "-m", "datanectar", "copy", "disk", "lake"], stderr=theirs)
    os.close(theirs)
    with open(ours) as lines:
        for _ in range(seen):
            assert "] copied         t/f/x/" in lines.readline()
        copying.send_signal(ending)
        rest = lines.read()
    assert copying.wait(timeout=60) == code
    if ending == signal.SIGINT:
        assert rest.endswith("interrupted; what was finished is stored, and running again goes on from there\n")
    with dn.settings():
        lake = dn.storage_layer("lake")
        there = list(lake.list())
        assert seen <= len(there) < len(many)
        assert all(lake.load(name) == bytes([many.index(name)]) * 70_000 for name in there)
    code, _, err = in_process("copy", "disk", "lake")
    assert (code, err.splitlines()[-1].split()[1]) == (0, str(len(many) - len(there)))
    assert err.endswith(f", {len(there)} there already\n")
    copied = {path.relative_to("lake"): path.read_bytes() for path in Path("lake").rglob("*.*")}
    assert copied == {path.relative_to("disk"): path.read_bytes() for path in Path("disk").rglob("*.*")}
