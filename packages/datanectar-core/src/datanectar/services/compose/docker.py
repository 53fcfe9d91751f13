"""What Docker Compose itself says of a file, where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

_SECONDS = 60.0


def refusal(path: Path, unset: Iterable[str]) -> str:
    """Returns why Docker Compose refuses a file; an empty string if it does not, or is not there to be asked.

    Args:
        path: The file.
        unset: Variables that are yet to be set, which is no fault of the file.
    """
    docker = shutil.which("docker")
    environment = {**os.environ, **dict.fromkeys(unset, "yet to be set")}
    if docker is None or _said([docker, "compose", "version"], environment):
        return ""
    return _said([docker, "compose", "-f", str(path), "config", "-q"], environment)


def _said(command: list[str], environment: dict[str, str]) -> str:
    """What a command that failed said, or an empty string."""
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (done.stderr.strip() or f"exit code {done.returncode}") if done.returncode else ""
