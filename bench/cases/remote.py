"""What the `remote_*.py` scripts time: one large object and many small ones, to a server and back.

A script says how a user of its tool puts and gets a file, and bytes; `measure` calls that. What it stores is below
`PLACE`, which no other process uses.
"""

import hashlib
import random
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from large import forget_peak, growth

PHASE, SIZE, COUNT, THREADS = sys.argv[1], *map(int, sys.argv[2:5])
BUCKET, PLACE = "bench", Path.cwd().name
SMALL = 64 << 10
BLOCK = random.Random(2013).randbytes(1 << 20)


def measure(
    put_file: Callable[[str, str], object],
    get_file: Callable[[str, str], object],
    put: Callable[[str, bytes], object],
    get: Callable[[str], bytes],
) -> None:
    """Times one phase; prints seconds, seconds of CPU time, and MB by which the process grew at most.

    - `put` and `get`: one large object, of a file and to a file.
    - `puts` and `gets`: many small ones, from as many threads.
    """
    if PHASE == "put":
        with open("value", "wb") as file:
            for _ in range(SIZE // len(BLOCK)):
                file.write(BLOCK)
    put(f"{PLACE}/first", b"")  # a connection is opened, and what a tool imports is imported
    with ThreadPoolExecutor(THREADS) as pool:
        if PHASE == "put":
            with timed():
                put_file(f"{PLACE}/large", "value")
        elif PHASE == "get":
            with timed():
                get_file(f"{PLACE}/large", "copy")
            with open("copy", "rb") as copy:
                check(hashlib.file_digest(copy, "sha256"))
        elif PHASE == "puts":
            with timed():
                list(pool.map(lambda number: put(name(number), content(number)), range(COUNT)))
        else:
            with timed():
                found = list(pool.map(lambda number: get(name(number)), range(COUNT)))
            check(hashlib.sha256(b"".join(found)))


def name(number: int) -> str:
    return f"{PLACE}/small/{number:06}"


def content(number: int) -> bytes:
    return BLOCK[number : number + SMALL]


def check(digest: "hashlib._Hash") -> None:
    """A number that all must arrive at."""
    print("check", int.from_bytes(digest.digest()[:6], "big"))


@contextmanager
def timed() -> Iterator[None]:
    forget_peak()
    cpu, begun = time.process_time(), perf_counter()
    yield
    print("s", perf_counter() - begun)
    print("cpu", time.process_time() - cpu)
    print("grown_mb", growth())
