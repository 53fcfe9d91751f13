"""What is code of the project: by import name, never by how it is installed."""

import sys
from pathlib import Path

import pytest

from datanectar.tasks.project import Project


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with two modules and a package; a library, and an installed package of the project."""
    for file in (
        "project/pipeline.py",
        "project/features.py",
        "project/lib/__init__.py",
        "env/site-packages/acme/__init__.py",
        "env/site-packages/shared/__init__.py",
    ):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text("")
    for folder in ("project", "env/site-packages"):
        monkeypatch.syspath_prepend(str(Path(folder).absolute()))


@pytest.mark.parametrize(
    ("module", "has"),
    [("pipeline", True), ("features", True), ("lib", True), ("lib.deep.er", True), ("acme", False), ("json", False)],
)
def test_what_stands_beside_a_tasks_module_is_of_its_project(places, module: str, has: bool) -> None:
    assert Project("pipeline").has(module) is has


def test_of_a_package_so_is_all_of_it_and_what_stands_beside_it(places) -> None:
    project = Project("lib.deep.er")
    assert project.has("lib.other")
    assert project.has("pipeline")
    assert not project.has("acme")


def test_beside_an_installed_package_stands_nothing(places) -> None:
    project = Project("shared.tasks")
    assert project.has("shared.helpers")
    assert not project.has("acme")


def test_a_shared_package_that_is_named_counts_wherever_it_is(places) -> None:
    assert not Project("pipeline").has("shared")
    assert Project("pipeline", ("shared",)).has("shared.helpers")


def test_a_script_has_the_modules_beside_it(places, monkeypatch: pytest.MonkeyPatch) -> None:
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "__file__", str(Path("project/run.py").absolute()), raising=False)
    monkeypatch.setattr(main, "__spec__", None)
    project = Project("__main__")
    assert project.has("__main__")
    assert project.has("features")
    assert not project.has("acme")


def test_what_is_not_there_or_has_no_name_is_none_of_it(places) -> None:
    assert not Project("pipeline").has("no_such_module")
    assert not Project("pipeline").has(None)
