"""Wheels of core and of two third parties, installed into a clean environment and used from there."""

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CORE = HERE.parents[1] / "packages" / "datanectar-core"
DISTRIBUTIONS = (CORE, HERE / "datanectar-acme", HERE / "datanectar-broken")
BIN = "Scripts" if os.name == "nt" else "bin"

PIPE = """
import datanectar as dn

@dn.task
def numbers(n: int) -> list[int]:
    return list(range(n))

@dn.task(task_type="train_model")
def total(xs: list[int]) -> int:
    return sum(xs)

def pipeline():
    return total(numbers(4))
"""


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the three wheels and what they require."""
    root = tmp_path_factory.mktemp("environment")
    for source in DISTRIBUTIONS:
        copy = root / "sources" / source.name  # building must not leave anything in the checkout
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", "build", "dist"))
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", root / "wheels", copy]
        subprocess.run(build, check=True, capture_output=True)
    venv.create(root / "venv", with_pip=True)
    python = root / "venv" / BIN / "python"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *sorted((root / "wheels").glob("*.whl"))], check=True, capture_output=True)
    return root / "venv" / BIN


@pytest.fixture
def datanectar(environment: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the installed command in the working directory, which has a module of tasks."""
    Path("pipe.py").write_text(PIPE)

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [environment / "datanectar", *arguments]
        return subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True)

    return run


def test_both_plugins_are_listed_with_what_became_of_them(datanectar) -> None:
    done = datanectar("plugins", "--json")
    assert done.returncode == 0
    builtin, acme, broken = json.loads(done.stdout)
    assert (builtin["name"], builtin["status"]) == ("builtin", "ok")
    assert acme == {
        "name": "acme",
        "distribution": "datanectar-acme",
        "version": "1.2",
        "status": "ok",
        "brings": ["storage vault"],
        "error": "",
    }
    assert (broken["status"], broken["error"]) == ("failed", "No module named 'sdk_that_is_not_there'")
    assert "plugin 'broken' of datanectar-broken 0.3 failed to load" in done.stderr


def test_listing_imports_no_backend(environment) -> None:
    look = (
        "import sys; from datanectar.cli.application import invoke; invoke(['plugins'])\n"
        "print('datanectar_acme.plugin' in sys.modules, 'datanectar_acme.storage' in sys.modules)"
    )
    shown = subprocess.run([environment / "python", "-c", look], check=True, capture_output=True, text=True).stdout
    assert shown.splitlines()[-1] == "True False"


def test_what_is_disabled_is_not_imported(environment, monkeypatch) -> None:
    monkeypatch.setenv("DATANECTAR_DISABLE_PLUGINS", "datanectar-acme, broken")
    look = (
        "import sys; from datanectar.cli.application import invoke; invoke(['plugins'])\n"
        "print(any(name.startswith(('datanectar_acme', 'datanectar_broken')) for name in sys.modules))"
    )
    done = subprocess.run([environment / "python", "-c", look], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "False"
    assert done.stdout.count("disabled by DATANECTAR_DISABLE_PLUGINS") == 2


@pytest.mark.parametrize("options", [["--storage-layer", "safe"], ["--profile", "acme"]])
def test_its_storage_is_used_by_what_it_sets_up(datanectar, options: list[str]) -> None:
    assert datanectar("run", "pipe:pipeline", *options, "--quiet").stdout == "6\n"
    assert Path("acme.db").is_file()
    assert not Path(".datanectar").exists()
    assert "\nstored already: train_model/none/total/" in datanectar("run", "pipe:pipeline", *options).stderr
    listed = datanectar("ls", *options).stdout
    assert [line.split("\t")[0].rpartition("/")[0] for line in listed.splitlines()] == [
        "task/none/numbers",
        "train_model/none/total",
    ]


def test_its_storage_is_used_by_url(datanectar, tmp_path) -> None:
    url = f"vault://{tmp_path}/by-url.db"
    assert datanectar("run", "pipe:pipeline", "--quiet", DATANECTAR_STORAGE_LAYER=url).stdout == "6\n"
    assert (tmp_path / "by-url.db").is_file()


def test_the_clients_file_wins_over_its_defaults(datanectar) -> None:
    Path("datanectar.toml").write_text(
        'profile = "acme"\n[storage.safe]\ntype = "vault"\npath = "client.db"\npassword = "hush"\n'
        '[[policies]]\ntask_type = "train_model"\nretries = 0\n'
    )
    assert datanectar("run", "pipe:pipeline", "--quiet").stdout == "6\n"
    assert (Path("client.db").is_file(), Path("acme.db").exists()) == (True, False)
    shown = datanectar("config", "show").stdout.splitlines()
    assert "profiles.acme.storage_layer\tsafe\tpackage datanectar-acme 1.2" in shown
    assert "storage.safe.path\tclient.db\tdatanectar.toml:4" in shown
    assert "storage.safe.password\t***\tdatanectar.toml:5" in shown
    assert "policies[0].retries\t2\tpackage datanectar-acme 1.2" in shown
    assert "policies[1].retries\t0\tdatanectar.toml:8" in shown


def test_using_what_is_broken_says_why_and_all_else_works(datanectar) -> None:
    Path("datanectar.toml").write_text('[storage.x]\ntype = "broken"\n')
    done = datanectar("run", "pipe:pipeline", "--storage-layer", "x")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "plugin load error: storage 'broken' is installed (datanectar-broken 0.3) but failed to load: "
        "No module named 'sdk_that_is_not_there'"
    )
    assert datanectar("run", "pipe:pipeline", "--quiet").stdout == "6\n"


def test_what_is_disabled_says_so_when_it_is_used(datanectar) -> None:
    done = datanectar("ls", "--storage-layer", "vault://x.db", DATANECTAR_DISABLE_PLUGINS="acme")
    assert done.returncode == 2
    assert "unknown storage 'vault'. Installed: local, memory. " in done.stderr
    assert "plugin 'acme' of datanectar-acme 1.2 is disabled by DATANECTAR_DISABLE_PLUGINS" in done.stderr


def test_check_plugin_says_what_is_right_and_what_is_wrong(environment) -> None:
    look = "import sys; from datanectar.testing import check_plugin; print(check_plugin(sys.argv[1]).brings)"
    good, bad = (
        subprocess.run([environment / "python", "-c", look, name], capture_output=True, text=True)
        for name in ("acme", "broken")
    )
    assert (good.stdout, good.stderr) == ("('storage vault',)\n", "")
    assert bad.stderr.splitlines()[-2:] == [
        "datanectar.errors.PluginError: plugin 'broken' of datanectar-broken 0.3 breaks 1 rule:",
        "  1. datanectar_broken.plugin cannot be imported: ModuleNotFoundError: "
        "No module named 'sdk_that_is_not_there'",
    ]
