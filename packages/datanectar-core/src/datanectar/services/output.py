"""Lines of several services on one stream, each behind the name of its service."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from typing import TextIO

_COLORS = (36, 33, 32, 35, 34, 31)  # cyan, yellow, green, magenta, blue, red
OURS = "datanectar"  # the name before what the supervisor itself says


def prefixed(stream: TextIO, names: Iterable[str]) -> Callable[[str, str], None]:
    """Returns what writes a name and a line to a stream; a terminal sees a color for each name."""
    width = max(map(len, (OURS, *names)))
    colored = stream.isatty() and not os.environ.get("NO_COLOR")
    colors = {name: _COLORS[number % len(_COLORS)] for number, name in enumerate(names)}
    lock = threading.Lock()

    def write(name: str, line: str) -> None:
        head = f"{name:<{width}} |"
        if colored:
            head = f"\033[{colors.get(name, 1)}m{head}\033[0m"
        with lock:
            stream.write(f"{head} {line}\n")
            stream.flush()

    return write
