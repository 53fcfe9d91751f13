"""`datanectar compose`, with services of a plugin and of tables."""

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PLUGIN = """
def service():
    return dn.Service(
        name="daemon", command=["daemon", "--address", "127.0.0.1", "--port", "8082"], ports=[8082],
        ready="http://127.0.0.1:8082/", distribution="acme-daemon", secrets=["DAEMON_TOKEN"],
    )

def unfit():
    raise dn.errors.ConfigurationError("there is no native file")

@dn.hookimpl
def datanectar_services():
    yield dn.ServiceType(name="daemon", factory=service, summary="The daemon that a test starts")
    yield dn.ServiceType(name="unfit", factory=unfit, summary="A test")
"""
ROWS = """
project = "Flights (2013)"

[services.own]
command = "own --config luigi.cfg --bind=127.0.0.1:9000"
config_files = ["luigi.cfg"]
state = ["state"]
data = ["data"]
ports = [9000]
requirements = ["own>=2"]
env = { NUMBER = "1e3", DOLLAR = "$HOME" }
secrets = ["OWN_PASSWORD", "DAEMON_TOKEN"]

[services.published]
command = ["minio", "server", "/data"]
image = "minio/minio:RELEASE"
ready = "http://127.0.0.1:9001/minio/health/live"
ports = [9001]
"""
FILE, SECRETS = Path("docker-compose.yml"), Path(".env")


@pytest.fixture(autouse=True)
def services(install, monkeypatch) -> None:
    """A project with services, on a machine without Docker."""
    install("acme-daemon", PLUGIN, version="1.4")
    Path("datanectar.toml").write_text(ROWS)
    Path("luigi.cfg").touch()
    Path("data").mkdir()
    Path("bin").mkdir()
    monkeypatch.setenv("PATH", os.path.abspath("bin"))


@pytest.fixture
def docker(services: None) -> Path:
    """What was asked of a Docker that accepts every file, once it was asked anything."""
    Path("bin/docker").write_text('#!/bin/sh\necho "$@" >> calls\n')
    Path("bin/docker").chmod(0o755)
    return Path("calls")


