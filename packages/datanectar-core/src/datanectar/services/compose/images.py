"""What a service's container is made from: a published image, or one of Python with the service's distribution."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from typing import Any

from datanectar.errors import ConfigurationError
from datanectar.records import Service
from datanectar.services.versions import version


def image(service: Service, state: Sequence[str], working_directory: str) -> dict[str, Any]:
    """Returns the keys of a service that say what its container is made from.

    Args:
        service: The service.
        state: Where its volumes are, in the container.
        working_directory: Where it is started, in the container.

    Raises:
        ConfigurationError: Nothing says what to install.
    """
    if service.image:
        return {"image": service.image}
    return {"build": {"dockerfile_inline": _dockerfile(service, state, working_directory)}}


def _dockerfile(service: Service, state: Sequence[str], working_directory: str) -> str:
    lines = [
        f"FROM python:{sys.version_info.major}.{sys.version_info.minor}-slim",
        f"RUN pip install --no-cache-dir {shlex.join(_requirements(service))}",
    ]
    if state:  # a volume takes owner and mode of the directory it is put on; any user is to write there
        lines.append(f"RUN install -d -m 1777 {shlex.join(state)}")
    lines.append("WORKDIR " + re.sub(r"""([\\$"'])""", r"\\\1", working_directory))
    return "\n".join(lines) + "\n"


def _requirements(service: Service) -> list[str]:
    found = list(service.requirements)
    if service.distribution:
        installed = version(service)
        found.insert(0, f"{service.distribution}=={installed}" if installed else service.distribution)
    if not found:
        raise ConfigurationError(
            f"services.{service.name}: nothing says what its container is made from; set `image`, a published one, or "
            f"`requirements`, what to install, in [services.{service.name}]"
        )
    return found
