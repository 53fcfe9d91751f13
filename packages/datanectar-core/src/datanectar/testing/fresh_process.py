"""What code imports, as only a process tells in which nothing else was imported yet."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache

#: A process in which Datanectar is imported whole, and its own components are listed, before other code runs.
_LOOK = """
import json, os, sys
import datanectar
from datanectar.registry import registry

for name in datanectar.__all__:
    getattr(datanectar, name)
allowed = os.environ.pop("DATANECTAR_LOAD_PLUGINS", None)
os.environ["DATANECTAR_DISABLE_PLUGINS"] = "*"
with datanectar.settings() as active:
    registry(active).offers()
del os.environ["DATANECTAR_DISABLE_PLUGINS"]
if allowed is not None:
    os.environ["DATANECTAR_LOAD_PLUGINS"] = allowed
found = [sorted(sys.modules)]
for code in sys.argv[1:]:
    exec(code)
    found.append(sorted(sys.modules))
print("\\n" + json.dumps(found))
"""

#: Lists what every plugin brings, as `datanectar plugins` does; raises what a plugin failed with.
LISTING = """
with datanectar.settings() as active:
    errors = [info.error for info in active.manager.infos.values() if info.error is not None]
    registry(active).offers()
if errors:
    raise errors[0]
"""


def modules_after(*codes: str, plugin: str = "") -> list[list[str]]:
    """Runs pieces of code, one after another, in a fresh process of the same surroundings; once for all who ask.

    Args:
        *codes: What runs there.
        plugin: The only plugin that is loaded there.

    Returns:
        The modules that were imported before, and those after each piece.

    Raises:
        ImportError: A piece failed there; the message is its error's last line.
    """
    return _modules_after(codes, plugin, os.pathsep.join(sys.path))


@cache
def _modules_after(codes: tuple[str, ...], plugin: str, path: str) -> list[list[str]]:
    environment = {**os.environ, "PYTHONPATH": path, "DATANECTAR_LOAD_PLUGINS": plugin}
    command = [sys.executable, "-P", "-c", _LOOK, *codes]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ImportError((done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1])
    found: list[list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found
