"""What the `graph_*.py` scripts run: a graph of steps that do next to nothing.

`layered`: layers of ten steps, each on two of the layer before. `chain`: each step on the one before. A step adds its
number and its inputs; the sum of the last ones is printed, so that all tools are seen to have done the same work.
"""

import sys
from collections.abc import Callable, Iterable
from time import perf_counter

from profiling import profile

PHASE, SHAPE, STEPS = sys.argv[1], sys.argv[2], int(sys.argv[3])
WIDTH = 10
LAST = [STEPS - 1] if SHAPE == "chain" else list(range(STEPS - WIDTH, STEPS))


def below(number: int) -> list[int]:
    """Returns the numbers of the steps that a step needs."""
    if SHAPE == "chain":
        return [number - 1] if number else []
    layer, place = divmod(number, WIDTH)
    return [(layer - 1) * WIDTH + place, (layer - 1) * WIDTH + (place + 1) % WIDTH] if layer else []


def measure(run: Callable[[], Iterable[int]]) -> None:
    """Times `run`, which builds the graph, runs what is missing, and returns the values of the last steps."""
    if "--profile" in sys.argv:
        profile(run)
        return
    begun = perf_counter()
    values = run()
    seconds = perf_counter() - begun
    print("step_ms", seconds * 1e3 / STEPS)
    print("check", sum(values))