def secrets() -> dict[str, str]:
    lines = [line for line in SECRETS.read_text().splitlines() if not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def refuse_file() -> None:
    script = '#!/bin/sh\n[ "$2" = version ] && exit 0\necho services.own is not right >&2\nexit 15\n'
    Path("bin/docker").write_text(script)
    Path("bin/docker").chmod(0o755)


# Written


def test_the_file_and_its_secrets_are_written_and_what_comes_next_is_said(in_process) -> None:
    code, out, said = in_process("compose")
    assert code == 0
    assert out.splitlines() == [
        "wrote docker-compose.yml",
        "wrote DATANECTAR_UID, DATANECTAR_GID, DAEMON_TOKEN, OWN_PASSWORD to .env, which is not for version control",
        "next: docker compose up --build",
    ]
    assert said == "unfit is left out: there is no native file\n"


def test_it_is_a_compose_file_by_the_published_schema(in_process) -> None:
    in_process("compose")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_has_every_service_under_what_it_is(in_process) -> None:
    in_process("compose")
    text = FILE.read_text()
    found = yaml.safe_load(text)
    assert found["name"] == "flights-2013"
    assert list(found["services"]) == ["daemon", "own", "published"]
    assert "\n  # The daemon that a test starts\n  daemon:\n" in text
    assert "\n  # [services.own]\n  own:\n" in text
    assert "pip install --no-cache-dir acme-daemon==1.4\n" in found["services"]["daemon"]["build"]["dockerfile_inline"]
    assert found["services"]["own"]["command"] == ["own", "--config", "luigi.cfg", "--bind=0.0.0.0:9000"]


def test_neither_secrets_nor_paths_of_this_machine_are_in_it_or_said(in_process) -> None:
    _, out, said = in_process("compose")
    values = secrets()
    shown = FILE.read_text() + out + said
    assert [name for name in ("DAEMON_TOKEN", "OWN_PASSWORD") if values[name] in shown] == []
    assert str(Path.cwd()) not in shown
    assert str(Path.home()) not in shown


def test_every_variable_that_compose_replaces_is_in_the_file_beside_it(in_process) -> None:
    in_process("compose")
    asked = set(re.findall(r"\$\{(\w+)", FILE.read_text().replace("$$", "")))
    assert asked == set(secrets())
    assert stat.S_IMODE(SECRETS.stat().st_mode) == 0o600


def test_ports_are_open_to_this_machine_alone(in_process) -> None:
    in_process("compose")
    services = yaml.safe_load(FILE.read_text())["services"].values()
    assert [port for one in services for port in one["ports"] if not port.startswith("127.0.0.1:")] == []


def test_one_that_is_there_is_left_alone(in_process) -> None:
    FILE.write_text("mine")
    code, out, said = in_process("compose")
    assert (code, out) == (2, "")
    assert "docker-compose.yml is there" in said
    assert "`datanectar compose --check` says where it differs" in said
    assert "--force overwrites it" in said
    assert FILE.read_text() == "mine"
    assert not SECRETS.exists()


def test_it_is_overwritten_by_force_with_the_same_secrets(in_process) -> None:
    in_process("compose")
    before, written = secrets(), FILE.read_text()
    FILE.write_text("mine")
    code, out, _ = in_process("compose", "--force")
    assert code == 0
    assert "nothing was lacking in .env" in out
    assert (secrets(), FILE.read_text()) == (before, written)


def test_secrets_that_others_could_read_are_made_private_and_it_says_so(in_process) -> None:
    SECRETS.write_text("OWN_PASSWORD=hunter2\n")
    SECRETS.chmod(0o644)
    _, out, said = in_process("compose")
    assert ".env could be read by others: its mode is 0600 now" in said
    assert "hunter2" not in out + said
    assert secrets()["OWN_PASSWORD"] == "hunter2"


def test_services_can_be_chosen(in_process) -> None:
    in_process("compose", "published")
    assert list(yaml.safe_load(FILE.read_text())["services"]) == ["published"]
    assert list(secrets()) == ["DATANECTAR_UID", "DATANECTAR_GID"]


def test_an_unknown_service_is_told_the_nearest(in_process) -> None:
    code, _, said = in_process("compose", "demon")
    assert code == 2
    assert "did you mean 'daemon'" in said


def test_it_is_written_elsewhere_with_its_secrets_beside_it(in_process) -> None:
    Path("deploy").mkdir()
    _, out, _ = in_process("compose", "-o", "deploy/x.yml")
    assert "next: docker compose -f deploy/x.yml up --build" in out
    assert Path("deploy/.env").exists()
    mounts = yaml.safe_load(Path("deploy/x.yml").read_text())["services"]["own"]["volumes"]
    assert mounts[0]["source"] == "../luigi.cfg"


def test_by_default_it_is_in_the_directory_of_the_project(in_process, monkeypatch) -> None:
    root = Path.cwd()
    Path("deeper").mkdir()
    monkeypatch.chdir("deeper")
    _, out, _ = in_process("compose")
    assert (root / FILE).exists()
    assert f"next: docker compose -f {root / FILE} up --build" in out


def test_another_file_that_docker_would_take_first_is_not_started(in_process) -> None:
    Path("compose.yaml").touch()
    assert "next: docker compose -f docker-compose.yml up --build" in in_process("compose")[1]


def test_on_stdout_it_is_all_there_is_and_nothing_is_written(in_process) -> None:
    code, out, said = in_process("compose", "-o", "-")
    assert code == 0
    assert list(yaml.safe_load(out)["services"]) == ["daemon", "own", "published"]
    assert "has to set DATANECTAR_UID, DATANECTAR_GID, DAEMON_TOKEN, OWN_PASSWORD" in said
    assert not FILE.exists()
    assert not SECRETS.exists()


def test_where_it_cannot_be_written_is_named(in_process) -> None:
    code, _, said = in_process("compose", "-o", "nowhere/x.yml")
    assert code == 2
    assert "nowhere/x.yml cannot be written: there is no directory nowhere" in said
    Path("folder").mkdir()
    code, _, said = in_process("compose", "-o", "folder", "--force")
    assert code == 2
    assert "folder cannot be written: Is a directory" in said


def test_what_only_people_know_is_asked_for_and_not_made_up(in_process, docker: Path) -> None:
    Path("datanectar.toml").write_text(ROWS + '[services.more]\ncommand = "a"\nimage = "a"\nvariables = ["A", "B"]\n')
    SECRETS.write_text("B=b\n")
    code, _, said = in_process("compose")
    assert code == 0
    assert "what A should be is yours to say, in .env" in said
    assert "A" not in secrets()
    assert "${A:?set it in .env}" in FILE.read_text()
    assert "DAEMON_TOKEN, OWN_PASSWORD, A, B" in in_process("compose", "-o", "-")[2]


def test_a_secret_of_another_service_is_made_up_once(in_process) -> None:
    Path("datanectar.toml").write_text(
        ROWS + '[services.more]\ncommand = "a"\nimage = "a"\nvariables = ["OWN_PASSWORD"]\n'
    )
    assert "yours to say" not in in_process("compose")[2]


def test_what_has_to_be_there_to_be_mounted_is_told(in_process) -> None:
    Path("luigi.cfg").unlink()
    assert "own: luigi.cfg is not there yet" in in_process("compose")[2]


# Docker's own word


def test_docker_is_asked_where_it_is_installed(in_process, docker: Path) -> None:
    code, _, _ = in_process("compose")
    assert code == 0
    assert docker.read_text() == f"compose version\ncompose -f {Path.cwd() / FILE} config -q\n"


def test_what_docker_refuses_is_told(in_process) -> None:
    refuse_file()
    code, out, said = in_process("compose")
    assert code == 2
    assert "wrote docker-compose.yml" in out
    assert "docker compose refuses docker-compose.yml: services.own is not right" in said


# --check


def test_what_was_just_written_has_not_drifted(in_process) -> None:
    in_process("compose")
    code, out, said = in_process("compose", "--check")
    assert (code, out) == (0, "")
    assert "docker-compose.yml has not drifted from the services" in said


def test_drift_is_told_with_both_sides_and_nothing_is_touched(in_process) -> None:
    in_process("compose")
    edited = FILE.read_text().replace("127.0.0.1:9000:9000", "9000:9000").replace("minio:RELEASE", "minio:latest")
    FILE.write_text(edited)
    SECRETS.unlink()
    code, out, said = in_process("compose", "--check")
    assert code == 1
    assert [line.split("\t") for line in out.splitlines()] == [
        ["missing", "services.own.ports.9000.host_ip", "-", "127.0.0.1"],
        ["changed", "services.published.image", "minio/minio:latest", "minio/minio:RELEASE"],
    ]
    assert "docker-compose.yml has drifted from the services, in 2 places" in said
    assert FILE.read_text() == edited
    assert not SECRETS.exists()


def test_a_change_of_the_records_is_drift(in_process) -> None:
    in_process("compose")
    Path("datanectar.toml").write_text(ROWS.replace("own>=2", "own>=3") + '[services.new]\ncommand="a"\nimage="a"\n')
    _, out, _ = in_process("compose", "--check")
    assert [line.split("\t")[:2] for line in out.splitlines()] == [
        ["missing", "services.new"],
        ["changed", "services.own.build.dockerfile_inline"],
    ]


def test_what_people_added_is_told_and_is_no_drift(in_process) -> None:
    in_process("compose")
    FILE.write_text(FILE.read_text().replace("    init: true", "    init: true\n    profiles: [x]", 1))
    code, out, _ = in_process("compose", "--check")
    assert (code, out) == (0, "added\tservices.daemon.profiles\t-\t-\n")


def test_of_chosen_services_the_others_are_no_addition(in_process) -> None:
    in_process("compose")
    assert in_process("compose", "--check", "published")[:2] == (0, "")
    FILE.write_text(FILE.read_text().replace("minio:RELEASE", "minio:latest"))
    assert in_process("compose", "--check", "own")[:2] == (0, "")


def test_programs_get_json(in_process) -> None:
    in_process("compose")
    assert json.loads(in_process("compose", "--check", "--json")[1]) == []
    FILE.write_text(FILE.read_text().replace("minio:RELEASE", "minio:latest"))
    code, out, _ = in_process("compose", "--check", "--json")
    assert code == 1
    assert json.loads(out) == [
        {
            "kind": "changed",
            "path": "services.published.image",
            "file": "minio/minio:latest",
            "records": "minio/minio:RELEASE",
        }
    ]


def test_a_secret_that_somebody_wrote_into_the_file_is_not_repeated(in_process) -> None:
    in_process("compose")
    FILE.write_text(FILE.read_text().replace('"${OWN_PASSWORD:?set it in .env}"', "hunter2"))
    for form in ((), ("--json",)):
        code, out, said = in_process("compose", "--check", *form)
        assert code == 1
        assert "services.own.environment.OWN_PASSWORD" in out
        assert "hunter2" not in out + said


def test_people_at_a_terminal_see_a_table(in_process, at_terminal) -> None:
    in_process("compose", "published")
    FILE.write_text(FILE.read_text().replace("minio:RELEASE", "minio:latest"))
    shown, code = at_terminal("compose", "--check", "published")
    assert code == 1
    assert re.search(r"services\.published\.image +minio/minio:latest +minio/minio:RELEASE", shown)


def test_another_file_can_be_checked(in_process) -> None:
    in_process("compose", "-o", "x.yml")
    assert in_process("compose", "--check", "-o", "x.yml")[0] == 0
    code, _, said = in_process("compose", "--check")
    assert code == 2
    assert "docker-compose.yml is not there; `datanectar compose` writes one" in said


def test_a_file_that_is_broken_is_named(in_process) -> None:
    FILE.write_text("services: [")
    code, _, said = in_process("compose", "--check")
    assert code == 2
    assert "docker-compose.yml is not YAML" in said


@pytest.mark.parametrize("arguments", [("--check", "--force"), ("--check", "-o", "-"), ("--json",)])
def test_options_that_contradict_each_other_are_refused(in_process, arguments: tuple[str, ...]) -> None:
    code, _, said = in_process("compose", *arguments)
    assert code == 2
    assert "--check" in said
    assert not FILE.exists()


def test_without_pyyaml_it_says_what_to_install(in_process, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    code, _, said = in_process("compose")
    assert code == 2
    assert "pip install 'datanectar-core[services]'" in said
    assert not SECRETS.exists()
