"""Which version of a service is installed, in whatever environment has its program."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

from datanectar.errors import ConfigurationError
from datanectar.records import Service
from datanectar.services.process import program

_ASK = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
_SECONDS = 30.0


def version(service: Service) -> str:
    """Returns the version of a service's distribution, or an empty string where it is not known.

    A program in an environment of its own, as pipx and uv install tools, tells what is installed there.
    """
    if not service.distribution:
        return ""
    python = _own_python(service)
    if python is not None:
        return _asked(python, service.distribution)
    try:
        return importlib.metadata.version(service.distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _own_python(service: Service) -> Path | None:
    """The Python beside the program, where that is of another environment than ours."""
    try:
        path = Path(program(service))
    except ConfigurationError:  # it is not installed here
        return None
    if path.is_symlink() and not path.name.startswith("python"):  # one of pipx, into the environment
        path = path.resolve()
    python = path.with_name(f"python{Path(sys.executable).suffix}")
    ours = path.parent.parent.resolve() == Path(sys.prefix).resolve()
    return None if ours or not python.is_file() else python


def _asked(python: Path, distribution: str) -> str:
    try:
        done = subprocess.run(
            [python, "-I", "-c", _ASK, distribution],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
