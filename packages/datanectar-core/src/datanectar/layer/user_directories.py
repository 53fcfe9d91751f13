"""Where the user's own key and caches are, by the platform's convention."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def configuration_directory() -> Path:
    """The user's configuration directory."""
    return _directory("XDG_CONFIG_HOME", "APPDATA", "Library/Application Support", ".config")


def cache_directory() -> Path:
    """The user's cache directory; anything in it can be deleted at any time."""
    return _directory("XDG_CACHE_HOME", "LOCALAPPDATA", "Library/Caches", ".cache")


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:  # a user that the system does not know
        raise FileNotFoundError(f"{error} Set HOME, or XDG_CONFIG_HOME and XDG_CACHE_HOME") from error


def _directory(xdg: str, windows: str, mac: str, other: str) -> Path:
    if os.environ.get(xdg):
        parent = Path(os.environ[xdg])
    elif sys.platform == "win32":
        parent = Path(os.environ.get(windows) or _home() / "AppData")
    else:
        parent = _home() / (mac if sys.platform == "darwin" else other)
    return parent / "datanectar"
