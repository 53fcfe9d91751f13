"""The corpus of `corpus/`: pairs of small source trees, and what tells the names of their tasks.

A file of the corpus is a pair. It begins with what is to come of it::

    keep:                                   the task of both trees has one name
    change: features.clean, features.A or features.B
                                            it has another name, and what is recorded of its code differs in just
                                            these: added, removed, or with another digest; `or` where either will do
    not followed: pipeline.task getattr     what is listed, in the tree after, as not followed: each of the words in
                                            one entry of the list; `nothing`, where the list is to be empty
    # …                                     a remark

and goes on with files: ``--- features.py`` is in both trees, unless a ``+++ features.py`` is there in the tree after,
or an ``x features.py`` says that it is not. The task is `task` of pipeline.py. Where there is a run.py, it is run
before the task is named. The directory site-packages is one where libraries are installed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pytest

CORPUS = Path(__file__).with_name("corpus")
_HEADING = re.compile(r"(keep|change|not followed):\s*(.*)|#.*|\s*")
_FILE = re.compile(r"(---|\+\+\+|x) (\S+)")

#: Names the task of each directory that a line of its input tells, in a process that has imported nothing of others.
SERVER = """
import json, os, sys, traceback
import datanectar as dn

sys.dont_write_bytecode = True
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what a tree prints is no answer
dn.get_artifact_name(dn.task(lambda: None, name="warm_up")())  # imports what each fork would import


def told(folder):
    if os.path.exists(os.path.join(folder, "datanectar.toml")):
        os.chdir(folder)  # finding plugins, once per directory, takes longer than all else
    sys.path.insert(0, folder)
    sys.path.append(os.path.join(folder, "site-packages"))
    import pipeline

    if os.path.exists(os.path.join(folder, "run.py")):
        import run
    task = pipeline.task
    code = (task._get_definition() if isinstance(task, type) else task).code()
    not_followed = getattr(code, "not_followed", None)
    return {
        "name": dn.get_artifact_name(task()),
        "functions": {name.replace(":", "."): digest for name, digest in code.functions.items()},
        "not_followed": None if not_followed is None else [str(item).replace(":", ".") for item in not_followed],
    }


for line in sys.stdin:
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            found = told(json.loads(line))
        except BaseException:
            found = {"error": traceback.format_exc()}
        with open(write, "w") as file:
            json.dump(found, file)
        os._exit(0)
    os.close(write)
    with open(read) as file:
        print(file.read(), file=answers, flush=True)
    os.waitpid(child, 0)
"""


@dataclass(frozen=True)
class Pair:
    """Two trees, and whether they have one name."""

    name: str
    keeps: bool
    #: What differs: of each tuple, at least one.
    changed: tuple[tuple[str, ...], ...]
    #: None where nothing is said of it.
    not_followed: tuple[str, ...] | None
    before: dict[str, str] = field(repr=False)
    after: dict[str, str] = field(repr=False)


class Told(NamedTuple):
    """What is told of a tree's task."""

    name: str
    functions: dict[str, str]
    not_followed: list[str] | None


def read_pair(path: Path) -> Pair:
    """Reads a file of the corpus."""
    headings: dict[str, str] = {}
    files: dict[str, dict[str, list[str]]] = {"---": {}, "+++": {}, "x": {}}
    lines: list[str] | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if found := _FILE.fullmatch(line):
            lines = files[found[1]].setdefault(found[2], [])
        elif lines is not None:
            lines.append(line)
        elif (found := _HEADING.fullmatch(line)) is None:
            raise ValueError(f"{path}:{number} is neither a heading nor in a file: {line}")
        elif found[1]:
            headings[found[1]] = found[2]
    before, after = (
        {name: "\n".join(text).strip("\n") + "\n" for name, text in files[sign].items()} for sign in ("---", "+++")
    )
    if ("keep" in headings) == ("change" in headings):
        raise ValueError(f"{path} says either of keep: and change:")
    changed = [tuple(one.split(" or ")) for one in _items(headings.get("change", ""))]
    return Pair(
        path.stem,
        "keep" in headings,
        tuple(changed),
        tuple(_items(headings["not followed"])) if "not followed" in headings else None,
        before,
        {name: text for name, text in {**before, **after}.items() if name not in files["x"]},
    )


def _items(heading: str) -> list[str]:
    return [item.strip() for item in heading.split(",") if item.strip()]


def read_corpus() -> list[Pair]:
    """Reads all of the corpus."""
    return [read_pair(path) for path in sorted(CORPUS.glob("*.txt"))]


class Namer:
    """A Python process that names the tasks of trees, each in a fork of its own.

    Args:
        folder: Where the trees are written.
        python: The interpreter.
        environment: Variables beside those of this process.
    """

    def __init__(
        self, folder: Path, python: str = sys.executable, environment: Mapping[str, str] | None = None
    ) -> None:
        self._folder, self._python, self._environment = folder, python, {**os.environ, **(environment or {})}
        self._told: dict[str, dict[str, Any]] = {}

    def __call__(self, tree: Mapping[str, str]) -> Told:
        """Tells of a tree's task.

        Raises:
            AssertionError: It cannot be named; the message has the traceback.
        """
        key = json.dumps([*tree.items()])
        if key not in self._told:
            self._told[key] = self._ask(write_tree(tree, self._folder / f"tree_{len(self._told)}"))
        found = self._told[key]
        assert "error" not in found, found["error"]
        return Told(**found)

    def close(self) -> None:
        """Ends the process."""
        if "_process" in vars(self):
            self._process.communicate()

    @cached_property
    def _process(self) -> subprocess.Popen[str]:
        command = [self._python, "-c", SERVER]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=self._environment, cwd=self._folder)

    def _ask(self, folder: Path) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(str(folder)), file=self._process.stdin, flush=True)
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found


def write_tree(tree: Mapping[str, str], folder: Path) -> Path:
    """Writes the files of a tree."""
    for name, text in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


#: The pairs that a test gets by what it calls them.
_KINDS: dict[str, Callable[[Pair], bool]] = {
    "pair": lambda pair: True,
    "changed_pair": lambda pair: not pair.keeps,
    "listed_pair": lambda pair: pair.not_followed is not None,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Gives a test that asks for `pair` each pair of the corpus, or those of a kind."""
    for name, is_wanted in _KINDS.items():
        if name in metafunc.fixturenames:
            pairs = [pair for pair in read_corpus() if is_wanted(pair)]
            metafunc.parametrize(name, pairs, ids=[pair.name for pair in pairs])


@pytest.fixture(scope="session")
def corpus() -> list[Pair]:
    """All pairs."""
    return read_corpus()


@pytest.fixture(scope="session")
def namer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Namer]:
    """What names the tasks of trees, on this Python."""
    namer = Namer(tmp_path_factory.mktemp("trees"))
    yield namer
    namer.close()


@pytest.fixture(scope="session")
def namers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Makes what names the tasks of trees, on another Python or with other variables."""
    made = []

    def make(python: str, environment: Mapping[str, str]) -> Namer:
        made.append(Namer(tmp_path_factory.mktemp("trees"), python, environment))
        return made[-1]

    yield make
    for namer in made:
        namer.close()


@pytest.fixture
def write() -> Callable[[Mapping[str, str], Path], Path]:
    """Writes the files of a tree to a directory, and returns it."""
    return write_tree
