from pathlib import Path

import pytest

import datanectar as dn
from datanectar.errors import ConfigurationError, PluginNotFoundError, UnsupportedError

PLUGIN = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Options:
    port: int = 8082

def service(options):
    return dn.Service(name="daemon", command=["daemon", "--port", str(options.port)], ready="http://127.0.0.1/")

@dn.hookimpl
def datanectar_services():
    yield dn.ServiceType(name="daemon", factory=service, options=Options, summary="A test")
"""


def test_without_a_service_it_says_so() -> None:
    with pytest.raises(PluginNotFoundError, match="no installed plugin brings a service"):
        dn.serve()


@pytest.mark.parametrize("names", [(), ("daemon",)])
def test_what_cannot_be_started_yet_says_how_to_start_it(install, names: tuple[str, ...]) -> None:
    install("datanectar-acme", PLUGIN)
    Path("datanectar.toml").write_text("[services.daemon]\nport = 9000\n")
    with pytest.raises(UnsupportedError, match=r"start them yourself:\n  daemon --port 9000$"):
        dn.serve(*names)


def test_an_unknown_service_is_told_the_nearest(install) -> None:
    install("datanectar-acme", PLUGIN)
    with pytest.raises(PluginNotFoundError, match="unknown service 'demon'; did you mean 'daemon'"):
        dn.serve("demon")


def test_a_wrong_option_of_a_service_is_named(install) -> None:
    install("datanectar-acme", PLUGIN)
    Path("datanectar.toml").write_text("[services.daemon]\nprot = 9000\n")
    with pytest.raises(ConfigurationError, match=r"unknown option services\.daemon\.prot \(datanectar\.toml:2\)"):
        dn.serve()
