"""The array by joblib.dump and joblib.load; the phase `mapped` loads with a memory map."""

import joblib
from arrays import make, touch
from large import PHASE, measure

measure(
    make,
    touch,
    lambda array: joblib.dump(array, "array.joblib"),
    lambda: joblib.load("array.joblib", mmap_mode="r" if PHASE == "mapped" else None),
)
