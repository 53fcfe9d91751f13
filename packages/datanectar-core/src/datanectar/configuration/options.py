"""Typed options: a component's frozen dataclass, filled from settings and environment."""

from __future__ import annotations

import dataclasses
import difflib
import os
import typing
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from datanectar.configuration.files import Setting
from datanectar.errors import ConfigurationError
from datanectar.values.annotations import MISMATCH, convert, describe
from datanectar.values.references import dereference, is_reference
from datanectar.values.text import parse_text


def make_options(kind: type | None, settings: Mapping[str, Setting], *, where: str, root: Path) -> Any:
    """Makes an instance of the options class `kind`, or None where there is none.

    Args:
        kind: A dataclass; each field is an option. A field's metadata may hold ``env``, the name of a variable
            that sets it where nothing else does.
        settings: The options by name; those below one, such as ``client.region``, make up a dict. Text from
            environment variables is parsed by the field's annotation.
        where: The dotted key of the table, for messages, such as ``storage.lake``.
        root: Where relative paths start.

    Raises:
        ConfigurationError: An option is unknown, missing or of another type.
    """
    fields = {field.name: field for field in dataclasses.fields(kind)} if kind is not None else {}
    settings = _gathered(settings, fields)
    for name, setting in settings.items():
        if name not in fields:
            near = difflib.get_close_matches(name, fields, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(fields) or 'none'}"
            raise ConfigurationError(f"unknown option {where}.{name} ({setting.source}); {hint}")
    if kind is None:
        return None
    annotations = typing.get_type_hints(kind)
    values: dict[str, Any] = {}
    for name, field in fields.items():
        given = settings.get(name) or _from_environment(field)
        if given is not None:
            values[name] = _convert(given, annotations[name], f"{where}.{name}", root, is_secret(kind, name))
        elif isinstance(_default(field), Path):
            values[name] = root / _default(field)
        elif _default(field) is dataclasses.MISSING:
            raise ConfigurationError(f"{where}.{name} is missing{_help(field)}; set it in [{where}]")
    return kind(**values)


def completed(options: Any, *, where: str, root: Path) -> Any:
    """Returns options that something else than settings made, with what is at its default taken from its variable.

    Args:
        options: An instance of an options class.
        where: What made them, for messages, such as a URL.
        root: Where relative paths start.

    Raises:
        ConfigurationError: A variable has a value of another type.
    """
    annotations = typing.get_type_hints(type(options))
    values: dict[str, Any] = {}
    for field in dataclasses.fields(options):
        name, given = field.name, _from_environment(field)
        if given is not None and getattr(options, name) == _default(field):
            values[name] = _convert(given, annotations[name], f"{where}: {name}", root, is_secret(type(options), name))
    return dataclasses.replace(options, **values) if values else options


def _default(field: dataclasses.Field[Any]) -> Any:
    """The value of an option that nothing sets, or MISSING where it must be set."""
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _gathered(settings: Mapping[str, Setting], fields: Collection[str]) -> dict[str, Setting]:
    """The settings by option: what stands below an option is a table again, which `flatten` took apart."""
    found: dict[str, Setting] = {}
    for name, setting in settings.items():
        option, below, rest = name.partition(".")
        if not below or option not in fields or (option in found and type(found[option].value) is not dict):
            found[name] = setting
            continue
        table = found.setdefault(option, Setting({}, setting.source)).value
        *path, last = rest.split(".")
        for part in path:
            table = table.setdefault(part, {})
        table[last] = setting.value
    return found


def _from_environment(field: dataclasses.Field[Any]) -> Setting | None:
    variable = field.metadata.get("env")
    return Setting(os.environ[variable], variable) if variable and variable in os.environ else None


def _convert(given: Setting, annotation: Any, key: str, root: Path, secret: bool) -> Any:
    value, text = given.value, not given.source.partition(":")[0].endswith(".toml")  # of a variable
    if Path in (annotation, *typing.get_args(annotation)) and isinstance(value, str):
        if not value:
            raise ConfigurationError(f"{key} ({given.source}) is empty; write . for {root}")
        return root / Path(value).expanduser()
    if secret:
        value, text = _revealed(value, key, root), text or is_reference(value)
    found = convert(value, annotation)
    if found is MISMATCH and isinstance(value, str) and text:
        found = parse_text(value, annotation)
    if found is MISMATCH:
        shown = "" if secret else f" = {value!r}"
        wanted = (
            describe(annotation)
            if typing.get_origin(annotation) is typing.Literal
            else f"of type {describe(annotation)}"
        )
        raise ConfigurationError(f"{key}{shown} ({given.source}) must be {wanted}")
    return found


def _revealed(value: Any, key: str, root: Path) -> Any:
    """A secret's value, read where it is a reference; also inside a table."""
    if isinstance(value, dict):
        return {name: _revealed(item, f"{key}.{name}", root) for name, item in value.items()}
    return dereference(value, key, root)[0].decode() if is_reference(value) else value


def _help(field: dataclasses.Field[Any]) -> str:
    return f" ({field.metadata['help']})" if "help" in field.metadata else ""


def is_secret(kind: type | None, option: str) -> bool:
    """Whether an option's value must never be printed."""
    fields = dataclasses.fields(kind) if kind is not None else ()
    return any(field.name == option.partition(".")[0] and field.metadata.get("secret") for field in fields)
