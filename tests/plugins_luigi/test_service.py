"""luigid as a service: by its own luigi.cfg, really started, used, stopped and killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import steps

import datanectar as dn
from datanectar.errors import ConfigurationError, PortTaken
from datanectar.testing import services  # noqa: F401  a fixture
from datanectar_luigi.service import LuigidOptions, luigid

SERVE = (sys.executable, "-m", "datanectar", "serve", "luigid")


def arguments(service: dn.Service) -> dict[str, str]:
    """The options of a command by name."""
    return dict(zip(service.command[1::2], service.command[2::2], strict=True))


def described(project: Path, **options: Any) -> dn.Service:
    return luigid(LuigidOptions(directory=project, **options))


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


@pytest.fixture
def on_port(project: Path, port: int) -> int:
    """A port that the project's luigi.cfg has clients look for luigid at."""
    (project / "luigi.cfg").write_text(f"[core]\ndefault-scheduler-host=127.0.0.1\ndefault-scheduler-port={port}\n")
    return port


@pytest.fixture
def quiet() -> Callable[[str, str], None]:
    return lambda name, line: None


def asked(port: int, method: str, **data: Any) -> Any:
    """What luigid answers."""
    url = f"http://127.0.0.1:{port}/api/{method}?data={urllib.request.quote(json.dumps(data))}"  # type: ignore[attr-defined]
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)["response"]


# What it is


def test_without_a_native_file_it_is_luigids_own_port_and_a_state_of_the_project(project: Path) -> None:
    service = described(project)
    assert arguments(service) == {
        "--address": "127.0.0.1",
        "--port": "8082",
        "--state-path": str(project / ".luigid/state.pickle"),
    }
    assert (service.ports, service.config_files, service.env) == ([8082], [], {})
    assert service.state == [project / ".luigid"]
    assert not (project / ".luigid").exists()


@pytest.mark.parametrize("key", ["default-scheduler-port", "default_scheduler_port"])
def test_the_port_is_where_clients_look_for_it(project: Path, key: str) -> None:
    (project / "luigi.cfg").write_text(f"[core]\n{key}=9\n")
    service = described(project)
    assert (service.ports, service.ready) == ([9], "http://127.0.0.1:9/api/is_paused")
    assert service.env == {"LUIGI_CONFIG_PATH": str(project / "luigi.cfg")}


def test_another_port_than_clients_look_for_is_said(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    (project / "luigi.cfg").write_text("[core]\ndefault-scheduler-port=9\n")
    assert described(project, port=10).ports == [10]
    assert "services.luigid.port is 10, and clients of" in caplog.text
    assert "look for luigid at 9" in caplog.text


def test_the_state_is_where_luigis_own_file_has_it(project: Path) -> None:
    (project / "luigi.cfg").write_text("[scheduler]\nstate-path=/srv/luigi.pickle\n")
    assert "--state-path" not in arguments(described(project))
    own = arguments(described(project, state_directory=project / "own"))
    assert own["--state-path"] == str(project / "own/state.pickle")


def test_a_toml_file_is_luigis_configuration_too(project: Path) -> None:
    (project / "luigi.toml").write_text("[core]\ndefault_scheduler_port = 9\n")
    service = described(project)
    assert service.ports == [9]
    assert service.env == {"LUIGI_CONFIG_PATH": str(project / "luigi.toml"), "LUIGI_CONFIG_PARSER": "toml"}


def test_the_variable_names_the_native_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "other.cfg").write_text("[core]\ndefault-scheduler-port=9\n")
    monkeypatch.setenv("LUIGI_CONFIG_PATH", "other.cfg")
    assert described(project).config_files == [project / "other.cfg"]


def test_a_native_file_that_is_not_there_is_named_with_who_names_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match=r"services\.luigid\.config = .*no\.cfg: there is no such file"):
        described(project, config=project / "no.cfg")
    monkeypatch.setenv("LUIGI_CONFIG_PATH", "no.cfg")
    with pytest.raises(ConfigurationError, match=r"LUIGI_CONFIG_PATH = no\.cfg: there is no such file"):
        described(project)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("[core", "no configuration that Luigi can read"), ("[core]\ndefault-scheduler-port=x\n", "must be a number")],
)
def test_a_native_file_that_cannot_be_read_is_named(project: Path, text: str, wrong: str) -> None:
    (project / "luigi.cfg").write_text(text)
    with pytest.raises(ConfigurationError, match=rf"luigi\.cfg.*{wrong}"):
        described(project)


