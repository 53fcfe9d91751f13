import json
from pathlib import Path

LEAKY = """
from dataclasses import dataclass
from datanectar.errors import StorageAccessError

@dataclass(frozen=True)
class Options:
    token: str = ""

    @classmethod
    def from_url(cls, url):
        return cls()

class Leaky(dn.StorageBackend):
    url = "leaky://me:hush@host/x"

    def __init__(self, options):
        self._objects = {}

    def read(self, key):
        raise StorageAccessError(f"{self.url} refuses {key}: 403")

    open = write = create = stat = list = delete = read

@dn.hookimpl
def datanectar_storages():
    yield dn.StorageType(name="leaky", factory=Leaky, options=Options, schemes=("leaky",), summary="L")
"""


def test_a_sound_machine_is_exit_0_with_a_line_for_each_check(in_process) -> None:
    code, out, err = in_process("doctor")
    rows = [line.split("\t") for line in out.splitlines()]
    assert code == 0
    assert {row[0] for row in rows} == {"ok"}
    assert [row[1] for row in rows if "disk of" not in row[1]] == [
        *("python", "libraries", "configuration", "profile", "plugin builtin"),
        *("storage disk", "storage disk", "clock", "signing key"),
    ]
    assert err == f"{len(rows)} ok, 0 warning, 0 error\n"


def test_an_error_is_exit_1_and_what_to_do_is_on_its_line(in_process, install) -> None:
    install("datanectar-broken", "import no_such_sdk", entry="broken", version="2")
    code, out, _ = in_process("doctor")
    (line,) = [line for line in out.splitlines() if line.startswith("error")]
    assert code == 1
    assert line.split("\t") == [
        "error",
        "plugin broken",
        "datanectar-broken 2 failed: ModuleNotFoundError: No module named 'no_such_sdk'",
        'mend or update datanectar-broken, or leave it out: [plugins] disable = ["broken"]',
    ]


def test_a_warning_is_exit_0(in_process) -> None:
    Path("datanectar.toml").write_text('[[policies]]\nprofile = "prdo"\nretries = 1\n')
    code, out, err = in_process("doctor")
    assert (code, "warning\tpolicies\t" in out) == (0, True)
    assert ", 1 warning, 0 error\n" in err


def test_a_broken_configuration_is_a_line_and_exit_1(in_process) -> None:
    Path("datanectar.toml").write_text("[[")
    code, out, err = in_process("doctor")
    assert code == 1
    assert f"error\tconfiguration\t{Path.cwd()}/datanectar.toml is not valid TOML" in out
    assert "Traceback" not in out + err


def test_no_credentials_are_printed_in_any_form(in_process, install) -> None:
    install("datanectar-acme", LEAKY)
    for arguments in ([], ["--json"]):
        code, out, err = in_process("doctor", "--storage-layer", "leaky://me:hush@host/x", *arguments)
        assert code == 1
        assert "leaky://***@host/x refuses datanectar.json: 403" in out
        assert "hush" not in out + err


def test_findings_as_json(in_process) -> None:
    code, out, err = in_process("doctor", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found[0]["check"] == "python"
    assert {frozenset(row) for row in found} == {frozenset({"status", "check", "found", "remedy"})}


def test_the_profile_and_all_storages_can_be_asked_for(in_process) -> None:
    Path("datanectar.toml").write_text('[storage.b]\ntype = "local"\npath = "b"\n[profiles.x]\nstorage_layer = "b"\n')
    assert "\nok\tstorage b\t" in in_process("doctor", "--profile", "x")[1]
    assert "\nok\tstorage b\t" not in in_process("doctor")[1]
    assert "\nok\tstorage b\t" in in_process("doctor", "--all")[1]


def test_a_terminal_shows_colours_and_what_to_do_below(at_terminal) -> None:
    Path("datanectar.toml").write_text('[[policies]]\nprofile = "prdo"\nstorage_layer = "lake"\n')
    shown, code = at_terminal("doctor")
    assert code == 1
    assert [color for color in ("\x1b[32mok", "\x1b[33mwarning", "\x1b[31merror") if color not in shown] == []
    assert "\r\n         → configured: disk\r\n" in shown
