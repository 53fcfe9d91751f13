"""Real servers for tests, on ports and state of their own."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from datanectar.configuration.active import current
from datanectar.configuration.files import Setting
from datanectar.configuration.settings import Settings
from datanectar.records import ServiceType
from datanectar.registry import registry
from datanectar.services.choosing import choose
from datanectar.services.ports import free_port
from datanectar.services.serving import SECONDS_TO_START, Services, started

_SOURCE = "the fixture services"


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Services]]:
    """Starts services: ``services("luigid")["luigid"].url``; they are stopped at the end of the session.

    It is called with names, and perhaps ``timeout=`` in seconds; in one project, the same names give the same servers.
    Those of plugins listen on free ports and keep their state in a directory that is gone afterwards, so that they meet
    neither the developer's own nor those of other test processes; a ``[services.NAME]`` with a command is started as it
    stands.
    What they write is logged by the logger ``datanectar.services``, at level INFO.
    """
    with ExitStack() as running:
        known: dict[tuple[Path, tuple[str, ...]], Services] = {}

        def start(*names: str, timeout: float = SECONDS_TO_START) -> Services:
            settings = current()
            if (settings.root, names) not in known:
                own = {name: _own(settings, name, tmp_path_factory) for name in names}
                made = started(choose(settings, names, own), timeout, "go on", _log)
                known[settings.root, names] = running.enter_context(made)
            return known[settings.root, names]

        yield start


def _own(settings: Settings, name: str, directories: pytest.TempPathFactory) -> dict[str, Setting]:
    """The options that give a plugin's server a port and a state of its own, of those it has."""
    found = registry(settings)
    if name not in found.components(ServiceType):
        return {}
    options = found.options_class(ServiceType, name)
    fields = {field.name for field in dataclasses.fields(options)} if options is not None else set()
    own: dict[str, Callable[[], object]] = {
        "port": free_port,
        "state_directory": lambda: str(directories.mktemp(f"{name}-state")),
    }
    return {option: Setting(make(), _SOURCE) for option, make in own.items() if option in fields}


def _log(name: str, line: str) -> None:
    logging.getLogger("datanectar.services").info("%s | %s", name, line)
