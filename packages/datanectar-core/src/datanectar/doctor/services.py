"""The services: whether `datanectar serve` would start them."""

from __future__ import annotations

import configparser
import importlib.metadata
import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from datanectar.configuration.settings import Settings
from datanectar.doctor.findings import Finding, guarded
from datanectar.errors import ConfigurationError, DatanectarError, PortTaken
from datanectar.records import Service, ServiceType
from datanectar.registry import registry
from datanectar.services.choosing import make
from datanectar.services.ports import held
from datanectar.services.process import program, unset_variables
from datanectar.services.versions import version


def services(settings: Settings) -> Iterator[Finding]:
    """Every service there is; one that the user has not configured is no reason to call anything broken."""
    configured = settings.names("services")
    for name in dict.fromkeys((*registry(settings).components(ServiceType), *configured)):
        yield from guarded(f"service {name}", _service(settings, name, "error" if name in configured else "warning"))


def _service(settings: Settings, name: str, wrong: Literal["error", "warning"]) -> Iterator[Finding]:
    check = f"service {name}"
    try:
        service = make(settings, name)
    except DatanectarError as error:
        if wrong == "error" or not isinstance(error, ConfigurationError):
            raise
        yield Finding("ok", check, f"not for this project: {error}")
        return
    found = version(service)
    try:
        versioned = f", {service.distribution} {found}" if found else ""
        yield Finding("ok", check, f"{program(service)}{versioned}")
    except ConfigurationError as error:
        yield Finding(wrong, check, str(error))
    yield from _other_version(service, found, check)
    for file in service.config_files:
        problem = _unreadable(file)
        yield Finding(wrong if problem else "ok", check, f"{file}: {problem or 'read'}")
    if unset := unset_variables(service):
        yield Finding(wrong, check, f"variables it needs are not set: {', '.join(unset)}", "export them")
    yield from _ports(service, settings.root, wrong)


def _other_version(service: Service, found: str, check: str) -> Iterator[Finding]:
    """A server of one version and clients of another."""
    try:
        ours = importlib.metadata.version(service.distribution) if service.distribution else ""
    except importlib.metadata.PackageNotFoundError:
        return
    if found and found != ours:
        what = f"the server is {service.distribution} {found}, and this environment has {ours}"
        yield Finding("warning", check, what, "no harm where the two understand each other")


def _ports(service: Service, root: Path, wrong: Literal["error", "warning"]) -> Iterator[Finding]:
    check, ports = f"service {service.name}", ", ".join(map(str, service.ports))
    try:
        found = held(service, root)
    except PortTaken as error:
        yield Finding(wrong, check, str(error))
        return
    if ports:
        yield Finding("ok", check, f"port {ports}: {'free' if found is None else f'it runs, pid {found.pid}'}")


def _yaml(text: str) -> Any:
    import yaml

    return yaml.safe_load(text)


def _ini(text: str) -> None:
    configparser.ConfigParser(interpolation=None, strict=False).read_string(text)


_READERS: dict[str, Callable[[str], Any]] = {
    ".toml": tomllib.loads,
    ".json": json.loads,
    ".yaml": _yaml,
    ".yml": _yaml,
    ".cfg": _ini,
    ".ini": _ini,
}


def _unreadable(file: Path) -> str:
    """Why a native file cannot be read, or an empty string; one of an unknown format need only be there."""
    try:
        text = file.read_text(encoding="utf-8")
        _READERS.get(file.suffix, str)(text)
    except ImportError:  # without YAML, its files are the service's own affair
        return ""
    except Exception as error:
        return " ".join(str(error).split())
    return ""
