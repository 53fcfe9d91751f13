"""Tasks that every worker process can import, and a project on disk."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import datanectar as dn
from datanectar.tasks import definition

CONFIGURATION = """\
profile = "local"
storage.disk = { type = "local", path = "artifacts" }
storage.lake = { type = "local", path = "lake" }
profiles.local.storage_layer = "disk"
"""
IMPORTABLE = str(Path(__file__).parent / "importable")
sys.path.append(IMPORTABLE)


@pytest.fixture(autouse=True)
def project(private_surroundings: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose results are on disk, found by configuration in every process; returns its directory.

    The modules in `importable/` can be imported by processes that tests start.
    """
    (private_surroundings / "datanectar.toml").write_text(CONFIGURATION)
    monkeypatch.setattr(definition, "_declared", {})  # tasks of other tests in this process are not of this project
    paths = [IMPORTABLE, *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    return private_surroundings


@pytest.fixture
def store(project: Path) -> dn.StorageLayer:
    """The store of the project."""
    return dn.storage_layer()


@pytest.fixture(params=["disk", "memory", "s3"])
def each_store(request: pytest.FixtureRequest, project: Path) -> Iterator[dn.StorageLayer]:
    """A store of each kind, in force: of the project, in memory, on an S3 server."""
    kind = request.param
    place = "/".join(request.getfixturevalue("s3_place")) if kind == "s3" else ""
    with dn.settings(storage_layer={"disk": "disk", "memory": "memory://", "s3": f"s3://{place}/lake"}[kind]):
        yield dn.storage_layer()
