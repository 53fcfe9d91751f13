"""Who writes to the registry: one process of this machine at a time, where the registry would lose updates else."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from datanectar_feast.native import Native

try:
    import fcntl
except ImportError:  # Windows: there, reading back has to do
    fcntl = None  # type: ignore[assignment]

#: The registry store of this package needs no lock: it commits by create and merges.
_OURS = "datanectar_feast.registry.DatanectarRegistryStore"
_thread_turn = threading.Lock()


@contextmanager
def registry_turn(native: Native) -> Iterator[None]:
    """Lets no other thread, and no other process where that is needed, write to the registry during a block.

    Feast reads all of a registry, changes it and writes all of it back, without any lock of its own.
    """
    options = native.registry_options
    with _thread_turn:
        if fcntl is None or options.registry_store_type == _OURS:
            yield
            return
        with _lock_file(native, str(options.path)).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _lock_file(native: Native, path: str) -> Path:
    """Where the processes of this machine meet: one file of each registry, which may itself be anywhere."""
    where = path if "://" in path else str((native.repo / path).resolve())
    folder = Path(tempfile.gettempdir(), f"datanectar-feast-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{sha256(where.encode()).hexdigest()[:32]}.lock"
