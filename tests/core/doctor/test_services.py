"""What doctor tells of services: program and version, native files, variables, ports."""

import json
import os
import sys
from pathlib import Path

import pytest

import datanectar as dn
from datanectar.doctor import services
from datanectar.services.ports import free_port

PLUGIN = """
@dn.hookimpl
def datanectar_services():
    yield dn.ServiceType(name="web", factory=service, summary="A test")

def service():
    {body}
"""


def told(name: str = "web") -> list[tuple[str, str]]:
    """Status and finding of each line about a service."""
    with dn.settings() as settings:
        return [(it.status, it.found) for it in services.services(settings) if it.check == f"service {name}"]


def row(**options: object) -> None:
    lines = (f"{key} = {json.dumps(value)}" for key, value in {"command": [sys.executable], **options}.items())
    Path("datanectar.toml").write_text("\n".join(["[services.web]", *lines]))


def test_the_program_is_told_with_the_version_of_its_distribution() -> None:
    from importlib.metadata import version

    row(distribution="pluggy")
    assert told() == [("ok", f"{sys.executable}, pluggy {version('pluggy')}")]


def test_a_program_that_is_not_there_is_an_error() -> None:
    row(command=["no-such-program"])
    ((status, found),) = told()
    assert status == "error"
    assert "the program 'no-such-program' is not there" in found


def test_of_a_service_that_nobody_configured_it_is_a_warning(install) -> None:
    install("acme", PLUGIN.format(body='return dn.Service(name="web", command=["no-such-program"])'))
    assert [status for status, _ in told()] == ["warning"]


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("a.toml", "a = 1", "read"),
        ("a.toml", "a =", "Invalid value"),
        ("a.cfg", "[a]\nb = %(c", "read"),
        ("a.ini", "b = 1", "File contains no section headers"),
        ("a.yaml", "a: 1", "read"),
        ("a.yml", "a: [", "while parsing"),
        ("a.json", "{", "Expecting property name"),
        ("a.conf", "{", "read"),
    ],
)
def test_a_native_file_is_read_as_its_name_says(file: str, text: str, problem: str) -> None:
    Path(file).write_text(text)
    row(config_files=[file])
    status, found = told()[1]
    assert status == ("ok" if problem == "read" else "error")
    assert found.startswith(f"{Path(file).absolute()}: {problem}")


def test_a_native_file_that_is_not_there_is_an_error() -> None:
    row(config_files=["no.toml"])
    status, found = told()[1]
    assert (status, "No such file" in found) == ("error", True)


def test_variables_that_are_not_set_are_named_and_no_value_is(monkeypatch) -> None:
    monkeypatch.setenv("IS_SET", "private")
    row(secrets=["IS_SET", "NOT_SET"], variables=["NOR_THIS"])
    assert told()[1:] == [("error", "variables it needs are not set: NOT_SET, NOR_THIS")]


def test_a_port_is_free_or_taken_by_whom(servers) -> None:
    port = free_port()
    row(ports=[port])
    assert told()[1:] == [("ok", f"port {port}: free")]
    pid = servers.begin("other", port)
    status, found = told()[1]
    assert status == "error"
    assert found.startswith(f"web: port {port} is taken by pid {pid} (python")


def test_a_service_of_ours_that_runs_is_no_problem(servers) -> None:
    port = free_port()
    row(ports=[port])
    pid = servers.begin("web", port, DATANECTAR_SERVICE=f"web@{os.getcwd()}")
    assert told()[1:] == [("ok", f"port {port}: it runs, pid {pid}")]


def test_a_server_of_another_version_than_its_clients_is_a_warning() -> None:
    environment = Path("env/bin")
    environment.mkdir(parents=True)
    for name, text in (("web", "#!/bin/sh"), ("python", "#!/bin/sh\necho 0.1")):
        (environment / name).write_text(f"{text}\n")
        (environment / name).chmod(0o755)
    row(command=["env/bin/web"], distribution="pluggy")
    (_, program), (status, found) = told()
    assert program.endswith("env/bin/web, pluggy 0.1")
    assert status == "warning"
    assert found.startswith("the server is pluggy 0.1, and this environment has ")


def test_a_service_that_does_not_fit_the_project_is_fine_unless_it_is_configured(install) -> None:
    install("acme", PLUGIN.format(body='raise dn.errors.ConfigurationError("no model.yaml")'))
    assert told() == [("ok", "not for this project: no model.yaml")]
    Path("datanectar.toml").write_text("[services.web]\n")
    assert told() == [("error", "no model.yaml")]


def test_a_wrong_option_is_an_error() -> None:
    row(prots=[1])
    ((status, found),) = told()
    assert status == "error"
    assert "unknown option services.web.prots (datanectar.toml:3); did you mean 'ports'?" in found
