"""luigid, Luigi's central scheduler: https://github.com/spotify/luigi."""

from __future__ import annotations

import sysconfig
from pathlib import Path

from testbed.process import Server, free_ports


class Luigid(Server):
    """A central scheduler that knows nothing yet, and forgets everything in the end."""

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def client_environment(self) -> dict[str, str]:
        return {"DATANECTAR_ORCHESTRATOR": "luigi", "DATANECTAR_ORCHESTRATORS__LUIGI__SCHEDULER": self.url}

    def command(self) -> list[str]:
        (self.port,) = free_ports(1)
        return [
            str(Path(sysconfig.get_path("scripts")) / "luigid"),
            *("--address", self.host, "--port", str(self.port)),
            *("--state-path", str(self.directory / "state.pickle"), "--logdir", str(self.directory)),
        ]

    def environment(self) -> dict[str, str]:
        return {}

    def is_ready(self) -> bool:
        return self.answers("/api/is_paused")  # a ping would register a worker
