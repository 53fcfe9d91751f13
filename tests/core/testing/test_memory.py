"""The fixture as clients use it, in a project whose settings would lead a test elsewhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import datanectar as dn
from datanectar.layer.signing import key_path
from datanectar.testing import memory_store  # noqa: F401  as a conftest.py may import it


class Model:
    pass


@dn.task(storage_layer="real")
def numbers(n: int = 3) -> list[int]:
    return list(range(n))


@dn.task(task_type="train_model")
def model(numbers: list[int]) -> Model:
    return Model()


@pytest.fixture
def led_astray(monkeypatch):
    """Settings that would let a test write to a real store, run on an engine, and sign with a key of the team."""
    Path("datanectar.toml").write_text(
        'profile = "prod"\nsigning_keys = ["env:ABSENT"]\n[storage.real]\ntype = "local"\npath = "real"\n'
        '[profiles.prod]\nstorage_layer = "real"\norchestrator = "luigi"\nworkers = 8\n'
        '[[policies]]\ntask_type = "train_model"\nstorage_layer = "real"\n'
        '[[policies]]\ntask = "numbers"\nserializer = "pickle"\n'
    )
    for word, text in {"STORAGE_LAYER": "real", "WORKERS": "4", "SIGNING_KEY": "short", "PROJECT": "mine"}.items():
        monkeypatch.setenv(f"DATANECTAR_{word}", text)


def test_a_pipeline_is_tested_in_three_lines(memory_store) -> None:  # noqa: F811
    made = model(numbers())
    assert isinstance(dn.run(made), Model)


def test_nothing_outside_is_touched_or_has_a_say(led_astray, memory_store) -> None:  # noqa: F811
    made = model(numbers())
    dn.run(made)
    assert isinstance(made.load(), Model)
    assert {made.uri, numbers().uri} == {memory_store.uri(name) for name in memory_store.list()}
    assert not Path("real").exists()
    assert not key_path().exists()


def test_the_clients_other_choices_hold(led_astray, memory_store) -> None:  # noqa: F811
    dn.run(numbers())
    assert memory_store.manifest(numbers().name).value["serializer"] == "pickle"


def test_the_store_is_kept_by_blocks_inside_the_test(memory_store) -> None:  # noqa: F811
    dn.run(numbers())
    with dn.settings(project="other"):
        assert dn.storage_layer() is memory_store
        assert [step.status for step in dn.plan(numbers())] == ["cached"]


# As a client enables it


CLIENT = """
import os

import pytest

import datanectar as dn

@dn.task
def numbers(n: int = 3) -> list[int]:
    return list(range(n))

@pytest.mark.parametrize("round", range(4))
def test_the_store_is_empty(memory_store, round):
    assert list(memory_store.list()) == []
    dn.run(numbers())
    assert list(memory_store.list()) == [numbers().name]
    assert "DATANECTAR_PROJECT" not in os.environ

def test_what_was_set_before_is_set_again():
    assert os.environ["DATANECTAR_PROJECT"] == "mine"
    assert dn.storage_layer().backend.url.startswith("file:")
"""


@pytest.mark.parametrize("options", [[], ["-p", "xdist", "-n", "2"]], ids=["alone", "in processes"])
def test_each_test_has_a_store_of_its_own(options: list[str]) -> None:
    Path("conftest.py").write_text('pytest_plugins = ["datanectar.testing"]')
    Path("test_client.py").write_text(CLIENT)
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", *options]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "DATANECTAR_PROJECT": "mine"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines()[-1].startswith("5 passed"), done.stdout + done.stderr


def test_pytest_is_imported_by_nothing_else() -> None:
    look = (
        "import sys; import datanectar as dn; [getattr(dn, name) for name in dn.__all__];"
        "import datanectar.cli.application; assert 'pytest' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", look], check=True)
