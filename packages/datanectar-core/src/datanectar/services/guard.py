"""Ends services whose supervisor was killed. Run as a script by `datanectar.services.process`, of the stdlib alone.

It reads process groups from its standard input, ``41`` once a service is started, ``-41`` once it has ended, and
``0`` once the supervisor needs it no more. The pipe's end means the same, which forks of the supervisor may put off;
and so does a new parent.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

_LOOK_SECONDS = 1.0


def main(supervisor: int, stop_seconds: float) -> None:
    """Waits until the supervisor is gone, and ends what it left behind."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # whoever ends a whole terminal or job ends the supervisor, too
    groups = _left(supervisor)
    _send(groups, signal.SIGTERM)
    deadline = time.monotonic() + stop_seconds
    while groups and time.monotonic() < deadline:
        time.sleep(0.05)
        groups = _send(groups, 0)
    _send(groups, signal.SIGKILL)


def _left(supervisor: int) -> set[int]:
    """Waits until the supervisor is gone, and returns the groups that are left."""
    groups: set[int] = set()
    rest, gone = b"", False
    while True:
        if select.select([0], [], [], 0 if gone else _LOOK_SECONDS)[0]:
            read = os.read(0, 4096)
            if not read:
                break
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                number = int(line)
                if number > 0:
                    groups.add(number)
                else:
                    groups.discard(-number)
                gone = gone or number == 0
        elif gone:
            break
        else:
            gone = os.getppid() != supervisor
    os.close(0)  # who has not said yet that it starts gets SIGPIPE, and does not
    return groups


def _send(groups: set[int], number: int) -> set[int]:
    """Sends a signal to groups, and returns those that exist."""
    found = set()
    for group in groups:
        try:
            os.killpg(group, number)
            found.add(group)
        except (ProcessLookupError, PermissionError):
            pass
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
