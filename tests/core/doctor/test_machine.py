import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import importlib_metadata
import pytest

from datanectar.doctor import machine
from datanectar.doctor.findings import Finding

GIB = 1 << 30


@pytest.fixture
def disk(monkeypatch):
    """Makes every disk of a size, with so much and so many inodes free."""

    def make(total: int, free: int, inodes: int = 0, inodes_free: int = 0) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(total=total, free=free))
        monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_files=inodes, f_favail=inodes_free))

    return make


def look(path: Path | None = None) -> list[Finding]:
    return list(machine.disks([("cache", path or Path.cwd())]))


def test_the_system_is_told() -> None:
    (found,) = machine.system()
    assert (found.status, found.check) == ("ok", "python")
    assert "datanectar-core" in found.found


def test_libraries_are_told_with_their_versions() -> None:
    (found,) = machine.libraries()
    assert found.status == "ok"
    assert f"pandas {importlib_metadata.version('pandas')}" in found.found


def test_pandas_without_pyarrow_is_told(monkeypatch) -> None:
    real = importlib_metadata.version

    def version(name: str) -> str:
        if name in ("pyarrow", "skops"):
            raise importlib_metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(importlib_metadata, "version", version)
    listed, missing = machine.libraries()
    assert listed.found.endswith("; not installed: pyarrow, skops")
    assert (missing.status, missing.remedy) == ("warning", "pip install pyarrow")


def test_a_disk_with_room_is_fine(disk) -> None:
    disk(100 * GIB, 50 * GIB, 1000, 500)
    assert look() == [Finding("ok", "disk of cache", f"50.0 GiB of 100.0 GiB free at {Path.cwd()}")]


@pytest.mark.parametrize(("total", "free"), [(4 * GIB, GIB - 1), (100 * GIB, 5 * GIB - 1), (GIB, 0)])
def test_a_disk_that_is_nearly_full_is_a_warning_with_what_to_do(disk, total: int, free: int) -> None:
    disk(total, free)
    (found,) = look()
    assert (found.status, found.found.split()[0]) == ("warning", "only")
    assert "datanectar rm" in found.remedy


def test_a_disk_may_run_out_of_inodes_first(disk) -> None:
    disk(100 * GIB, 50 * GIB, inodes=1000, inodes_free=49)
    assert [found.status for found in look()] == ["ok", "warning"]
    assert "49 of 1000 inodes" in look()[1].found


def test_what_is_no_disk_is_passed_by(disk) -> None:
    disk(0, 0)
    assert look() == []


def test_places_on_one_disk_share_a_line_and_need_not_exist_yet() -> None:
    places = [("storage disk", Path.cwd() / "a/b"), ("cache", Path.cwd())]
    found = next(machine.disks(places))
    assert found.check == "disk of storage disk, cache"
    assert not Path("a").exists()
