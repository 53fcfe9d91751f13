"""Compose's several spellings of one thing, brought to one, so that two files can be compared.

Lists whose order means nothing become mappings: mounts by their target, ports by the container's, the others by item.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable, Iterable
from typing import Any

_SPLIT = re.compile(r":(?![^{]*\})")  # not within ${NAME:-value}
_MESSAGE = re.compile(r"\$\{(\w+):\?[^}]*\}")
_UNITS = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION = re.compile(rf"(\d+(?:\.\d+)?)({'|'.join(sorted(_UNITS, key=len, reverse=True))})")
_DURATIONS = ("interval", "timeout", "start_period", "start_interval")
_PORT = re.compile(r"(?:(?P<host_ip>.+?):)??(?:(?P<published>[\d-]*):)?(?P<target>[\d-]+)(?:/(?P<protocol>\w+))?")


def plain(document: dict[str, Any]) -> dict[str, Any]:
    """Returns what a Compose file says, in one spelling."""
    found = {key: _value(value) for key, value in document.items()}
    for key in ("services", "volumes"):
        if isinstance(document.get(key), dict):
            read = _service if key == "services" else _value
            found[key] = {str(name): read({} if value is None else value) for name, value in document[key].items()}
    return found


def _service(keys: Any) -> Any:
    if not isinstance(keys, dict):
        return _value(keys)
    return {str(key): _READERS.get(str(key), _value)(value) for key, value in keys.items()}


def _value(value: Any) -> Any:
    """Compose takes ``8082`` for ``"8082"``, and ``true`` for ``"true"``."""
    if isinstance(value, dict):
        return {str(key): _value(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_value(inner) for inner in value]
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else _MESSAGE.sub(r"${\1:?}", str(value)).rstrip("\n")


def _words(value: Any) -> Any:
    """A command: words, or a line of them."""
    if isinstance(value, str):
        try:
            value = shlex.split(value)
        except ValueError:
            pass
    return _value(value)


def _environment(value: Any) -> Any:
    if isinstance(value, list):
        pairs = (str(one).partition("=") for one in value)
        value = {name: text if sign else None for name, sign, text in pairs}
    return _value(value)


def _items(value: Any) -> Any:
    return {str(_value(one)): "listed" for one in value} if isinstance(value, list) else _value(value)


def _seconds(value: Any) -> Any:
    text = str(value)
    parts = _DURATION.findall(text)
    if not parts or "".join(map("".join, parts)) != text:
        return _value(value)
    return f"{sum(float(number) * _UNITS[unit] for number, unit in parts):g}s"


def _healthcheck(value: Any) -> Any:
    if not isinstance(value, dict):
        return _value(value)
    found = {str(key): _seconds(inner) if key in _DURATIONS else _value(inner) for key, inner in value.items()}
    if isinstance(value.get("test"), str):
        found["test"] = ["CMD-SHELL", found["test"]]
    return found


def _build(value: Any) -> Any:
    found = _value({"context": value} if isinstance(value, str) else value)
    return _without(found, context=".") if isinstance(found, dict) else found


def _without(found: dict[str, Any], **defaults: str) -> dict[str, Any]:
    """Without what says what would hold anyway."""
    return {key: value for key, value in found.items() if defaults.get(key) != value}


# Ports and mounts


def _keyed(value: Any, read: Callable[[Any], dict[str, Any] | None]) -> Any:
    """A list as a mapping by ``target``; what has the target of an earlier one, or cannot be read, by what it says."""
    if not isinstance(value, list):
        return _value(value)
    found: dict[str, Any] = {}
    for one in value:
        parts = read(one)
        key = str(parts.pop("target", "")) if parts else ""
        if parts is None or not key or key in found:
            found[str(_value(one))] = "listed"
        else:
            found[key] = parts
    return found


def _ports(value: Any) -> Any:
    return _keyed(value, _port)


def _port(value: Any) -> dict[str, Any] | None:
    if isinstance(value, dict):
        return _without(_value(value), protocol="tcp", mode="ingress")
    parts = _PORT.fullmatch(str(_value(value)))
    return None if parts is None else _without(_said(parts.groupdict().items()), protocol="tcp")


def _mounts(value: Any) -> Any:
    return _keyed(value, _mount)


def _mount(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return _short_mount(str(value))
    found: dict[str, Any] = _without(_value(value), read_only="false")
    if found.get("type") == "bind":
        found["source"] = _path(str(found.get("source", "")))
    return found | {"target": _path(str(found.get("target", "")))}


def _short_mount(text: str) -> dict[str, Any] | None:
    """``SOURCE:TARGET:ro``. It cannot say `create_host_path`, and is taken as if it said what the long form does."""
    source, target, *options = ["", *parts] if len(parts := _SPLIT.split(text)) == 1 else parts
    if len(options) > 1 or not target:
        return None
    words = set(options[0].split(",")) if options else set()
    found = {"type": "volume", "source": source, "target": _path(target)}
    if source.startswith((".", "/", "~", "$")):
        found |= {"type": "bind", "source": _path(source), "bind": {"create_host_path": "false"}}
    flags = {"read_only": "true" if "ro" in words else "", "options": ",".join(sorted(words - {"ro", "rw"}))}
    return _said([*found.items(), *flags.items()])


def _path(text: str) -> str:
    return posixpath.normpath(text) if text else text


def _said(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {key: value for key, value in pairs if value}


_READERS: dict[str, Callable[[Any], Any]] = {
    "build": _build,
    "entrypoint": _words,
    "command": _words,
    "environment": _environment,
    "ports": _ports,
    "volumes": _mounts,
    "healthcheck": _healthcheck,
    "stop_grace_period": _seconds,
    "security_opt": _items,
    "cap_drop": _items,
}
