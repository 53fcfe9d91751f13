"""What the figures were measured on, without a name or a path of the machine."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

from bench.measure import command_of
from bench.plan import Contender

REQUIREMENTS = Path(__file__).parent / "requirements/peers"


def describe(directory: Path) -> dict[str, str]:
    """Returns cores, CPU, memory, file system and operating system."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return {
        "CPU": f"{_cpu()}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GiB",
        "file system": _file_system(directory),
        "operating system": f"{platform.system()} {platform.release().partition('-')[0]}, {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def versions(environments: Path) -> dict[str, str]:
    """Returns the installed version of everything that the requirements ask for by name."""
    found: dict[str, str] = {}
    for wanted in sorted(REQUIREMENTS.glob("*.in")):
        names = wanted.read_text().split()
        if wanted.stem == "datanectar":
            names.append("datanectar-core")
        code = f"from importlib.metadata import version\nfor name in {names}: print(name, version(name))"
        asked = Contender("", wanted.stem, ("-c", code), ())
        listed = subprocess.run(command_of(asked, "", environments), capture_output=True, text=True, check=True).stdout
        found |= dict(line.split() for line in listed.splitlines())
    return dict(sorted(found.items()))


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _file_system(directory: Path) -> str:
    """Returns the type of the file system that a directory is on: of all mounts above it, the deepest one's."""
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return "unknown"
    above = [(len(point), kind) for point, kind in mounts if directory.resolve().is_relative_to(point)]
    return max(above, default=(0, "unknown"))[1]
