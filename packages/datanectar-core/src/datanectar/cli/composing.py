"""`datanectar compose`: a Compose file of the project's services to own, and where it has drifted from them."""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from datanectar.cli.exits import DONE, FAILED
from datanectar.cli.options import chosen, json_option, profile_option
from datanectar.cli.output import fit, print_json, print_table
from datanectar.configuration.active import current
from datanectar.configuration.settings import Settings
from datanectar.errors import ConfigurationError
from datanectar.records import Service, ServiceType
from datanectar.registry import registry
from datanectar.services.choosing import Chosen, choose
from datanectar.services.compose import docker, dotenv, text
from datanectar.services.compose.document import GID, UID, Document, document
from datanectar.services.compose.drift import Difference, differences

_DEFAULT = "docker-compose.yml"
_STDOUT = "-"
_FOUND_BY_DOCKER = ("compose.yaml", "compose.yml", _DEFAULT, "docker-compose.yaml")  # the first there is
_WIDTH = 60


@click.command()
@profile_option
@click.option(
    "--output", "-o", metavar="FILE", help=f"The file, by default {_DEFAULT} in the project's directory; - is stdout."
)
@click.option("--force", is_flag=True, help="Overwrite the file, whatever people have made of it.")
@click.option("--check", is_flag=True, help="Write nothing; say where the file has drifted from the services.")
@json_option
@click.argument("names", nargs=-1, metavar="[NAME]...")
def compose(
    profile: str | None, output: str | None, force: bool, check: bool, as_json: bool, names: tuple[str, ...]
) -> int:
    """Write a Compose file of the project's services, or those of each NAME, which is yours from then on.

    Beside it, secrets that they need are generated into .env, once.
    """
    if check and (force or output == _STDOUT):
        raise click.UsageError(
            "--check compares a file and writes nothing: leave out --force, and name the file with -o"
        )
    if as_json and not check:
        raise click.UsageError("--json is of --check")
    with chosen(profile):
        settings = current()
        found = choose(settings, names)
    for name, reason in found.left_out.items():
        click.echo(f"{name} is left out: {reason}", err=True)
    path = found.root / _DEFAULT if output in (None, _STDOUT) else Path(os.path.abspath(str(output)))
    made = document(found, settings.project, path.parent)
    if check:
        return _check(made, path, names, found.services, as_json)
    written = text.written(made, _comments(settings, found))
    _tell_what_is_not_there(found.services)
    if output == _STDOUT:
        return _print(written, found.services)
    return _write(written, path, force, found.services)


def _secrets(services: Iterable[Service]) -> list[str]:
    """The variables whose values are made up."""
    return list(dict.fromkeys(name for service in services for name in service.secrets))


def _others(services: Iterable[Service]) -> list[str]:
    """The variables whose values people know."""
    return sorted({name for service in services for name in service.variables} - set(_secrets(services)))


def _tell_what_is_not_there(services: Iterable[Service]) -> None:
    for service in services:
        for path in (*service.config_files, *service.data):
            if not path.exists():
                click.echo(f"{service.name}: {_shown(path)} is not there yet, and has to be to be mounted", err=True)


def _comments(settings: Settings, found: Chosen) -> dict[str, str]:
    """What stands above each service: what it is, by its plugin, or where it is described."""
    known = registry(settings)
    types = known.components(ServiceType)
    return {
        service.name: known.find(ServiceType, service.name).summary
        if service.name in types
        else f"[services.{service.name}]"
        for service in found.services
    }


def _print(written: str, services: list[Service]) -> int:
    click.echo(written, nl=False)
    names = ", ".join((UID, GID, *_secrets(services), *_others(services)))
    click.echo(f"a file {dotenv.NAME} beside it has to set {names}; without -o - both are written", err=True)
    return DONE


def _write(written: str, path: Path, force: bool, services: list[Service]) -> int:
    if not force and os.path.lexists(path):
        raise _is_there(path)
    if not path.parent.is_dir():
        raise ConfigurationError(f"{_shown(path)} cannot be written: there is no directory {_shown(path.parent)}")
    kept = dotenv.keep(path.parent, _secrets(services))
    if kept.tightened:
        click.echo(f"{_shown(kept.path)} could be read by others: its mode is 0600 now", err=True)
    try:
        with path.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(written)
    except FileExistsError:
        raise _is_there(path) from None
    except OSError as error:
        raise ConfigurationError(f"{_shown(path)} cannot be written: {error.strerror}") from error
    click.echo(f"wrote {_shown(path)}")
    added = f"wrote {', '.join(kept.added)} to" if kept.added else "nothing was lacking in"
    click.echo(f"{added} {_shown(kept.path)}, which is not for version control")
    unset = [name for name in _others(services) if name not in kept.names and name not in os.environ]
    if unset:
        click.echo(f"what {', '.join(unset)} should be is yours to say, in {_shown(kept.path)}", err=True)
    if refusal := docker.refusal(path, unset):
        raise ConfigurationError(f"docker compose refuses {_shown(path)}: {refusal}")
    found = next((name for name in _FOUND_BY_DOCKER if Path(name).exists()), None)
    named = "" if path == Path.cwd() / (found or "") else f"-f {shlex.quote(_shown(path))} "
    click.echo(f"next: docker compose {named}up --build")
    return DONE


def _is_there(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{_shown(path)} is there, and may have been edited; `datanectar compose --check` says where it differs from "
        "what would be written, and --force overwrites it"
    )


def _shown(path: Path) -> str:
    """A path as people at the working directory say it."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


# --check


def _check(made: Document, path: Path, names: tuple[str, ...], services: list[Service], as_json: bool) -> int:
    found = differences(made, text.read(path), {*_secrets(services), *_others(services)})
    if names:  # the other services of the file are no addition
        found = [one for one in found if not (one.kind == "added" and one.path.count(".") < 2)]
    drift, added = ([one for one in found if (one.kind == "added") is is_added] for is_added in (False, True))
    if as_json:
        print_json([dataclasses.asdict(one) for one in found])
    else:
        print_table(("", "where", "the file", "the services"), map(_row, [*drift, *added]))
        places = f", in {len(drift)} place{'s'[: len(drift) > 1]}" if drift else ""
        click.echo(f"{_shown(path)} has {'' if drift else 'not '}drifted from the services{places}", err=True)
    return FAILED if drift else DONE


def _row(one: Difference) -> list[str]:
    return [one.kind, one.path, *("-" if value is None else _short(value) for value in (one.file, one.records))]


def _short(value: Any) -> str:
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return fit(said, _WIDTH) if sys.stdout.isatty() else said
