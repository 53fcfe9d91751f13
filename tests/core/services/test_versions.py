"""Versions of services, in whatever environment they are installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from datanectar.records import Service
from datanectar.services.versions import version


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def service(program: object, distribution: str = "acme-server") -> Service:
    return Service(name="acme", command=[str(program)], distribution=distribution)


@pytest.fixture
def other() -> Path:
    """A program in an environment of its own, which has version 7 of it."""
    environment = Path("other").resolve()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "acme_server-7.dist-info").mkdir()
    (site / "acme_server-7.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: acme-server\nVersion: 7\n")
    return executable(environment / "bin/acme", "#!/bin/sh\n")


def test_a_program_of_this_environment_is_looked_up_here(install) -> None:
    install("acme-server", "", version="5.1")
    program = executable(Path("bin/acme"), "#!/bin/sh\n")
    assert version(service(program.resolve())) == "5.1"


def test_a_program_of_another_environment_is_looked_up_there(install, other: Path) -> None:
    install("acme-server", "", version="5.1")
    assert version(service(other)) == "7"


def test_a_link_to_a_program_is_followed_into_its_environment(other: Path, monkeypatch) -> None:
    Path("bin").mkdir()
    Path("bin/acme").symlink_to(other)
    monkeypatch.setenv("PATH", f"{Path('bin').resolve()}{os.pathsep}{os.environ['PATH']}")
    assert version(service("acme")) == "7"


def test_the_python_of_another_environment_is_one_of_its_programs(other: Path) -> None:
    assert version(service(other.with_name("python"))) == "7"


def test_what_another_environment_does_not_have_is_not_known(install, other: Path) -> None:
    install("other-server", "", version="5.1")
    assert version(service(other, "other-server")) == ""


def test_an_environment_that_does_not_work_knows_nothing() -> None:
    executable(Path("broken/bin/python"), "#!/no/such/python\n")
    assert version(service(executable(Path("broken/bin/acme"), "#!/bin/sh\n").resolve())) == ""


def test_a_program_that_is_not_installed_leaves_what_this_environment_knows(install) -> None:
    install("acme-server", "", version="5.1")
    assert version(service("no-such-program")) == "5.1"


def test_what_is_nowhere_is_not_known() -> None:
    assert version(service("no-such-program")) == ""
    assert version(service(sys.executable)) == ""


def test_a_service_without_a_distribution_has_no_version() -> None:
    assert version(service(sys.executable, "")) == ""
