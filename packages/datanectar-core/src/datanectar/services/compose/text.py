"""A Compose file as text: written for people to read, and read as people have left it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from textwrap import indent
from types import ModuleType
from typing import Any

from datanectar.errors import ConfigurationError, UnsupportedError

_HEADER = """\
# Written by `datanectar compose` from the services of the project, and yours to edit: it is not written again.
# `datanectar compose --check` says where it has drifted from what they say. Secrets are in .env, beside this file.
"""
#: Text that every YAML reads as text, without quotes; Compose's takes 1e3 for a number, which Python's does not.
_PLAIN = re.compile(r"(?:[A-Za-z/]|\.{1,2}/|--?[A-Za-z])[\w ./@=+,~-]*|[0-9]+s", re.ASCII)
_ON_A_LINE = 100
_TEXT = "tag:yaml.org,2002:str"


def written(document: Mapping[str, Any], comments: Mapping[str, str]) -> str:
    """Returns the text of a Compose file.

    Args:
        document: What is in it.
        comments: What stands above services, by their names.
    """
    yaml = _yaml()
    sections = []
    for section, content in document.items():
        if section == "services":
            blocks = [_comment(comments.get(name, "")) + _dump(yaml, {name: keys}) for name, keys in content.items()]
            sections.append("services:\n" + indent("\n".join(blocks), "  "))
        else:
            sections.append(_dump(yaml, {section: content}))
    return "\n".join([_HEADER, *sections])


def read(path: Path) -> dict[str, Any]:
    """Returns what is in a Compose file.

    Raises:
        ConfigurationError: It is missing, or no Compose file.
        UnsupportedError: PyYAML is not installed.
    """
    yaml = _yaml()
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"{path} is not there; `datanectar compose` writes one") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigurationError(f"{path} is not YAML: {error}") from error
    if not isinstance(found, dict):
        raise ConfigurationError(f"{path} is no Compose file: it has no `services`")
    return found


def _yaml() -> ModuleType:
    try:
        import yaml
    except ImportError:
        msg = "a Compose file is YAML, which needs PyYAML: pip install 'datanectar-core[services]'"
        raise UnsupportedError(msg) from None
    module: ModuleType = yaml
    return module


def _comment(text: str) -> str:
    line = " ".join(text.split())
    return f"# {line}\n" if line else ""


def _dump(yaml: ModuleType, value: Any) -> str:
    class Dumper(yaml.SafeDumper):  # type: ignore[name-defined,misc]
        def ignore_aliases(self, data: Any) -> bool:
            return True

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
            return super().increase_indent(flow, False)

    def text(dumper: Any, value: str) -> Any:
        is_text = dumper.resolve(yaml.ScalarNode, value, (True, False)) == _TEXT  # as ``yes`` is not
        return dumper.represent_scalar(_TEXT, value, _style(value) if is_text else '"')

    def sequence(dumper: Any, value: list[Any]) -> Any:
        short = all(isinstance(one, str) for one in value) and sum(len(one) + 4 for one in value) < _ON_A_LINE
        return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=short)

    Dumper.add_representer(str, text)
    Dumper.add_representer(list, sequence)
    dumped: str = yaml.dump(
        value, Dumper=Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=10_000
    )
    return dumped


def _style(text: str) -> str | None:
    """How a text is quoted: not, where no reader can mistake it, and as a block of lines where it is one."""
    if _PLAIN.fullmatch(text):
        return None
    lines = text.split("\n")
    block = len(lines) > 1 and all(line.isprintable() for line in lines) and not text[0].isspace()
    return "|" if block else '"'
