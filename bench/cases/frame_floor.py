"""As many bytes as the frame has in memory, by hand: write, and read into memory that is there."""

import os
from typing import Any

import numpy as np
from frames import make
from large import measure


def buffer() -> Any:
    return np.frombuffer(os.urandom(1 << 20) * (int(make().memory_usage(deep=True).sum()) >> 20), dtype=np.uint8)


def store(value: Any) -> None:
    with open("frame.bytes", "wb", buffering=0) as file:
        file.write(value)


def load() -> Any:
    value = np.empty(os.stat("frame.bytes").st_size, dtype=np.uint8)
    with open("frame.bytes", "rb", buffering=0) as file:
        file.readinto(value)
    return value


def touch(value: Any) -> None:
    value.sum()


measure(buffer, touch, store, load)
