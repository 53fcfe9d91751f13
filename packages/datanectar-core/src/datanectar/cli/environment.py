"""`datanectar plugins` and `datanectar config`: what is installed, and what is set."""

from __future__ import annotations

from typing import Any

import click

from datanectar import records
from datanectar.cli.output import print_json, print_table
from datanectar.configuration.active import current
from datanectar.configuration.options import is_secret
from datanectar.configuration.settings import Settings
from datanectar.errors import DatanectarError
from datanectar.registry import Registry, registry

_KINDS = (
    *(records.StorageType, records.NamingType, records.OrchestratorType, records.SerializerType),
    *(records.FeatureStoreType, records.ServiceType, records.TaskAdapterType, records.CommandType),
)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def plugins(as_json: bool) -> None:
    """List plugins: what each brings, and what became of it."""
    settings = current()
    found = registry(settings)
    offers = _offers(found)
    rows = [
        {
            "name": info.name,
            "distribution": info.distribution,
            "version": info.version,
            "status": info.status,
            "brings": offers.get(info.name, []),
            "error": str(info.error) if info.error else info.disabled_by and f"disabled by {info.disabled_by}",
        }
        for info in settings.manager.infos.values()
    ]
    if as_json:
        print_json(rows)
    else:
        columns = ("plugin", "from", "status", "brings")
        print_table(columns, [_row(row) for row in rows])
    for error in found.conflicts.values():
        click.echo(f"conflict: {error}", err=True)


def _offers(found: Registry) -> dict[str, list[str]]:
    offers: dict[str, list[str]] = {}
    for kind in _KINDS:
        for name, component in found.components(kind).items():
            offers.setdefault(component.plugin.name, []).append(f"{kind.kind} {name}")
    return offers


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    origin = f"{row['distribution']} {row['version']}".strip() or "core"
    return row["name"], origin, row["status"], row["error"] or ", ".join(row["brings"])


@click.group(invoke_without_command=True)
@click.pass_context
def config(context: click.Context) -> None:
    """Show the configuration in force."""
    if context.invoked_subcommand is None:
        context.invoke(show)


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(as_json: bool) -> None:
    """Print every value with where it came from."""
    settings = current()
    rows = [(key, _printable(settings, key, setting.value), setting.source) for key, setting in settings.all().items()]
    if as_json:
        print_json([{"key": key, "value": value, "source": source} for key, value, source in rows])
        return
    print_table(("key", "value", "from"), rows)


def _printable(settings: Settings, key: str, value: Any) -> Any:
    parts = key.split(".")
    if parts[0] != "storage" or len(parts) < 3:
        return value
    kind = settings.get(f"storage.{parts[1]}.type")
    try:
        options = registry(settings).options_class(records.StorageType, kind)
    except DatanectarError:  # not installed: what is secret is not known, so nothing of it is shown but its type
        return value if parts[2] in ("type", "path", "bucket", "prefix", "container") else "***"
    return "***" if is_secret(options, parts[2]) else value
