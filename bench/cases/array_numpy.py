"""The array by np.save and np.load; the phase `mapped` loads with a memory map."""

import numpy as np
from arrays import make, touch
from large import PHASE, measure

measure(
    make,
    touch,
    lambda array: np.save("array.npy", array),
    lambda: np.load("array.npy", mmap_mode="r" if PHASE == "mapped" else None),
)
