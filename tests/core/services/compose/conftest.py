"""Services as they come out of plugins and tables, and the file that they make up."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datanectar.records import Service
from datanectar.services.choosing import Chosen
from datanectar.services.compose.document import document

ROOT = Path("/home/you/flights")


@pytest.fixture
def root() -> Path:
    """The project's directory. Nothing of it needs to be there."""
    return ROOT


@pytest.fixture
def service() -> Callable[..., Service]:
    """Makes a service that runs in an image of Python."""

    def make(*command: str, **facts: Any) -> Service:
        return Service(name="luigid", command=command or ("luigid",), **{"requirements": ["luigi"], **facts})

    return make


@pytest.fixture
def composed() -> Callable[..., dict[str, Any]]:
    """Returns what is in the file of some services, which is in the project's directory."""

    def make(*services: Service, project: str = "flights", folder: Path = ROOT) -> dict[str, Any]:
        return document(Chosen(ROOT, list(services), {}), project, folder)

    return make
