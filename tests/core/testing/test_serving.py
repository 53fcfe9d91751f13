"""The fixture that starts services for tests."""

import logging
from pathlib import Path

import datanectar as dn
from datanectar.testing import services  # noqa: F401  as a conftest.py may import it

PLUGIN = """
import sys
from dataclasses import dataclass
from pathlib import Path

@dataclass(frozen=True)
class Options:
    port: int = 8082
    state_directory: Path = Path("state")

def service(options):
    return dn.Service(name="web", command=[{python!r}, {server!r}, "web", str(options.port)],
                      ready=f"http://127.0.0.1:{{options.port}}/", ports=[options.port],
                      state=[options.state_directory])

@dn.hookimpl
def datanectar_services():
    yield dn.ServiceType(name="web", factory=service, options=Options, summary="A test")
"""


def plugin(servers) -> str:
    python, server, *_ = servers.command("web", 0)
    return PLUGIN.format(python=python, server=server)


def test_a_plugins_service_has_a_port_of_its_own(install, servers, request) -> None:
    install("acme", plugin(servers))
    Path("datanectar.toml").write_text("[services.web]\nport = 8082\n")
    start = request.getfixturevalue("services")
    up = start("web")["web"]
    assert up.started
    assert up.ports != (8082,)
    assert start("web")["web"] == up
    stop_all(start, "web")


def test_a_row_is_started_as_it_stands(servers, request) -> None:
    port = servers.row("web")
    start = request.getfixturevalue("services")
    assert start("web")["web"].ports == (port,)
    stop_all(start, "web")


def test_what_they_write_is_logged(servers, request, caplog) -> None:
    servers.row("web", "says=good morning")
    start = request.getfixturevalue("services")
    with caplog.at_level(logging.INFO, "datanectar.services"):
        start("web")
    assert "web | good morning" in caplog.messages
    stop_all(start, "web")


def test_an_unknown_one_is_an_error(request) -> None:
    import pytest

    with pytest.raises(dn.errors.PluginNotFoundError, match="unknown service 'web'"):
        request.getfixturevalue("services")("web")


def stop_all(start, *names: str) -> None:
    """Stops what the session would stop at its end: these tests look for what is left behind."""
    start(*names).stop()