def test_the_program_may_be_of_another_environment(project: Path) -> None:
    (project / "env/bin").mkdir(parents=True)
    assert described(project, executable=project / "env").command[0] == str(project / "env/bin/luigid")
    assert described(project, executable=project / "luigid").command[0] == str(project / "luigid")


# Up, used, down


def test_a_run_uses_it_and_its_state_outlives_it(project: Path, on_port: int, quiet, monkeypatch) -> None:
    monkeypatch.setenv("DATANECTAR_ORCHESTRATOR", "luigi")
    with dn.serve("luigid", output=quiet) as up:
        monkeypatch.setenv("DATANECTAR_ORCHESTRATORS__LUIGI__SCHEDULER", up["luigid"].url)
        with dn.settings():
            dn.run(steps.number(1))
        assert len(asked(on_port, "task_list", status="DONE", upstream_status="")) == 1
    with dn.serve("luigid", output=quiet):
        assert len(asked(on_port, "task_list", status="DONE", upstream_status="")) == 1
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", on_port))


def test_nobody_elses_address_reaches_it(on_port: int, quiet) -> None:
    with dn.serve("luigid", output=quiet) as up:
        listening = [it.laddr.ip for it in psutil.net_connections("tcp") if it.pid == up["luigid"].pid and not it.raddr]
    assert listening == ["127.0.0.1"]


def test_a_second_serve_uses_the_first_ones_and_leaves_it(on_port: int, quiet) -> None:
    with dn.serve("luigid", output=quiet) as first:
        with dn.serve("luigid", output=quiet) as second:
            assert second["luigid"].pid == first["luigid"].pid
            assert not second["luigid"].started
        assert asked(on_port, "is_paused") == {"paused": False}


def test_a_luigid_that_somebody_started_by_hand_is_named(on_port: int, quiet, project: Path) -> None:
    with dn.serve("luigid", output=quiet) as up:
        pid = up["luigid"].pid
        (project / "elsewhere").mkdir()
        (project / "elsewhere/datanectar.toml").write_text(f"[services.luigid]\nport = {on_port}\n")
        os.chdir(project / "elsewhere")
        try:
            with pytest.raises(PortTaken, match=rf"luigid: port {on_port} is taken by pid {pid} \(luigid\)"):
                dn.serve("luigid", output=quiet)
        finally:
            os.chdir(project)


def test_killed_the_command_leaves_no_luigid_behind(on_port: int) -> None:
    with subprocess.Popen([*SERVE], stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout is not None
        while "Ctrl-C stops them" not in command.stdout.readline():
            assert command.poll() is None
        (server,) = (it.pid for it in psutil.net_connections("tcp") if it.laddr.port == on_port and not it.raddr)
        left = psutil.Process(server)
        command.send_signal(signal.SIGKILL)
        left.wait(30)


# Elsewhere in Datanectar


def test_tests_have_one_of_their_own(services, project: Path) -> None:  # noqa: F811
    (project / "datanectar.toml").write_text("[services.luigid]\nport = 8082\n")
    own = services("luigid")["luigid"]
    assert own.ports != (8082,)
    assert asked(own.ports[0], "is_paused") == {"paused": False}
    assert not (project / ".luigid").exists()
    assert services("luigid")["luigid"].pid == own.pid


def test_doctor_tells_its_version_its_file_and_its_port(on_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    from importlib.metadata import version

    from datanectar.cli.application import invoke

    invoke(["doctor"])
    told = [line.split("\t")[2] for line in capsys.readouterr().out.splitlines() if "\tservice luigid\t" in line]
    assert told[0].endswith(f"luigid, luigi {version('luigi')}")
    assert told[1].endswith("luigi.cfg: read")
    assert told[2] == f"port {on_port}: free"
