"""Services that the user describes in a table ``[services.NAME]``, without a plugin."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from datanectar.configuration.files import Setting
from datanectar.configuration.options import make_options
from datanectar.errors import ConfigurationError
from datanectar.records import Service


@dataclass(frozen=True)
class ServiceRow:
    """Options of a ``[services.NAME]`` that no plugin brings."""

    command: list[str] | str = field(metadata={"help": "The program and its arguments"})
    ready: str = field(
        default="", metadata={"help": "A URL that answers 200 once it runs; without one, its ports take connections"}
    )
    ports: list[int] = field(default_factory=list, metadata={"help": "The ports it listens on, at 127.0.0.1"})
    env: dict[str, str] = field(default_factory=dict, metadata={"help": "Variables added to its environment"})
    secrets: list[str] = field(
        default_factory=list,
        metadata={"help": "Variables that hold its own secrets; their values are set elsewhere"},
    )
    variables: list[str] = field(default_factory=list, metadata={"help": "Other variables that have to be set"})
    config_files: list[str] = field(default_factory=list, metadata={"help": "The native files it reads"})
    directory: Path | None = field(
        default=None,
        metadata={"help": "Where it is started, by default beside its first configuration file, else in the project"},
    )
    stop_seconds: float = field(default=10, metadata={"help": "How long it may take to end, before it is killed"})
    distribution: str = field(default="", metadata={"help": "The Python distribution that has the program"})
    image: str = field(default="", metadata={"help": "A published image that runs it, for `datanectar compose`"})
    requirements: list[str] = field(
        default_factory=list, metadata={"help": "What is installed besides, in an image that is built"}
    )
    state: list[str] = field(default_factory=list, metadata={"help": "Directories that it alone writes"})
    data: list[str] = field(default_factory=list, metadata={"help": "Directories that it shares with others"})


def service_of(name: str, table: Mapping[str, Setting], root: Path) -> Service:
    """Returns what a table describes.

    Args:
        name: The service's name.
        table: Its options.
        root: Where relative paths start.

    Raises:
        ConfigurationError: An option is missing, unknown or of the wrong type.
    """
    row: ServiceRow = make_options(ServiceRow, table, where=f"services.{name}", root=root)
    program, *arguments = _words(row.command, f"services.{name}.command") or [""]
    if not program:
        raise ConfigurationError(f"services.{name}.command is empty; write the program and its arguments")
    local = root / program  # a path is of the project, a bare name is looked up on PATH
    return Service(
        name=name,
        command=[str(local) if "/" in program and local.is_file() else program, *arguments],
        ready=row.ready,
        ports=row.ports,
        env=row.env,
        secrets=row.secrets,
        variables=row.variables,
        config_files=_paths(root, row.config_files),
        directory=row.directory,
        stop_seconds=row.stop_seconds,
        distribution=row.distribution,
        image=row.image,
        requirements=row.requirements,
        state=_paths(root, row.state),
        data=_paths(root, row.data),
    )


def _words(command: list[str] | str, key: str) -> list[str]:
    if not isinstance(command, str):
        return command
    try:
        return shlex.split(command)
    except ValueError as error:
        raise ConfigurationError(f"{key} = {command!r} cannot be read: {error}") from error


def _paths(root: Path, texts: list[str]) -> list[Path]:
    return [root / Path(text).expanduser() for text in texts]
