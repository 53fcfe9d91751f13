"""What containers are made from."""

import sys

import pytest

from datanectar.errors import ConfigurationError
from datanectar.records import Service
from datanectar.services.compose import images
from datanectar.services.compose.images import image


def test_a_published_image_is_used_as_it_is(service) -> None:
    assert image(service(image="acme/luigid:3"), ["/project/state"], "/project") == {"image": "acme/luigid:3"}


def test_else_the_version_that_is_installed_is_installed_in_the_python_that_runs(service, monkeypatch) -> None:
    monkeypatch.setattr(images, "version", lambda service: "3.7.1")
    built = image(service(distribution="luigi", requirements=["boto3<2"]), ["/project/state"], "/project")
    assert built["build"]["dockerfile_inline"].splitlines() == [
        f"FROM python:{sys.version_info.major}.{sys.version_info.minor}-slim",
        "RUN pip install --no-cache-dir luigi==3.7.1 'boto3<2'",
        "RUN install -d -m 1777 /project/state",
        "WORKDIR /project",
    ]


def test_a_version_that_nobody_knows_is_left_open(service) -> None:
    built = image(service(distribution="no-such-thing", requirements=[]), [], "/project")
    assert "RUN pip install --no-cache-dir no-such-thing\n" in built["build"]["dockerfile_inline"]


def test_without_state_no_directory_is_made(service) -> None:
    assert "install -d" not in image(service(), [], "/project")["build"]["dockerfile_inline"]


def test_directories_with_signs_of_the_shell_and_of_docker_are_quoted(service) -> None:
    lines = image(service(), ["/project/a $b"], "/project/a $b")["build"]["dockerfile_inline"].splitlines()
    assert lines[-2:] == ["RUN install -d -m 1777 '/project/a $b'", r"WORKDIR /project/a \$b"]


def test_without_anything_to_install_it_says_what_to_set() -> None:
    nothing = Service(name="own", command=["own"])
    with pytest.raises(ConfigurationError, match=r"set `image`, .* or `requirements`, .* in \[services\.own\]"):
        image(nothing, [], "/project")
