"""The command line. Click and Rich are imported here and nowhere else."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line and exits: 0 done, 1 a task failed, 2 wrong use, 130 interrupted."""
    from datanectar.cli.application import invoke

    sys.exit(invoke(sys.argv[1:]))
