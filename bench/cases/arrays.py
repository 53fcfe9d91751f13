"""The array: random float64, so that nothing compresses."""

from typing import Any

import numpy as np
from large import SIZE


def make() -> Any:
    return np.random.default_rng(2013).random(SIZE // 8)


def touch(array: Any) -> float:
    return float(array.sum())
