"""Settings from variables: ``DATANECTAR_PROFILE``, ``DATANECTAR_STORAGE__LAKE__BUCKET``."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping

from datanectar.configuration.files import Setting
from datanectar.configuration.schema import CHOICES, DIRECT, NAMED_TABLES, check_settings, find_key
from datanectar.errors import ConfigurationError
from datanectar.values.annotations import MISMATCH, describe
from datanectar.values.text import parse_text

PREFIX = "DATANECTAR_"
#: Variables that are read elsewhere, by the code that needs them.
OTHER_VARIABLES = (
    *("DATANECTAR_LOAD_PLUGINS", "DATANECTAR_DISABLE_PLUGINS", "DATANECTAR_SIGNING_KEY"),
    "DATANECTAR_SERVICE",  # marks what runs as a service
)


def read_environment(values: Mapping[str, Setting]) -> dict[str, Setting]:
    """Returns what variables set, by dotted key. One of a single word that is empty counts as not set.

    Args:
        values: What files and packages set: the tables there are.

    Raises:
        ConfigurationError: A variable sets nothing there is, or to what it cannot be.
    """
    found: dict[str, Setting] = {}
    for variable in sorted(name for name in os.environ if name.startswith(PREFIX)):
        if variable in OTHER_VARIABLES:
            continue
        path = variable.removeprefix(PREFIX).lower().split("__")
        if len(path) == 1:
            if path[0] not in DIRECT:
                _refuse_near_miss(variable, path[0], values)
                continue
            if not os.environ[variable]:  # as a shell or a compose file passes on what is not set
                continue
        key = _key_of(path, variable, values)
        found[key] = _read_variable(key, variable)
        if key not in CHOICES:
            check_settings([(key, found[key])])
    return found


def _refuse_near_miss(variable: str, word: str, values: Mapping[str, Setting]) -> None:
    """A strange variable may belong to a plugin; a near miss is a slip."""
    meant = next(_with_one_underscore(word, values), None)
    if meant is None:
        known = [name.removeprefix(PREFIX).lower() for name in OTHER_VARIABLES]
        meant = next(iter(difflib.get_close_matches(word, [*DIRECT, *known], 1, cutoff=0.7)), None)
    if meant is None and word.startswith("storage_"):
        meant = "storage__name__option"
    if meant is not None:
        raise ConfigurationError(f"unknown variable {variable}; did you mean {PREFIX}{meant.upper()}?")


def _with_one_underscore(word: str, values: Mapping[str, Setting]) -> Iterator[str]:
    """What ``storage_lake_bucket`` is to be: ``storage__lake__bucket``."""
    for table in NAMED_TABLES:
        for name in _names(table, values):
            start = f"{table}_{_as_variable(name)}_"
            if word.startswith(start) and word != start:
                yield f"{table}__{_as_variable(name)}__{word.removeprefix(start)}"


def _names(table: str, values: Mapping[str, Setting]) -> list[str]:
    return sorted({key.split(".")[1] for key in values if key.startswith(table + ".")})


def _as_variable(name: str) -> str:
    """Names of tables may have a ``-`` where a variable has a ``_``."""
    return name.lower().replace("-", "_")


def _key_of(path: list[str], variable: str, values: Mapping[str, Setting]) -> str:
    """The dotted key a variable sets."""
    if path[:2] == ["plugins", "disable"]:
        raise ConfigurationError(f"unknown variable {variable}; did you mean DATANECTAR_DISABLE_PLUGINS?")
    table, name = path[0], path[1] if len(path) >= 3 else ""
    if name and table in NAMED_TABLES:
        there = [*_names(table, values), *_defined_here(table, name)]
        named = next((one for one in there if _as_variable(one) == name), None)
        if named is None and table in ("storage", "profiles"):
            kind, near = table.removesuffix("s"), difflib.get_close_matches(name, there, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"configured: {', '.join(there)}"
            raise ConfigurationError(f"{variable}: there is no {kind} {name!r}; {hint}")
        path[1] = named or name
    return ".".join(path)


def _defined_here(table: str, name: str) -> list[str]:
    """A storage can be made of variables alone, by its type; a profile, by being chosen."""
    if table == "storage" and f"{PREFIX}STORAGE__{name.upper()}__TYPE" in os.environ:
        return [name]
    chosen = os.environ.get(f"{PREFIX}PROFILE")
    return [chosen] if table == "profiles" and chosen else []


def _read_variable(key: str, variable: str) -> Setting:
    known = find_key(f"profiles.*.{key}" if key in CHOICES else key)
    text = os.environ[variable]
    if known is None:
        return Setting(text, variable)
    value = parse_text(text, known.annotation)
    if value is MISMATCH or (known.rule is not None and not known.rule.holds(value)):
        wanted = f"of type {describe(known.annotation)}" if value is MISMATCH else known.rule and known.rule.words
        raise ConfigurationError(f"{variable}{'' if known.private else f'={text!r}'} must be {wanted}")
    return Setting(value, variable)
