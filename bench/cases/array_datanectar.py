"""The array by a storage layer of Datanectar, as a run stores and loads it."""

import os

from arrays import make, touch
from large import measure

import datanectar as dn


@dn.task
def array() -> None: ...  # only its name is used


layer, name = dn.storage_layer(), array().name
measure(
    make,
    touch,
    lambda value: layer.store(name, value),
    lambda: layer.load(name),
    syncs=os.environ.get("DATANECTAR_STORAGE__DISK__DURABILITY") != "none",
)
