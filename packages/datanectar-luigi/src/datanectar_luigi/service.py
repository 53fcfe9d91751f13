"""luigid, Luigi's central scheduler, as a service: https://luigi.readthedocs.io/en/stable/central_scheduler.html."""

from __future__ import annotations

import configparser
import logging
import os
import sysconfig
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import datanectar as dn

_PORT = 8082  # luigid's own default
_NATIVE_FILES = ("luigi.cfg", "luigi.toml")


@dataclass(frozen=True)
class LuigidOptions:
    """Options of ``[services.luigid]``. All else is Luigi's own to configure, in its ``luigi.cfg``."""

    executable: Path | None = field(
        default=None, metadata={"help": "luigid, or a virtual environment that has it; by default that of this Python"}
    )
    directory: Path = field(default=Path(), metadata={"help": "Where it is started, and luigi.cfg looked for"})
    config: Path | None = field(
        default=None, metadata={"help": "A luigi.cfg or luigi.toml elsewhere; by default LUIGI_CONFIG_PATH's"}
    )
    port: int | None = field(
        default=None, metadata={"help": "By default the one that luigi.cfg has clients look for, else 8082"}
    )
    state_directory: Path | None = field(
        default=None, metadata={"help": "Where it keeps its state; by default where luigi.cfg says, else .luigid"}
    )
    arguments: tuple[str, ...] = field(default=(), metadata={"help": "Further arguments of luigid"})
    image: str = field(default="", metadata={"help": "A published image that has it, for `datanectar compose`"})
    requirements: tuple[str, ...] = field(default=(), metadata={"help": "What an image installs beside luigi"})


def luigid(options: LuigidOptions) -> dn.Service:
    """Returns luigid, as its own configuration has it.

    Raises:
        ConfigurationError: The file given is not there, or no configuration can be read from it.
    """
    native = _native_file(options)
    read = {} if native is None else _read(native)
    port, state = _port(options, read, native), _state_file(options, read)
    arguments = ["--address", "127.0.0.1", "--port", str(port)]
    if state is not None:
        arguments += ["--state-path", str(state)]
    return dn.Service(
        name="luigid",
        command=[_program(options.executable), *arguments, *options.arguments],
        ready=f"http://127.0.0.1:{port}/api/is_paused",  # a ping would register a worker
        config_files=[] if native is None else [native],
        directory=options.directory,
        env={} if native is None else _environment(native),
        ports=[port],
        stop_seconds=30,  # it writes its state
        distribution="luigi",
        image=options.image,
        requirements=options.requirements,
        state=[] if state is None else [state.parent],
    )


def _program(given: Path | None) -> str:
    if given is None:
        beside = Path(sysconfig.get_path("scripts"), "luigid")
        return str(beside) if beside.exists() else "luigid"
    return str(given / "bin" / "luigid" if given.is_dir() else given)


def _native_file(options: LuigidOptions) -> Path | None:
    named = options.config or os.environ.get("LUIGI_CONFIG_PATH")
    if named is not None:
        found = Path(named).absolute()
        if not found.is_file():
            source = "services.luigid.config" if options.config else "LUIGI_CONFIG_PATH"
            raise dn.errors.ConfigurationError(f"{source} = {named}: there is no such file")
        return found
    return next((path for name in _NATIVE_FILES if (path := options.directory.absolute() / name).is_file()), None)


def _environment(native: Path) -> dict[str, str]:
    parser = {"LUIGI_CONFIG_PARSER": "toml"} if native.suffix == ".toml" else {}
    return {"LUIGI_CONFIG_PATH": str(native), **parser}


def _read(native: Path) -> Mapping[str, Mapping[str, Any]]:
    """What Luigi's file says, to be read only: names with _ for -, as Luigi takes both."""
    try:
        if native.suffix == ".toml":
            sections: Mapping[str, Any] = tomllib.loads(native.read_text())
        else:
            parser = configparser.ConfigParser(interpolation=None, strict=False)
            parser.read_string(native.read_text(), str(native))
            sections = {name: dict(parser[name]) for name in parser.sections()}
    except (configparser.Error, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise dn.errors.ConfigurationError(f"{native} is no configuration that Luigi can read: {error}") from error
    return {
        name: {key.replace("-", "_"): value for key, value in section.items()}
        for name, section in sections.items()
        if isinstance(section, Mapping)
    }


def _port(options: LuigidOptions, read: Mapping[str, Mapping[str, Any]], native: Path | None) -> int:
    text = read.get("core", {}).get("default_scheduler_port")
    try:
        known = None if text is None else int(text)
    except ValueError as error:
        message = f"{native}: [core] default_scheduler_port = {text!r} must be a number"
        raise dn.errors.ConfigurationError(message) from error
    if options.port and known not in (None, options.port):
        logging.getLogger("datanectar").warning(
            "services.luigid.port is %d, and clients of %s look for luigid at %d", options.port, native, known
        )
    return options.port or known or _PORT


def _state_file(options: LuigidOptions, read: Mapping[str, Mapping[str, Any]]) -> Path | None:
    """Where luigid is told to keep its state, or None where its own file says so."""
    if options.state_directory is None and "state_path" in read.get("scheduler", {}):
        return None
    return (options.state_directory or options.directory / ".luigid").absolute() / "state.pickle"
