"""How tasks and plugins of the kits tell what they did, from whatever process."""

from __future__ import annotations

import os
from pathlib import Path


def note(notes: str, *words: object) -> None:
    """Adds a line; a short one is written at once, whichever processes do so."""
    if notes:
        with Path(notes).open("a") as file:
            file.write(" ".join(map(str, (*words, os.getpid()))) + "\n")
