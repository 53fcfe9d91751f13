"""`datanectar plugins` and `datanectar config`: what is installed, and what is set."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from typing import Any

import click

from datanectar import records
from datanectar.cli.options import chosen, json_option, profile_option
from datanectar.cli.output import print_json, print_table
from datanectar.configuration.active import current
from datanectar.configuration.files import Setting
from datanectar.configuration.options import is_secret
from datanectar.configuration.settings import Settings
from datanectar.errors import DatanectarError
from datanectar.layer.options import LayerOptions
from datanectar.registry import registry
from datanectar.values.references import hide_credentials, is_reference

_TABLES: dict[str, type[records.ComponentType]] = {
    "storage": records.StorageType,
    "orchestrators": records.OrchestratorType,
    "feature_stores": records.FeatureStoreType,
    "services": records.ServiceType,
}
#: Options that are no secrets in any storage: shown even where its plugin is missing.
_HARMLESS = ("type", "path", "bucket", "container", "prefix")


@click.command()
@json_option
def plugins(as_json: bool) -> None:
    """List plugins: what each brings, and what became of it."""
    settings = current()
    found = registry(settings)
    offers = found.offers()
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


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    origin = f"{row['distribution']} {row['version']}".strip() or "core"
    return row["name"], origin, row["status"], row["error"] or ", ".join(row["brings"])


@click.group(invoke_without_command=True)
@profile_option
@json_option
@click.pass_context
def config(context: click.Context, profile: str | None, as_json: bool) -> None:
    """Show the configuration in force."""
    given = {"profile": profile, "as_json": as_json}
    context.default_map = {"show": given}
    if context.invoked_subcommand is None:
        context.invoke(show, **given)


@config.command()
@profile_option
@json_option
def show(profile: str | None, as_json: bool) -> None:
    """Print every value with where it came from."""
    with chosen(profile) as settings:
        values = settings.all() | dict(_from_own_variables(settings))
        rows = [(key, _printable(settings, key, value), source) for key, (value, source) in sorted(values.items())]
    if as_json:
        print_json([{"key": key, "value": value, "source": source} for key, value, source in rows])
        return
    print_table(("key", "value", "from"), rows)
    click.echo(f"file: {settings.file or f'none in {settings.root} or above'}", err=True)


def _from_own_variables(settings: Settings) -> Iterator[tuple[str, Setting]]:
    """Options that nothing sets but a variable of the component's own."""
    for table in _TABLES:
        for name in settings.names(table):
            try:
                options = _options_class(settings, table, name)
            except DatanectarError:
                continue
            for field in dataclasses.fields(options) if options else ():
                variable, key = str(field.metadata.get("env", "")), f"{table}.{name}.{field.name}"
                if variable in os.environ and key not in settings.values:
                    yield key, Setting(os.environ[variable], variable)


def _printable(settings: Settings, key: str, value: Any) -> Any:
    table, _, rest = key.partition(".")
    name, _, option = rest.partition(".")
    if table in _TABLES and option:
        return "***" if _is_secret(settings, table, name, option) and not is_reference(value) else value
    return hide_credentials(value) if isinstance(value, str) else value


def _is_secret(settings: Settings, table: str, name: str, option: str) -> bool:
    if option in _HARMLESS or hasattr(LayerOptions, option):
        return False
    try:
        return is_secret(_options_class(settings, table, name), option)
    except DatanectarError:  # not installed, so what is secret is not known
        return True


def _options_class(settings: Settings, table: str, name: str) -> type | None:
    kind = settings.get(f"storage.{name}.type") if table == "storage" else name
    return registry(settings).options_class(_TABLES[table], str(kind))
