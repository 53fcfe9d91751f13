"""Options that several commands have, and the settings they choose."""

from __future__ import annotations

from contextlib import AbstractContextManager

import click

from datanectar.configuration.active import override
from datanectar.configuration.settings import Settings

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
profile_option = click.option("--profile", metavar="NAME", help="The profile to use.")
storage_layer_option = click.option("--storage-layer", metavar="NAME|URL", help="Where artifacts are.")


def chosen(profile: str | None = None, storage_layer: str | None = None) -> AbstractContextManager[Settings]:
    """Puts the settings in force that the options choose."""
    return override("command line", {"profile": profile, "storage_layer": storage_layer})
