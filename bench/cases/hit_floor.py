"""A stored result, by hand: hash the arguments, read and unpickle a file; or compute, write it aside and rename it.

With `--fsync`, file and directory are synced.
"""

import hashlib
import os
import pickle
import sys
from typing import Any

from hitting import measure

SYNC = "--fsync" in sys.argv


def summary(number: int, text: str) -> dict[str, Any]:
    return {"number": number, "text": text, "half": number / 2, "even": number % 2 == 0}


def call(number: int, text: str) -> dict[str, Any]:
    path = "store/" + hashlib.sha256(repr((number, text)).encode()).hexdigest()
    try:
        with open(path, "rb", buffering=0) as file:
            stored: dict[str, Any] = pickle.loads(file.read())
            return stored
    except FileNotFoundError:
        pass
    result = summary(number, text)
    with open(path + ".tmp", "wb", buffering=0) as file:
        file.write(pickle.dumps(result))
        if SYNC:
            os.fsync(file.fileno())
    os.rename(path + ".tmp", path)
    if SYNC:
        os.fsync(directory)
    return result


os.makedirs("store", exist_ok=True)
directory = os.open("store", os.O_RDONLY)
measure(call)
