"""The graph by joblib.Memory in a loop."""

import joblib
from graphs import LAST, STEPS, below, measure

memory = joblib.Memory("store", verbose=0)


@memory.cache
def step(number: int, left: int = 0, right: int = 0) -> int:
    return (number + left + right) % 999_983


def run() -> list[int]:
    values: list[int] = []
    for number in range(STEPS):
        values.append(step(number, *[values[other] for other in below(number)]))
    return [values[number] for number in LAST]


measure(run)
