"""How the `array_*.py` and `frame_*.py` scripts time one large value: stored in one process, loaded in others."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

PHASE, SIZE = sys.argv[1], int(sys.argv[2])
if PHASE == "elsewhere":  # as for another user, who has no note of what was verified before
    os.environ["XDG_CACHE_HOME"] = os.path.abspath("cache")


def measure(
    make: Callable[[], Any],
    touch: Callable[[Any], float | None],
    store: Callable[[Any], object],
    load: Callable[[], Any],
    *,
    syncs: bool = False,
) -> None:
    """Times one phase; prints seconds, and MB by which the process grew at most.

    - `store`: `store(value)`, and, where it does not do so itself (`syncs`), syncing the files that it made.
    - any other phase: `load()` twice, then `touch`, which reads every value, on the second.
    """
    if PHASE == "store":
        value = make()
        forget_peak()
        seconds = timed(lambda: store(value))[1]
        print("store_s", seconds)
        print("store_extra_mb", growth())
        print("durable_s", seconds + (0.0 if syncs else timed(sync_all)[1]))
        print("file_mb", sum(path.stat().st_size for path in files()) / 1e6)
        return
    forget_peak()
    first, seconds = timed(load)
    print("first_s", seconds)
    print("first_extra_mb", growth())
    del first
    forget_peak()
    second, seconds = timed(load)
    print("second_s", seconds)
    print("second_extra_mb", growth())
    total, more = timed(lambda: touch(second))
    print("touched_s", seconds + more)
    if total is not None:
        print("check", total)


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    begun = perf_counter()
    result = function()
    return result, perf_counter() - begun


def files() -> Iterator[Path]:
    return (path for path in Path().rglob("*") if path.is_file() and not path.is_symlink())


def sync_all() -> None:
    for path in files():
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def forget_peak() -> None:
    """Makes Linux count the peak of the resident memory anew; the size now is what `growth` compares with."""
    global _before
    Path("/proc/self/clear_refs").write_text("5")
    _before = resident("VmRSS")


def growth() -> float:
    return max(0.0, resident("VmHWM") - _before)


def resident(field: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024 / 1e6
    raise LookupError(field)


_before = 0.0
