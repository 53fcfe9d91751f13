"""The array by pickle, protocol 5."""

import pickle
from typing import Any

from arrays import make, touch
from large import measure


def store(array: Any) -> None:
    with open("array.pickle", "wb") as file:
        pickle.dump(array, file, protocol=5)


def load() -> Any:
    with open("array.pickle", "rb") as file:
        return pickle.load(file)


measure(make, touch, store, load)
