"""Plugins to be found, as distributions of one module, and races between processes."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

Install = Callable[..., str]


@pytest.fixture
def install(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Returns a function that puts a distribution with a plugin on the path and returns its module's name."""
    modules: list[str] = []

    def install(distribution: str, source: str, *, entry: str = "", version: str = "1.0") -> str:
        folder = tmp_path_factory.mktemp("site")
        module = f"{distribution.replace('-', '_')}_{folder.name.replace('-', '_')}"
        modules.append(module)
        write_distribution(folder, distribution, version, {entry or distribution: module})
        (folder / f"{module}.py").write_text(f"import datanectar as dn\n{dedent(source)}")
        monkeypatch.syspath_prepend(str(folder))
        return module

    yield install
    for module in modules:
        sys.modules.pop(module, None)


def write_distribution(folder: Path, name: str, version: str, entries: dict[str, str]) -> None:
    metadata = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = "".join(f"{entry} = {module}\n" for entry, module in entries.items())
    (metadata / "entry_points.txt").write_text(f"[datanectar]\n{lines}")


@pytest.fixture
def race() -> Callable[[str, list[str], list[str]], None]:
    """Six processes that live as long as the race, so that a round costs no start-up.

    Given a script, its arguments behind the writer's own letter, and one order a round: exactly one writer must answer
    ``won``, and all must tell of its bytes.
    """

    def run(script: str, arguments: list[str], orders: list[str]) -> None:
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", script, me, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for me in "abcdef"
        ]
        try:
            assert {writer.stdout.readline() for writer in writers} == {"ready\n"}
            for order in orders:
                for writer in writers:
                    writer.stdin.write(f"{order}\n")
                    writer.stdin.flush()
                said = [writer.stdout.readline().split() for writer in writers]
                (winner,) = [me for me, (outcome, *_) in zip("abcdef", said, strict=True) if outcome == "won"]
                assert {tuple(rest) for _, *rest in said} == {(winner, "True")}
        finally:
            for writer in writers:
                writer.communicate()

    return run
