"""The graph by Datanectar, embedded orchestrator."""

from graphs import LAST, STEPS, below, measure

import datanectar as dn


@dn.task
def step(number: int, left: int = 0, right: int = 0) -> int:
    return (number + left + right) % 999_983


def run() -> list[int]:
    made: list[dn.Artifact[int]] = []
    for number in range(STEPS):
        made.append(step(number, *[made[other] for other in below(number)]))
    values: list[int] = dn.run([made[number] for number in LAST])
    return values


measure(run)
