"""Azurite is installed once, whole, and from a lock file that names no host."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from testbed import azurite
from testbed.process import ServerFailed


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file to write a shell script to that takes the place of Node running npm; nothing is installed yet."""
    script = tmp_path / "bin/node"
    script.parent.mkdir()
    script.touch(mode=0o700)
    monkeypatch.setattr(azurite, "_node", lambda: tmp_path)
    monkeypatch.setattr(azurite, "INSTALLED", tmp_path / "installed")
    return script


def test_of_several_that_need_it_at_once_one_installs(
    node: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node.write_text(f"#!/bin/sh\necho run >> {tmp_path}/runs\nmkdir node_modules\n")
    with ThreadPoolExecutor(4) as pool:
        [directory] = {future.result() for future in [pool.submit(azurite.install) for _ in range(4)]}
    assert (directory / "node_modules").is_dir()
    assert (tmp_path / "runs").read_text() == "run\n"
    assert re.fullmatch(r"testbed: npm installs Azurite 3\.35\.0 into .*, once \(190 MB\)\n", capsys.readouterr().err)


def test_a_failed_installation_shows_what_npm_said_and_leaves_nothing(node: Path, tmp_path: Path) -> None:
    node.write_text("#!/bin/sh\nmkdir node_modules\necho no such registry >&2\nexit 1\n")
    with pytest.raises(ServerFailed, match=r"npm could not install Azurite 3\.35\.0:\nno such registry"):
        azurite.install()
    assert [path.name for path in (tmp_path / "installed").iterdir()] == ["azurite.lock"]
    node.write_text("#!/bin/sh\nmkdir node_modules\n")
    assert azurite.install().is_dir()


def test_the_lock_file_names_no_host_and_has_checksums() -> None:
    manifest, lock = azurite.MANIFESTS
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert "resolved" not in text
    packages = json.loads(text)["packages"]
    assert packages[""]["dependencies"] == json.loads(manifest.read_text(encoding="utf-8"))["dependencies"]
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []
