"""The Compose file that a project's services make up, as a mapping."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from datanectar.errors import ConfigurationError
from datanectar.records import Service
from datanectar.services.choosing import Chosen
from datanectar.services.compose.health import healthcheck
from datanectar.services.compose.images import image
from datanectar.services.compose.places import Places

Document = dict[str, Any]
#: The variables by which containers run as who wrote the file: the files that are mounted are theirs.
UID, GID = "DATANECTAR_UID", "DATANECTAR_GID"
_STOP_SECONDS = 30
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class _Reference(str):
    """What Compose is to replace by a variable's value; it would do so with any text that has a ``$``."""


def document(chosen: Chosen, project: str, folder: Path) -> Document:
    """Returns what is in the Compose file.

    Args:
        chosen: The services.
        project: The project's name.
        folder: The directory that the file is in; what is mounted is named from there.

    Raises:
        ConfigurationError: A service cannot be put into a container as it is described.
    """
    services: Document = {}
    volumes: Document = {}
    for service in chosen.services:
        made = _Container(service, chosen.root, folder)
        services[service.name] = _escaped(made.keys())
        volumes |= {name: {} for name in made.volumes}
    return {"name": _project_name(project), "services": services, **({"volumes": volumes} if volumes else {})}


class _Container:
    """One service, as Compose has it."""

    def __init__(self, service: Service, root: Path, folder: Path) -> None:
        self._service, self._folder, self._places = service, folder, Places(service, root)
        self._state = {self._places.path(path): path.name for path in service.state}
        self.volumes = dict(zip(_volume_names(service.name, self._state.values()), self._state, strict=True))

    def keys(self) -> Document:
        """Returns its keys, in the order in which people read them; those that say nothing are left out."""
        service, directory = self._service, self._places.working_directory()
        found = {
            **image(service, list(self._state), directory),
            **self._command(),
            "working_dir": directory,
            "user": _Reference(f"${{{UID}:?run datanectar compose}}:${{{GID}:?run datanectar compose}}"),
            "environment": self._environment(),
            "ports": [f"127.0.0.1:{port}:{port}" for port in dict.fromkeys(service.ports)],
            "volumes": list(self._mounts()),
            "healthcheck": healthcheck(service),
            "restart": "unless-stopped",
            "stop_grace_period": f"{max(_STOP_SECONDS, math.ceil(service.stop_seconds))}s",
            "init": True,
            "security_opt": ["no-new-privileges:true"],
            "cap_drop": ["ALL"],
        }
        return {key: value for key, value in found.items() if value not in ([], {})}

    def _command(self) -> Document:
        program, arguments = self._places.program(), self._places.arguments()
        if self._service.image:  # whatever its entry point would make of a command
            return {"entrypoint": [program], "command": arguments}
        return {"command": [program, *arguments]}

    def _environment(self) -> Document:
        service = self._service
        found: Document = {} if service.image else {"HOME": "/tmp", "PYTHONUNBUFFERED": "1"}  # a user without a home
        found |= {name: self._places.text(str(value)) for name, value in service.env.items()}
        for name in (*service.variables, *service.secrets):
            if _VARIABLE.fullmatch(name) is None:
                raise ConfigurationError(
                    f"services.{service.name}: {name!r} is no name of a variable; these are of A-Z a-z 0-9 _"
                )
            found[name] = _Reference(f"${{{name}:?set it in .env}}")
        return found

    def _mounts(self) -> Iterator[Document]:
        """What is mounted, each target once; Docker puts inner ones onto outer ones, whatever their order."""
        service, targets = self._service, set(self._state)
        for paths, own in ((service.config_files, {"read_only": True}), (service.data, {})):
            for path in paths:
                target = self._places.path(path)
                if target not in targets:
                    targets.add(target)
                    bind = {"create_host_path": False}  # Docker would make a directory, of root's
                    yield {"type": "bind", "source": self._source(path), "target": target, **own, "bind": bind}
        for name, target in self.volumes.items():
            yield {"type": "volume", "source": name, "target": target}

    def _source(self, path: Path) -> str:
        relative = Path(os.path.relpath(path, self._folder)).as_posix()
        return relative if relative.split("/")[0] in (".", "..") else f"./{relative}"


def _volume_names(service: str, directories: Iterable[str]) -> list[str]:
    """Names that say whose volumes they are, of the characters that volumes have."""
    names: list[str] = []
    for directory in directories:
        plain = wanted = f"{service}.{re.sub(r'[^a-zA-Z0-9_.-]', '-', directory).strip('.')}"  # no service has a dot
        while wanted in names:
            wanted = f"{plain}-{len(names) + 1}"
        names.append(wanted)
    return names


def _project_name(project: str) -> str:
    """A project's name of the characters that Compose allows."""
    plain = re.sub(r"[^a-z0-9_-]+", "-", project.lower()).strip("-_")
    return plain or "project"


def _escaped(value: Any) -> Any:
    """The same, with what Compose would take for a variable as it is meant."""
    if isinstance(value, _Reference):
        return str(value)
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, dict):
        return {key: _escaped(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_escaped(inner) for inner in value]
    return value
