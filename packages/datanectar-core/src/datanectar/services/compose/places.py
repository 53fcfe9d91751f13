"""Where things are in a container: the rules by which a service's words are moved into it.

1. The program is called by its file name, which the image has on its ``PATH``; one that is mounted, by its path.
2. What is in the project is at ``/project/<relative path>``. A native file outside of it is at ``/config/<name>``, and
   what is mounted from beside it in the same place relative to it; other directories are at ``/data/<name>`` and
   ``/state/<name>``, and the one where it is started at ``/work/<name>``. In arguments and values of variables, the
   project, these directories and files are moved; other paths stay as they are.
3. ``127.0.0.1`` as an argument, behind its ``=``, or before its ``:port``, is an address to listen on, and becomes
   ``0.0.0.0``: the container's own 127.0.0.1 is not reached from outside. Ports are published at 127.0.0.1 alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from datanectar.records import Service
from datanectar.services.process import directory

PROJECT = "/project"
_LOOPBACK = re.compile(r"(^|=)127\.0\.0\.1(?=$|:\d+$)")


class Places:
    """Translates the paths and the words of one service.

    Args:
        service: The service.
        root: The project's directory.
    """

    def __init__(self, service: Service, root: Path) -> None:
        self._service, self._root = service, _plain(root)
        self._homes: dict[Path, str] = {}
        for file in map(_plain, service.config_files):
            if not self._known(file):
                self._homes[file.parent] = self._free("/config")
        started_in = directory(service, root)
        for base, paths in (("/work", [started_in]), ("/data", service.data), ("/state", service.state)):
            for path in map(_plain, paths):
                if not self._known(path):
                    self._homes[path] = self._free(f"{base}/{path.name}")
        mounted = (*service.config_files, *service.data, *service.state)
        # Plugins write a path into arguments as they have it, say with a ``..`` in it.
        self._mounted = {spelling: self.path(path) for path in mounted for spelling in (str(path), str(_plain(path)))}
        self._moved = dict(self._mounted)
        if not _is_top(self._root):
            self._moved[str(self._root)] = PROJECT
        self._text = _mentions(self._moved)
        self._started_in = (str(started_in), str(_plain(started_in)))

    def path(self, path: Path) -> str:
        """Returns where something is in the container: of the project, mounted, or where it is started."""
        path = _plain(path)
        home = self._known(path)
        assert home is not None
        return "/".join((home[1], *path.relative_to(home[0]).parts))

    def program(self) -> str:
        """Returns what the program is called."""
        named = str(self._service.command[0])
        name = os.path.basename(named)
        return name if name == named else self._mounted.get(os.path.abspath(named), name)

    def arguments(self) -> list[str]:
        """Returns the program's arguments."""
        return [_LOOPBACK.sub(r"\g<1>0.0.0.0", self.text(str(one))) for one in self._service.command[1:]]

    def text(self, text: str) -> str:
        """Returns a text with the paths in it moved; the directory where it is started, where that is all there is."""
        option, sign, value = text.rpartition("=")
        if value in self._started_in:
            return f"{option}{sign}{self.working_directory()}"
        return self._text.sub(lambda found: self._moved[found[0]], text)

    def working_directory(self) -> str:
        """Returns where the program is started."""
        return self.path(directory(self._service, self._root))

    def _known(self, path: Path) -> tuple[Path, str] | None:
        """The innermost place that is moved and has this path."""
        if path.is_relative_to(self._root) and not _is_top(self._root):
            return self._root, PROJECT
        around = (place for place in (path, *path.parents) if place in self._homes)
        found = next(around, None)
        return None if found is None else (found, self._homes[found])

    def _free(self, wanted: str) -> str:
        taken, number, home = set(self._homes.values()), 1, wanted
        while home in taken:
            number += 1
            home = f"{wanted}/{number}"
        return home


def _plain(path: Path) -> Path:
    return Path(os.path.abspath(path))


def _is_top(path: Path) -> bool:
    """Whether everything is below this path: such a project is no part of a text."""
    return path == path.parent


def _mentions(paths: Iterable[str]) -> re.Pattern[str]:
    """Finds paths in a text, and no longer names that begin like them; of nested ones the innermost."""
    names = "|".join(map(re.escape, sorted(paths, key=len, reverse=True)))
    return re.compile(rf"(?<![\w.\-])(?:{names})(?![\w.\-])" if names else r"(?!)")
