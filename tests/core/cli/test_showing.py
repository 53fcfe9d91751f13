import json
import re
from pathlib import Path

import numpy as np
import pytest

import datanectar as dn


def facts(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        label, _, fact = line.partition("  ")
        found.setdefault(label.strip(), []).append(fact.strip())
    return found


def test_show_tells_how_it_was_made(in_process, stored) -> None:
    code, out, _ = in_process("show", "total@latest")
    shown = facts(out)
    assert code == 0
    assert shown["name"] == [stored["total"]]
    assert shown["uri"] == [f"file://{Path.cwd()}/.datanectar/manifests/{stored['total']}.json"]
    assert shown["alias"] == ["sum_up/plain/total@latest"]
    assert shown["task"] == ["total, of type sum_up and family plain"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00 on \S+ in 0\.0 s", shown["made"][0])
    assert re.fullmatch(r"Python [\d.]+\S*, datanectar \S+", shown["with"][0])
    assert re.fullmatch(r"[0-9a-f]{32}", shown["code"][0])
    assert shown["parameter"] == [f"xs = <numbers {stored['numbers 4'].rpartition('/')[2][:8]}>"]
    assert shown["input"] == [stored["numbers 4"]]
    assert re.fullmatch(r"json  1 B  sha256 [0-9a-f]{16}…  in the manifest", shown["file"][0])


def test_show_tells_where_the_log_is(in_process, stored) -> None:
    name = stored["numbers 4"]
    last, where = facts(in_process("show", name)[1])["log"]
    assert last.endswith("WARNING pipe: to logging")
    assert where == f"3 lines: datanectar logs {name}"


def test_show_of_what_was_stored_by_hand(in_process) -> None:
    dn.storage_layer().store("models/by-hand", [1])
    shown = facts(in_process("show", "by-hand")[1])
    assert shown["task"] == ["none: it was stored by hand"]
    assert not {"code", "parameter", "input", "alias", "log"} & set(shown)


def test_aliases_by_task_and_by_name_are_shown(in_process, install) -> None:
    install(
        "datanectar-short",
        """
        @dn.hookimpl
        def datanectar_namings():
            name = lambda identity: f"models/{identity.task}/{identity.fingerprint}"
            yield dn.NamingType(name="short", factory=lambda: name, summary="short")
        """,
    )
    Path("datanectar.toml").write_text('naming = "short"\n')
    in_process("run", "pipe:Doubled", "--quiet")
    name = facts(in_process("show", "doubled")[1])["name"][0]
    with dn.settings():
        dn.storage_layer().alias(name, "champion")
    assert facts(in_process("show", name)[1])["alias"] == ["models/doubled@champion", "task/none/doubled@latest"]


def test_show_in_a_repository_tells_the_commit(in_process, command) -> None:
    Path(".git").mkdir()
    Path(".git/HEAD").write_text("0123456789abcdef0123456789abcdef01234567\n")
    assert command("run", "pipe:Doubled", "--quiet").returncode == 0
    assert facts(in_process("show", "doubled")[1])["git commit"] == ["0123456789abcdef0123456789abcdef01234567"]


def test_show_as_json_is_the_manifest(in_process, stored) -> None:
    document = json.loads(in_process("show", "doubled", "--json")[1])
    assert (document["name"], document["identity"]["parameters"]) == (stored["doubled"], {"n": 2})


def test_a_pipe_gets_facts_alone_unless_a_preview_is_asked_for(in_process, stored) -> None:
    out = in_process("show", "doubled")[1]
    assert all(re.match(r"[a-z ]+  \S", line) for line in out.splitlines())
    assert in_process("show", "doubled", "--preview")[1] == f"{out}\n4\n"


def test_people_see_a_preview_unless_they_want_none(at_terminal, stored) -> None:
    shown, code = at_terminal("show", stored["numbers 4"])
    assert (code, shown.splitlines()[-1]) == (0, "[0, 1, 2, 3]")
    assert " ago, on " in shown
    shown, code = at_terminal("show", stored["numbers 4"], "--no-preview")
    assert (code, "[0, 1, 2, 3]" in shown) == (0, False)


def test_parts_are_told_and_shown_one_by_one(in_process) -> None:
    dn.storage_layer().store("by/parts", {f"part{number}": (np.arange(2), "first\nsecond") for number in range(25)})
    out = in_process("show", "by/parts", "--preview")[1]
    shown = facts(out)
    assert shown["value"][0].startswith("a dict of 25, ")
    assert shown["value"][0].endswith("'part9', … 15 more")
    assert shown["file"][0].startswith("['part0'][0]  numpy  ")
    assert (len(shown["file"]), shown["file"][-1]) == (21, "… 30 more")
    assert "\n\n['part0'][0]\narray of 2 int64\n[0 1]\n\n['part0'][1]\nfirst\nsecond\n" in out
    assert out.endswith("… 46 more parts; `datanectar show NAME#PART` shows one\n")
    out = in_process("show", "by/parts#part7/1", "--preview")[1]
    assert out.endswith("\n\n['part7'][1]\nfirst\nsecond\n")


def test_a_directory_is_told_file_by_file(in_process) -> None:
    Path("out/plots").mkdir(parents=True)
    Path("out/plots/by day.txt").write_text("a plot")
    dn.storage_layer().store("report", Path("out"))
    _, shown, _ = in_process("show", "report")
    assert "value    the directory out, 6 B\nfile     out/plots/by day.txt  6 B  sha256" in shown


def test_a_log_cannot_drive_the_terminal(in_process) -> None:
    Path("loud.py").write_text("import datanectar as dn\n@dn.task\ndef loud():\n    print('\\x1b[2J' + 'x' * 100)\n")
    in_process("run", "loud:loud", "--quiet")
    assert facts(in_process("show", "loud")[1])["log"][0] == "�[2J" + "x" * 55 + "…"


@pytest.mark.parametrize("name", ["doubled#x", "nothing", "doubled#0"])
def test_what_is_not_there_is_not_shown(in_process, stored, name: str) -> None:
    code, out, _ = in_process("show", name, "--preview")
    assert (code, out) == (2, "")
