"""Which orchestrator runs a plan, and that its work ends with the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from datanectar.configuration.settings import Settings
from datanectar.contracts.orchestration import Orchestrator, Outcome
from datanectar.records import OrchestratorType
from datanectar.registry import registry

#: What runs the steps where nobody says otherwise.
_EMBEDDED = "local"


def orchestrator_in_force(settings: Settings, argument: str | None) -> Orchestrator:
    """Returns the orchestrator that a run's argument or the settings choose."""
    chosen = settings.choose("orchestrator", argument=argument)
    name = chosen.value if chosen else _EMBEDDED
    where = f"orchestrators.{name}"
    made: Orchestrator = registry(settings).make(
        OrchestratorType, name, settings.table(where), where=where, root=settings.root
    )
    return made


@contextmanager
def closed_at_the_end(outcomes: Iterator[Outcome]) -> Iterator[Iterator[Outcome]]:
    """Ends an orchestrator's work with the block: one that is interrupted must not wait for the garbage collector."""
    try:
        yield outcomes
    finally:
        close = getattr(outcomes, "close", None)
        if close is not None:
            close()
