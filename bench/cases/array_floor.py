"""The array's bytes by hand: write, and read into memory that is there; and how long SHA-256 of them takes."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from arrays import make, touch
from large import PHASE, SIZE, measure, timed


def store(array: Any) -> None:
    with open("array.bytes", "wb", buffering=0) as file:
        rest = memoryview(array).cast("B")
        while rest:  # one write takes 2 GiB at most
            rest = rest[file.write(rest) :]


def load() -> Any:
    array = np.empty(Path("array.bytes").stat().st_size // 8)
    with open("array.bytes", "rb", buffering=0) as file:
        rest = memoryview(array).cast("B")
        while rest:
            rest = rest[file.readinto(rest) :]
    return array


measure(make, touch, store, load)
if PHASE == "store":
    value = memoryview(make()).cast("B")
    assert len(value) == SIZE
    print("sha256_s", timed(lambda: hashlib.sha256(value).digest())[1])
