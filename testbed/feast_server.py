"""Feast's feature server: https://docs.feast.dev/reference/feature-servers/python-feature-server."""

from __future__ import annotations

import sysconfig
from collections.abc import Mapping
from pathlib import Path

from testbed.process import Server, free_ports


class FeastServer(Server):
    """The feature server of one feature repository; it reads what is there, and keeps nothing."""

    def __init__(self, directory: Path, repo: Path) -> None:
        super().__init__(directory)
        self._repo = repo.absolute()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def client_environment(self) -> dict[str, str]:
        return {}

    def command(self) -> list[str]:
        (self.port,) = free_ports(1)
        return [
            str(Path(sysconfig.get_path("scripts")) / "feast"),
            *("--chdir", str(self._repo), "serve"),
            *("--host", self.host, "--port", str(self.port)),
        ]

    def environment(self) -> Mapping[str, str]:
        return {}

    def is_ready(self) -> bool:
        return self.answers("/health")
