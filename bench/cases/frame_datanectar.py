"""The frame by a storage layer of Datanectar: the default serializer, or (`--arrow`) the one for Arrow's IPC format."""

import json
import os
import subprocess
import sys
from typing import Any

from frames import make, touch
from large import PHASE, measure

import datanectar as dn

WORDS = ("arrow", "feather", "ipc")


@dn.task
def frame() -> None: ...  # only its name is used


def arrow_serializer() -> str:
    """Returns the name of the serializer that keeps frames as Arrow IPC, whatever this release calls it."""
    listed = subprocess.run([sys.executable, "-m", "datanectar", "plugins", "--json"], capture_output=True, check=True)
    brought = [item.split() for plugin in json.loads(listed.stdout) for item in plugin["brings"]]
    names: list[str] = [name for kind, name in brought if kind == "serializer" and "parquet" not in name]
    found = [name for name in names if any(word in name for word in WORDS)]
    if not found:
        raise SystemExit("not installed: a serializer for Arrow IPC")
    return min(found, key=lambda name: "pandas" not in name)


def store(value: Any) -> None:
    layer.store(name, value, serializer=serializer)


layer, name = dn.storage_layer(), frame().name
serializer = arrow_serializer() if "--arrow" in sys.argv else None
measure(
    make,
    touch,
    store,
    lambda: layer.load(name),
    syncs=os.environ.get("DATANECTAR_STORAGE__DISK__DURABILITY") != "none",
)
if PHASE == "store":
    print("serializer", layer.manifest(name).value.get("serializer", "part by part"))
