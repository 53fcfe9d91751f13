"""The machine: Python, the libraries whose values can be stored, and room on its disks."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from datanectar._version import __version__
from datanectar.doctor.findings import Finding

_LIBRARIES = ("numpy", "pandas", "polars", "pyarrow", "scikit-learn", "skops")
_LEAST_SHARE = 0.05
_LEAST_BYTES = 1 << 30


def system() -> Iterator[Finding]:
    """Which Python this is, and on what."""
    found = f"{platform.python_version()} on {platform.system()} {platform.release()}; datanectar-core {__version__}"
    yield Finding("ok", "python", found)


def libraries() -> Iterator[Finding]:
    """Which libraries are there that bring types of their own; none of them is imported."""
    from importlib_metadata import PackageNotFoundError, version

    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            pass
    absent = [name for name in _LIBRARIES if name not in found]
    there = ", ".join(f"{name} {version}" for name, version in found.items()) or "none"
    yield Finding("ok", "libraries", there + (f"; not installed: {', '.join(absent)}" if absent else ""))
    if "pandas" in found and "pyarrow" not in found:
        missing = "pandas without pyarrow: DataFrames cannot be stored as Parquet"
        yield Finding("warning", "libraries", missing, "pip install pyarrow")


def disks(places: Iterable[tuple[str, Path]]) -> Iterator[Finding]:
    """How much room there is on each disk that something is written to.

    Args:
        places: What is written, and the directory, which need not exist yet.
    """
    uses: dict[int, tuple[Path, list[str]]] = {}
    for use, path in places:
        there = existing(path)
        uses.setdefault(there.stat().st_dev, (there, []))[1].append(use)
    for path, names in uses.values():
        yield from _disk(f"disk of {', '.join(names)}", path)


def existing(path: Path) -> Path:
    """Returns the path, or the nearest directory above it that is there."""
    return next(place for place in (path, *path.parents) if place.is_dir())


def _disk(check: str, path: Path) -> Iterator[Finding]:
    usage = shutil.disk_usage(path)
    if not usage.total:  # a file system that is no disk
        return
    found = f"{_gib(usage.free)} of {_gib(usage.total)} free at {path}"
    if usage.free < _LEAST_BYTES or usage.free < _LEAST_SHARE * usage.total:
        yield Finding("warning", check, f"only {found}", "free some: remove artifacts with `datanectar rm`, or move it")
    else:
        yield Finding("ok", check, found)
    if hasattr(os, "statvfs"):
        status = os.statvfs(path)  # a file system that makes inodes as it needs them says 0 of 0
        if status.f_favail < _LEAST_SHARE * status.f_files:
            found = f"only {status.f_favail} of {status.f_files} inodes free at {path}: few more files fit"
            yield Finding("warning", check, found, "remove files; their number counts, not their size")


def _gib(size: int) -> str:
    return f"{size / (1 << 30):.1f} GiB"
