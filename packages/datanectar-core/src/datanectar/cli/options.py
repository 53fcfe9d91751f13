"""Options that several commands have, and the settings and the storage layer they choose."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import click

from datanectar.cli import completers
from datanectar.configuration.active import override
from datanectar.configuration.settings import Settings

NAME_HELP = (
    "NAME is a full name, a URI, task@alias (of the task, the end of its path will do), or any piece of a name that "
    "only one artifact has."
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
profile_option = click.option(
    "--profile", metavar="NAME", help="The profile to use.", shell_complete=completers.profiles
)
storage_layer_option = click.option(
    "--storage-layer", metavar="NAME|URL", help="Where artifacts are.", shell_complete=completers.storages
)
name_argument = click.argument("name", shell_complete=completers.artifacts)


def chosen(profile: str | None = None, storage_layer: str | None = None) -> AbstractContextManager[Settings]:
    """Puts the settings in force that the options choose."""
    return override("command line", {"profile": profile, "storage_layer": storage_layer})


def in_layer(command: Callable[..., Any]) -> Callable[..., Any]:
    """Opens the storage layer that the options choose and passes it on."""

    def with_layer(profile: str | None, storage_layer: str | None, **arguments: Any) -> Any:
        from datanectar.layer.opening import storage_layer as open_chosen_layer

        with chosen(profile, storage_layer):
            return command(open_chosen_layer(), **arguments)

    with_layer.__name__, with_layer.__doc__ = command.__name__, command.__doc__
    wrapped: Any = with_layer
    # Options that the command's own decorators added below this one move along.
    wrapped.__click_params__ = getattr(command, "__click_params__", [])
    found: Callable[..., Any] = profile_option(storage_layer_option(wrapped))
    return found


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def span(text: str) -> timedelta:
    """Reads a length of time: ``90s``, ``15m``, ``2h``, ``3d`` or ``2w``.

    Raises:
        click.BadParameter: It is none.
    """
    found = re.fullmatch(r"(\d{1,6})([smhdw])", text)
    if found is None:
        msg = f"{text!r} is no length of time: write a number and a unit, as in 90s, 15m, 2h, 3d or 2w"
        raise click.BadParameter(msg)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
