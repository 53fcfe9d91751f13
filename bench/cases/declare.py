"""Declares a first task, and nothing else."""

import datanectar as dn


@dn.task
def double(number: int) -> int:
    return 2 * number
