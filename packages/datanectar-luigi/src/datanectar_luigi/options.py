"""What can be set for Luigi as an orchestrator."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import datanectar as dn

_START_METHODS = ("fork", "forkserver", "spawn")


@dataclass(frozen=True)
class LuigiOptions:
    """Options of ``[orchestrators.luigi]``. All else is Luigi's own to configure, in its ``luigi.cfg``."""

    scheduler: str = field(
        default="",
        metadata={"help": "local, or the URL of a luigid; by default the one that luigi.cfg names, else local"},
    )
    config: str = field(
        default="", metadata={"help": "A luigi.cfg, used as it is; by default those that Luigi finds", "path": True}
    )
    wave: int = field(
        default=500,
        metadata={"help": "How many tasks Luigi is given at a time: what it takes for each grows with their number"},
    )
    batch: int = field(
        default=1, metadata={"help": "How many steps one Luigi task carries; with 1, resources and priorities hold"}
    )
    start_method: str = field(
        default="fork", metadata={"help": "How Luigi's workers start processes: fork, forkserver or spawn"}
    )

    def __post_init__(self) -> None:
        for name in ("wave", "batch"):
            if getattr(self, name) < 1:
                raise dn.errors.ConfigurationError(f"{name} = {getattr(self, name)} must be 1 or more")
        if self.start_method not in _START_METHODS:
            raise dn.errors.ConfigurationError(
                f"start_method = {self.start_method!r} must be one of {', '.join(_START_METHODS)}"
            )
        if self.scheduler not in ("", "local") and "://" not in self.scheduler:
            raise dn.errors.ConfigurationError(
                f"scheduler = {self.scheduler!r} must be 'local', or a URL such as http://127.0.0.1:8082"
            )
        if self.config and not Path(self.config).is_file():
            raise dn.errors.ConfigurationError(f"config = {self.config!r}: there is no such file")
