"""What the `hit_*.py` scripts time: calls of `summary(number, text)`, which returns a small dict.

A script makes `call` do what a user of its tool writes for "give me this result, computed or stored", and hands it to
`measure`. Nothing else is imported here: the process as a whole is timed, too.
"""

import sys
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

from profiling import profile

PHASE, CALLS = sys.argv[1], int(sys.argv[2])
CALLS_OF_A_PROCESS = 100


def measure(call: Callable[[int, str], dict[str, Any]]) -> None:
    """Times calls; prints microseconds a call.

    - `cold`: every call is a new one.
    - `warm`: the first of all; the others, each for the first time in this process; one of them again and again.
    - `process`: nothing but a hundred calls; the driver times the process.
    """
    if PHASE == "process":
        print("check", sum(call(number, f"key-{number}")["number"] for number in range(CALLS_OF_A_PROCESS)))
        return
    _, first = timed(call, 0)
    if "--profile" in sys.argv:
        profile(lambda: [call(number, f"key-{number}") for number in range(1, CALLS)])
        return
    others = [timed(call, number) for number in range(1, CALLS)]
    print("first_us", first)
    print("next_us", median([duration for _, duration in others]))
    print("check", sum(result["number"] for result, _ in others))
    if PHASE == "warm":
        print("repeat_us", median([timed(call, 1)[1] for _ in range(CALLS)]))


def timed(call: Callable[[int, str], dict[str, Any]], number: int) -> tuple[dict[str, Any], float]:
    text = f"key-{number}"
    begun = perf_counter_ns()
    result = call(number, text)
    return result, (perf_counter_ns() - begun) / 1e3


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
