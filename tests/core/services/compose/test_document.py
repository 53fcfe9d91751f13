"""What a Compose file says of services."""

from pathlib import Path

import pytest

from datanectar.errors import ConfigurationError
from datanectar.records import Service


def test_each_service_is_a_container_of_its_own(composed, service) -> None:
    other = Service(name="feast", command=["feast", "serve"], requirements=["feast"])
    assert list(composed(service(), other)["services"]) == ["luigid", "feast"]


@pytest.mark.parametrize(
    ("project", "name"),
    [("flights", "flights"), ("Flight ETA (2013)", "flight-eta-2013"), ("_x", "x"), ("航班", "project")],
)
def test_the_project_has_a_name_that_compose_allows(composed, service, project: str, name: str) -> None:
    assert composed(service(), project=project)["name"] == name


def test_native_files_are_mounted_to_be_read_only(composed, service, root) -> None:
    (mount,) = composed(service(config_files=[root / "luigi.cfg"]))["services"]["luigid"]["volumes"]
    assert mount == {
        "type": "bind",
        "source": "./luigi.cfg",
        "target": "/project/luigi.cfg",
        "read_only": True,
        "bind": {"create_host_path": False},
    }


def test_data_is_mounted_to_be_written(composed, service, root) -> None:
    (mount,) = composed(service(data=[root / "data"]))["services"]["luigid"]["volumes"]
    assert (mount["type"], mount["source"], mount["target"]) == ("bind", "./data", "/project/data")
    assert "read_only" not in mount


def test_state_is_a_volume(composed, service, root) -> None:
    found = composed(service(state=[root / "state", root / "old/state", root / "a b", root / ".hidden"]))
    assert [mount["source"] for mount in found["services"]["luigid"]["volumes"]] == list(found["volumes"])
    assert list(found["volumes"]) == ["luigid.state", "luigid.state-2", "luigid.a-b", "luigid.hidden"]


def test_services_whose_names_run_together_have_volumes_of_their_own(composed, root) -> None:
    first = Service(name="a", command=["a"], requirements=["a"], state=[root / "b-c"])
    second = Service(name="a-b", command=["a"], requirements=["a"], state=[root / "c"])
    assert len(composed(first, second)["volumes"]) == 2


def test_mounts_are_named_from_where_the_file_is(composed, service, root) -> None:
    file = root / "luigi.cfg"
    sources = [
        composed(service(config_files=[file]), folder=folder)["services"]["luigid"]["volumes"][0]["source"]
        for folder in (root, root / "deploy", root.parent)
    ]
    assert sources == ["./luigi.cfg", "../luigi.cfg", "./flights/luigi.cfg"]


def test_what_is_named_twice_is_mounted_once(composed, service, root) -> None:
    both = service(config_files=[root / "x", root / "x"], data=[root / "x"])
    (mount,) = composed(both)["services"]["luigid"]["volumes"]
    assert mount["read_only"]


def test_ports_are_published_at_this_machine_alone(composed, service) -> None:
    assert composed(service(ports=[8082, 8083]))["services"]["luigid"]["ports"] == [
        "127.0.0.1:8082:8082",
        "127.0.0.1:8083:8083",
    ]


@pytest.mark.parametrize(("stop_seconds", "period"), [(10, "30s"), (45.5, "46s")])
def test_a_service_may_take_its_time_to_end(composed, service, stop_seconds: float, period: str) -> None:
    assert composed(service(stop_seconds=stop_seconds))["services"]["luigid"]["stop_grace_period"] == period


def test_containers_may_do_little(composed, service) -> None:
    found = composed(service())["services"]["luigid"]
    assert found["user"] == "${DATANECTAR_UID:?run datanectar compose}:${DATANECTAR_GID:?run datanectar compose}"
    assert (found["cap_drop"], found["security_opt"]) == (["ALL"], ["no-new-privileges:true"])
    assert (found["init"], found["restart"]) == (True, "unless-stopped")


def test_secrets_are_references_that_have_to_be_set(composed, service) -> None:
    found = composed(service(secrets=["TOKEN"], env={"TOKEN": "by mistake"}))["services"]["luigid"]
    assert found["environment"]["TOKEN"] == "${TOKEN:?set it in .env}"


def test_variables_that_native_files_name_are_passed_on_and_have_to_be_set(composed, service) -> None:
    found = composed(service(variables=["PG_HOST"], image="acme"))["services"]["luigid"]
    assert found["environment"] == {"PG_HOST": "${PG_HOST:?set it in .env}"}


def test_a_secret_needs_the_name_of_a_variable(composed, service) -> None:
    with pytest.raises(ConfigurationError, match="'MY-TOKEN' is no name of a variable"):
        composed(service(secrets=["MY-TOKEN"]))


def test_what_compose_would_replace_is_meant_as_it_is(composed, service, root) -> None:
    found = composed(service("luigid", "$HOME", env={"A": "${B}"}, data=[root / "$x"]))["services"]["luigid"]
    assert found["command"] == ["luigid", "$$HOME"]
    assert found["environment"]["A"] == "$${B}"
    assert found["volumes"][0]["source"] == "./$$x"


def test_an_image_of_python_has_a_home_to_write_to_and_shows_what_is_printed_at_once(composed, service) -> None:
    found = composed(service(env={"HOME": "/project"}))["services"]["luigid"]["environment"]
    assert found == {"HOME": "/project", "PYTHONUNBUFFERED": "1"}
    assert "environment" not in composed(service(image="acme"))["services"]["luigid"]


def test_a_published_image_runs_the_program_whatever_its_entry_point(composed, service) -> None:
    found = composed(service("/usr/bin/minio", "server", image="minio/minio"))["services"]["luigid"]
    assert (found["entrypoint"], found["command"]) == (["minio"], ["server"])
    assert "command" not in composed(service(image="acme"))["services"]["luigid"]


def test_native_files_outside_the_project_are_named_by_a_relative_path(composed, service) -> None:
    (mount,) = composed(service(config_files=[Path("/home/shared.cfg")]))["services"]["luigid"]["volumes"]
    assert (mount["source"], mount["target"]) == ("../../shared.cfg", "/config/shared.cfg")
