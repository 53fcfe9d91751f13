"""`datanectar serve`: the project's servers, started by one command and stopped by Ctrl-C."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import click

from datanectar.cli.exits import DONE, INTERRUPTED
from datanectar.cli.options import chosen, profile_option
from datanectar.configuration.active import current
from datanectar.services import serving
from datanectar.services.choosing import choose
from datanectar.services.output import OURS, prefixed


@click.command()
@profile_option
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=serving.SECONDS_TO_START,
    show_default=True,
    metavar="SECONDS",
    help="How long they may take to be up.",
)
@click.option(
    "--when-one-ends",
    type=click.Choice(["stop", "go-on"]),
    default="stop",
    show_default=True,
    help="What happens when one ends by itself: stop the others, or let them go on.",
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
def serve(profile: str | None, timeout: float, when_one_ends: str, names: tuple[str, ...]) -> int:
    """Start the project's services, or those of each NAME, on their native configuration files.

    Ctrl-C stops them, the last one first; a second Ctrl-C kills them.
    """
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # nohup has it ignored
            signal.signal(number, _end)
    with chosen(profile):
        found = choose(current(), names)
    output = prefixed(sys.stdout, [service.name for service in found.services])
    try:
        with serving.started(found, timeout, when_one_ends.replace("-", " "), output) as services:
            if not any(service.started for service in services.values()):
                click.echo("all of them run already; stop them where they were started", err=True)
                return DONE
            output(OURS, "Ctrl-C stops them")
            services.wait()
    except KeyboardInterrupt:
        return INTERRUPTED
    return DONE


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)
