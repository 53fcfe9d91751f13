"""Golden names of trees of the corpus: the same on every Python, with any hash seed, in scripts and in workers.

`python tests/core/tasks/test_corpus_golden.py` prints them. As in test_golden_names.py, a failure means that artifacts
that users have stored would be computed again.
"""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import datanectar

#: Names of pairs; it is the trees before that are named.
SELECTED = (
    "a_base_that_super_reaches_counts",
    "a_constant_counts_by_value_a_frozen_set",
    "a_function_that_a_function_closes_over_counts",
    "a_helper_in_an_f_string_counts",
    "a_table_of_functions_counts_by_its_order",
    "all_of_a_plain_pipeline_can_be_followed",
)
GOLDEN: dict[str, str] = {
    "a_base_that_super_reaches_counts": "task/none/task/g4nsdwl7f6io6az5qoqc5jo2a6",
    "a_constant_counts_by_value_a_frozen_set": "task/none/task/pbz7xae2blk5zhko4g4ii7jgp3",
    "a_function_that_a_function_closes_over_counts": "task/none/task/t6khjosyxv6vuznmy7acvu7vz3",
    "a_helper_in_an_f_string_counts": "task/none/task/doxi633s5yz3rnys3tyq5dv5zw",
    "a_table_of_functions_counts_by_its_order": "task/none/task/i2rworyqjot7mp7rsbaff6niat",
    "all_of_a_plain_pipeline_can_be_followed": "task/none/task/dblogwyfzrn2hwhvwe2ibhmgwo",
}
VERSIONS = ("3.11", "3.12", "3.13")
SEEDS = ("0", "1", "2")
NAME = "\n\nif __name__ == '__main__':\n    print(task().name)\n"
WORKER = """
import multiprocessing

import pipeline


def name(_):
    return pipeline.task().name


if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(*pool.map(name, [None]))
"""


def interpreter(version: str) -> str | None:
    """Finds a Python of a version: this one, on the PATH, or one that pyenv has installed."""
    root = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    installed = sorted(root.glob(f"versions/{version}.*/bin/python{version}"))
    for python in [sys.executable, shutil.which(f"python{version}"), *map(str, installed)]:
        if python is not None:
            asked = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
            said = subprocess.run(asked, capture_output=True, text=True, check=False)
            if said.returncode == 0 and said.stdout.strip() == version:  # what pyenv has on the PATH may refuse
                return python
    return None


def link_libraries(folder: Path) -> str:
    """Makes a directory in which another Python finds datanectar and what it needs, and nothing else of this one."""
    (folder / "datanectar").symlink_to(Path(datanectar.__file__).parent)
    pending, found = ["datanectar-core"], set()
    while pending:
        name = pending.pop()
        if name in found:
            continue
        found.add(name)
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:  # what another Python or system needs
            continue
        needed = [line for line in distribution.requires or [] if "extra ==" not in line]
        pending += [re.split(r"[^\w.-]", line)[0] for line in needed]
        for top in {file.parts[0] for file in distribution.files or [] if file.parts[0] not in ("..", "__pycache__")}:
            if not (folder / top).exists() and not top.endswith(".pth"):
                (folder / top).symlink_to(distribution.locate_file(top))
    return str(folder)


PYTHONS = {version: python for version in VERSIONS if (python := interpreter(version)) is not None}


@pytest.fixture(scope="session")
def libraries(tmp_path_factory):
    return link_libraries(tmp_path_factory.mktemp("libraries"))


@pytest.fixture
def trees(corpus):
    found = {pair.name: pair.before for pair in corpus if pair.name in SELECTED}
    assert sorted(found) == sorted(SELECTED)
    return found


@pytest.fixture
def golden(trees, namer):
    """The names of this process's Python, which are to be those of all time."""
    found = {name: namer(tree).name for name, tree in trees.items()}
    assert {**found, **GOLDEN} == found
    return found


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("version", PYTHONS)
def test_names_are_the_same_on_every_python_with_any_hash_seed(version, seed, trees, golden, namers, libraries):
    environment = {"PYTHONPATH": libraries, "PYTHONHASHSEED": seed, "PYTHONNOUSERSITE": "1"}
    namer = namers(PYTHONS[version], environment)
    assert {name: namer(tree).name for name, tree in trees.items()} == golden


@pytest.mark.parametrize("version", [version for version, python in PYTHONS.items() if python != sys.executable])
def test_all_that_is_told_of_any_tree_is_the_same_on_every_python(version, corpus, namer, namers, libraries):
    there = namers(PYTHONS[version], {"PYTHONPATH": libraries, "PYTHONNOUSERSITE": "1"})
    for pair in corpus:
        if "datanectar.toml" not in pair.before:  # takes longer, for plugins are looked for
            assert there(pair.before) == namer(pair.before), pair.name


@pytest.mark.parametrize("name", SELECTED)
def test_a_script_has_the_name_of_its_module(name, trees, golden, write, tmp_path):
    tree = trees[name]
    folder = write({**tree, "pipeline.py": tree["pipeline.py"] + NAME}, tmp_path)
    assert run(folder, "pipeline.py") == golden[name]


def test_a_spawned_worker_has_the_same_names(trees, golden, write, tmp_path):
    for name, tree in trees.items():
        folder = write({**tree, "main.py": WORKER}, tmp_path / name)
        assert run(folder, "main.py") == golden[name]


def run(folder: Path, script: str) -> str:
    # From another directory: it is where the script is that counts.
    command = [sys.executable, str(folder / script)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def print_golden() -> None:
    """Prints what GOLDEN is to be."""
    from tempfile import TemporaryDirectory

    from conftest import Namer, read_corpus

    with TemporaryDirectory() as folder:
        namer = Namer(Path(folder))
        print("GOLDEN: dict[str, str] = {")
        for pair in read_corpus():
            if pair.name in SELECTED:
                print(f'    "{pair.name}": "{namer(pair.before).name}",')
        print("}")
        namer.close()


if __name__ == "__main__":
    print_golden()
