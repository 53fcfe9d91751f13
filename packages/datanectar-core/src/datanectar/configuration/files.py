"""Finds and reads the configuration file, remembering the line of every key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from datanectar.errors import ConfigurationError

_OWN_FILE = "datanectar.toml"
_SHARED_FILE = "pyproject.toml"
_TABLE = "tool.datanectar"


class Setting(NamedTuple):
    """A value and where it came from, such as ``pyproject.toml:12`` or ``DATANECTAR_PROFILE``."""

    value: Any
    source: str


class ConfigurationFile(NamedTuple):
    """The file in force.

    Attributes:
        root: The directory that relative paths start at: the file's own, or the working directory.
        path: The file, or None where there is none.
        settings: Its content, flat: ``storage.lake.bucket``, ``policies[0].retries``.
    """

    root: Path
    path: Path | None
    settings: Mapping[str, Setting]


def read_configuration(directory: Path) -> ConfigurationFile:
    """Reads ``datanectar.toml`` or ``[tool.datanectar]`` of ``pyproject.toml``, from `directory` upwards.

    Raises:
        ConfigurationError: A file cannot be read or is not TOML, or one directory has both.
    """
    for folder in (directory, *directory.parents):
        own, shared = folder / _OWN_FILE, folder / _SHARED_FILE
        table = _shared_table(shared)
        if own.is_file():
            if table is not None:
                raise ConfigurationError(f"both {own} and [{_TABLE}] in {shared} configure this project; keep one")
            return _configuration(own, _parse(own), "")
        if table is not None:
            return _configuration(shared, table, _TABLE)
    return ConfigurationFile(directory, None, {})


def flatten(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yields dotted keys and values; tables in lists are numbered, as in ``policies[0].retries``.

    A table without keys is a value, ``{}``: ``[profiles.dev]`` alone is a profile, too.
    """
    for key, value in tree.items():
        dotted = f"{prefix}.{key}" if prefix else key
        if isinstance(value, Mapping) and value:
            yield from flatten(value, dotted)
        elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
            for number, item in enumerate(value):
                yield from flatten(item, f"{dotted}[{number}]")
        else:
            yield dotted, value


def _shared_table(path: Path) -> Mapping[str, Any] | None:
    if not path.is_file():
        return None
    document = _parse(path)
    if "datanectar" in document:
        raise ConfigurationError(f"{path}: [datanectar] is not read here; write [{_TABLE}]")
    tool = document.get("tool")
    table = tool.get("datanectar") if isinstance(tool, Mapping) else None
    if table is not None and not isinstance(table, Mapping):
        raise ConfigurationError(f"{path}: [{_TABLE}] must be a table")
    return table


def _parse(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}") from error


def _configuration(path: Path, table: Mapping[str, Any], prefix: str) -> ConfigurationFile:
    lines = _lines(path.read_text(encoding="utf-8"), prefix)
    settings = {key: Setting(value, _source(path, key, lines)) for key, value in flatten(table)}
    return ConfigurationFile(path.parent, path, settings)


def _source(path: Path, key: str, lines: Mapping[str, int]) -> str:
    """Where a key is set; what stands in an inline table is where that is."""
    while key and key not in lines:
        key = key.rpartition(".")[0]
    return f"{path.name}:{lines[key]}" if key else path.name


_HEADER = re.compile(r"\s*\[(\[)?\s*([^\[\]]+?)\s*\]")
_ASSIGNMENT = re.compile(r"""\s*([A-Za-z0-9_."'-]+)\s*=""")


def _lines(text: str, prefix: str) -> dict[str, int]:
    """Maps dotted keys to line numbers. tomllib keeps none; a key this misses is shown with its table or file."""
    found: dict[str, int] = {}

    def note(key: str, number: int) -> None:
        if not prefix:
            found[key] = number
        elif key.startswith(prefix + "."):
            found[key.removeprefix(prefix + ".")] = number

    table, rows = "", dict[str, int]()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = header[2].replace('"', "").replace("'", "").replace(" ", "")
            if header[1]:
                rows[table] = rows.get(table, -1) + 1
                table = f"{table}[{rows[table]}]"
            for row, last in rows.items():  # [policies.resources] belongs to the row above it
                if table.startswith(f"{row}."):
                    table = table.replace(row, f"{row}[{last}]", 1)
            note(table, number)
        elif assignment := _ASSIGNMENT.match(line):
            note(".".join(filter(None, (table, assignment[1].replace('"', "").replace("'", "")))), number)
    return found
