"""What Docker Compose itself says of a file, where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_SECONDS = 60.0


def refusal(path: Path) -> str:
    """Returns why Docker Compose refuses a file; an empty string if it does not, or is not there to be asked."""
    docker = shutil.which("docker")
    if docker is None or _said([docker, "compose", "version"]):
        return ""
    return _said([docker, "compose", "-f", str(path), "config", "-q"])


def _said(command: list[str]) -> str:
    """What a command that failed said, or an empty string."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (done.stderr.strip() or f"exit code {done.returncode}") if done.returncode else ""
