"""Plugins to be found, as distributions of one module."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from datanectar.plugins import discovery

Install = Callable[..., str]
_INSTALLED = {(point.name, point.value) for point in discovery.installed()}


@pytest.fixture(autouse=True)
def no_other_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Core is tested as if alone: of plugins there are those that a test installs."""
    found = discovery.installed
    monkeypatch.setattr(discovery, "installed", lambda: [it for it in found() if (it.name, it.value) not in _INSTALLED])


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
