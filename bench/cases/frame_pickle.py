"""The frame by pickle, protocol 5."""

import pickle
from typing import Any

from frames import make, touch
from large import measure


def store(frame: Any) -> None:
    with open("frame.pickle", "wb") as file:
        pickle.dump(frame, file, protocol=5)


def load() -> Any:
    with open("frame.pickle", "rb") as file:
        return pickle.load(file)


measure(make, touch, store, load)
