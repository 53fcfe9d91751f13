"""`datanectar doctor`: what is wrong with the surroundings, and what to do about it."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from datanectar.cli.exits import DONE, FAILED
from datanectar.cli.options import json_option, profile_option, storage_layer_option
from datanectar.cli.output import print_json
from datanectar.doctor.examination import examine
from datanectar.values.references import hide_credentials

_COLORS = {"ok": "green", "warning": "yellow", "error": "red"}


@click.command()
@profile_option
@storage_layer_option
@click.option("--all", "every", is_flag=True, help="Examine every configured storage, not only what the profile uses.")
@json_option
def doctor(profile: str | None, storage_layer: str | None, every: bool, as_json: bool) -> int:
    """Check the configuration, plugins, keys, storages, disks and clock, and say what to do."""
    rows = []
    for finding in examine(profile, storage_layer, every):
        rows.append({name: hide_credentials(text) for name, text in asdict(finding).items()})
        if not as_json:
            _print(**rows[-1])
    if as_json:
        print_json(rows)
    else:
        counts = [(sum(row["status"] == status for row in rows), status) for status in _COLORS]
        click.echo(", ".join(f"{count} {status}" for count, status in counts), err=True)
    return FAILED if any(row["status"] == "error" for row in rows) else DONE


def _print(status: str, check: str, found: str, remedy: str) -> None:
    """A line with tabs in a pipe; at a terminal, what to do stands below."""
    if not sys.stdout.isatty():
        click.echo("\t".join(filter(None, (status, check, found, remedy))))
        return
    click.echo(f"{click.style(f'{status:<8}', fg=_COLORS[status])} {check}: {found}")
    if remedy:
        click.echo(f"         → {remedy}")
