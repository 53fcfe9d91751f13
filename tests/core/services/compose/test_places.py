"""Paths, programs and addresses of this machine, as a container has them."""

from pathlib import Path

import pytest

from datanectar.services.compose.places import Places


@pytest.mark.parametrize("program", ["luigid", "/opt/venv/bin/luigid", "/home/you/flights/.venv/bin/luigid"])
def test_a_program_is_called_by_its_file_name(service, root, program: str) -> None:
    assert Places(service(program), root).program() == "luigid"


def test_a_program_that_is_mounted_is_called_where_it_is(service, root) -> None:
    mounted = service("/home/you/flights/serve.py", config_files=[root / "serve.py"])
    assert Places(mounted, root).program() == "/project/serve.py"


def test_a_program_on_the_path_is_not_taken_for_a_directory_of_its_name(service, root, monkeypatch) -> None:
    monkeypatch.setattr("os.path.abspath", lambda path: str(root / path))
    assert Places(service("feast", data=[root / "feast"]), root).program() == "feast"


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("/home/you/flights", "/project"),
        ("/home/you/flights/luigi.cfg", "/project/luigi.cfg"),
        ("--state=/home/you/flights/state/s", "--state=/project/state/s"),
        ("sqlite:////home/you/flights/mlruns.db", "sqlite:////project/mlruns.db"),
        ("/home/you/flights/a:/home/you/flights/b", "/project/a:/project/b"),
        ("/home/you/flights-2/a", "/home/you/flights-2/a"),
        ("/home/you/flights.old", "/home/you/flights.old"),
        ("/mnt/home/you/flights", "/mnt/home/you/flights"),
        ("/etc/luigi/luigi.cfg", "/config/luigi.cfg"),
        ("/etc/luigi", "/config"),
        ("--chdir=/etc/luigi", "--chdir=/config"),
        ("/etc/luigi/other", "/etc/luigi/other"),
        ("/etc/luigi/luigi.cfg.bak", "/etc/luigi/luigi.cfg.bak"),
        ("/srv/shared/x", "/data/shared/x"),
        ("/var/lib/luigi/state", "/state/luigi/state"),
        ("./state", "./state"),
        ("--port", "--port"),
    ],
)
def test_paths_of_the_project_and_of_what_is_mounted_are_moved(service, root, here: str, there: str) -> None:
    places = Places(
        service(
            "luigid",
            here,
            config_files=[Path("/etc/luigi/luigi.cfg")],
            data=[Path("/srv/shared")],
            state=[Path("/var/lib/luigi")],
        ),
        root,
    )
    assert places.arguments() == [there]
    assert places.text(here) == there


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("127.0.0.1", "0.0.0.0"),
        ("--address=127.0.0.1", "--address=0.0.0.0"),
        ("127.0.0.1:8082", "0.0.0.0:8082"),
        ("--bind=127.0.0.1:8082", "--bind=0.0.0.0:8082"),
        ("http://127.0.0.1:8082", "http://127.0.0.1:8082"),
        ("127.0.0.10", "127.0.0.10"),
        ("127.0.0.1/8", "127.0.0.1/8"),
    ],
)
def test_an_address_to_listen_on_is_one_that_is_reached_from_outside(service, root, here: str, there: str) -> None:
    assert Places(service("luigid", here), root).arguments() == [there]


def test_what_is_outside_beside_a_native_file_stays_beside_it(service, root) -> None:
    places = Places(
        service(config_files=[Path("/srv/features/feature_store.yaml")], data=[Path("/srv/features/data")]), root
    )
    assert places.path(Path("/srv/features/data")) == "/config/data"
    assert places.working_directory() == "/config"


def test_two_native_files_of_one_name_are_at_two_places(service, root) -> None:
    first, second = Path("/etc/a/luigi.cfg"), Path("/etc/b/luigi.cfg")
    places = Places(service(config_files=[first, second]), root)
    assert [places.path(first), places.path(second)] == ["/config/luigi.cfg", "/config/2/luigi.cfg"]


def test_the_working_directory_is_moved(service, root) -> None:
    assert Places(service(), root).working_directory() == "/project"
    assert Places(service(config_files=[root / "features/f.yaml"]), root).working_directory() == "/project/features"
    assert Places(service(directory=root / "a" / ".." / "b"), root).working_directory() == "/project/b"


def test_a_working_directory_outside_has_a_place_and_what_is_below_stays_below(service, root) -> None:
    places = Places(
        service("feast", "--chdir=/srv/repo", directory=Path("/srv/repo"), data=[Path("/srv/repo/x")]), root
    )
    assert places.working_directory() == "/work/repo"
    assert places.path(Path("/srv/repo/x")) == "/work/repo/x"
    assert places.arguments() == ["--chdir=/work/repo"]


def test_a_path_is_known_in_the_spelling_that_a_plugin_has_it_in(service, root) -> None:
    state, repo = root / "../state", root / "../repo"
    places = Places(service("luigid", f"{state}/x", str(repo), directory=repo, state=[state]), root)
    assert places.arguments() == ["/state/state/x", "/work/repo"]


def test_in_a_project_at_the_top_only_what_is_mounted_is_moved(service) -> None:
    places = Places(service("luigid", "/a/b", "/a/luigi.cfg", config_files=[Path("/a/luigi.cfg")]), Path("/"))
    assert places.arguments() == ["/a/b", "/config/luigi.cfg"]
