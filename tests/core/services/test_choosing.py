"""Which services there are."""

from pathlib import Path

import pytest

import datanectar as dn
from datanectar.configuration.active import current
from datanectar.errors import ConfigurationError, PluginNotFoundError
from datanectar.services.choosing import choose

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
UNFIT = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Options:
    port: int = 0

def service(options):
    raise dn.errors.ConfigurationError("unfit.yaml is missing")

@dn.hookimpl
def datanectar_services():
    yield dn.ServiceType(name="unfit", factory=service, options=Options, summary="A test")
"""


def write(text: str) -> None:
    Path("datanectar.toml").write_text(text)


def chosen(*names: str) -> list[str]:
    return [service.name for service in choose(current(), names).services]


def test_those_of_plugins_come_first_then_the_rows(install) -> None:
    install("datanectar-acme", PLUGIN)
    write('[services.b]\ncommand = "b"\n[services.a]\ncommand = "a"')
    assert chosen() == ["daemon", "a", "b"]


def test_those_that_are_named_come_in_this_order_and_once(install) -> None:
    install("datanectar-acme", PLUGIN)
    write('[services.a]\ncommand = "a"\n[services.b]\ncommand = "b"')
    assert chosen("b", "daemon", "b") == ["b", "daemon"]


def test_a_table_sets_the_options_of_a_plugins_service(install) -> None:
    install("datanectar-acme", PLUGIN)
    write("[services.daemon]\nport = 9000\n")
    (service,) = choose(current()).services
    assert service.command == ["daemon", "--port", "9000"]


def test_without_a_service_it_says_how_to_get_one() -> None:
    with pytest.raises(PluginNotFoundError, match=r"no service to start\. Describe one in \[services\.NAME\]"):
        dn.serve()


def test_an_unknown_service_is_told_the_nearest_of_plugins(install) -> None:
    install("datanectar-acme", PLUGIN)
    with pytest.raises(PluginNotFoundError, match="unknown service 'demon'; did you mean 'daemon'"):
        dn.serve("demon")


def test_an_unknown_service_is_told_the_nearest_row() -> None:
    write('[services.broker]\ncommand = "broker"')
    with pytest.raises(PluginNotFoundError, match="unknown service 'brokr'; did you mean 'broker'"):
        dn.serve("brokr")


def test_an_unknown_service_is_told_those_that_are_installed(install) -> None:
    install("datanectar-acme", PLUGIN)
    with pytest.raises(PluginNotFoundError, match=r"unknown service 'xyz'\. Installed: daemon"):
        dn.serve("xyz")


@pytest.mark.parametrize("names", [(), ("luigid",)])
def test_a_service_of_ours_that_is_not_installed_says_how_to_install_it(names: tuple[str, ...]) -> None:
    write("[services.luigid]\nport = 8082")
    with pytest.raises(PluginNotFoundError, match="'luigid' is not installed: pip install datanectar-luigi"):
        dn.serve(*names)


def test_a_service_of_ours_that_is_not_installed_may_be_a_row() -> None:
    write('[services.luigid]\ncommand = "my-luigid"')
    (service,) = choose(current()).services
    assert service.command == ["my-luigid"]


def test_a_wrong_option_of_a_plugins_service_is_named_with_its_line(install) -> None:
    install("datanectar-acme", PLUGIN)
    write("[services.daemon]\nprot = 9000\n")
    with pytest.raises(ConfigurationError, match=r"unknown option services\.daemon\.prot \(datanectar\.toml:2\)"):
        dn.serve()


def test_what_nobody_asked_for_and_does_not_fit_is_left_out_with_its_reason(install) -> None:
    install("datanectar-acme", UNFIT)
    write('[services.a]\ncommand = "a"')
    found = choose(current())
    assert [service.name for service in found.services] == ["a"]
    assert found.left_out == {"unfit": "unfit.yaml is missing"}


def test_what_does_not_fit_is_an_error_when_asked_for_by_name(install) -> None:
    install("datanectar-acme", UNFIT)
    write('[services.a]\ncommand = "a"')
    with pytest.raises(ConfigurationError, match=r"^unfit\.yaml is missing"):
        choose(current(), ("a", "unfit"))


def test_what_does_not_fit_is_an_error_when_a_table_configures_it(install) -> None:
    install("datanectar-acme", UNFIT)
    write("[services.unfit]\nport = 1")
    with pytest.raises(ConfigurationError, match=r"^unfit\.yaml is missing"):
        choose(current())


def test_when_all_are_left_out_each_reason_is_told(install) -> None:
    install("datanectar-acme", UNFIT)
    with pytest.raises(PluginNotFoundError, match=r"(?s)no service to start.*\n  unfit: unfit\.yaml is missing$"):
        choose(current())
