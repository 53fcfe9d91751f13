"""The graph by Hamilton with its cache: a module of one function a step, written and imported before the clock runs."""

import importlib
import os
import sys

from graphs import LAST, STEPS, below, measure
from hamilton import driver


def write_module() -> None:
    functions = []
    for number in range(STEPS):
        inputs = [f"step_{other}" for other in below(number)]
        parameters = ", ".join(f"{name}: int" for name in inputs)
        total = " + ".join([str(number), *inputs])
        functions.append(f"def step_{number}({parameters}) -> int:\n    return ({total}) % 999_983\n")
    with open("steps.py", "w") as file:
        file.write("\n\n".join(functions))


def run() -> list[int]:
    graph = driver.Builder().with_modules(steps).with_cache(path="store").build()
    values = graph.execute([f"step_{number}" for number in LAST])
    return [values[f"step_{number}"] for number in LAST]


if not os.path.exists("steps.py"):
    write_module()
sys.path.insert(0, os.getcwd())
sys.setrecursionlimit(100_000)  # Hamilton walks the graph by recursion: a chain of 1 000 fails with Python's default
steps = importlib.import_module("steps")
measure(run)
