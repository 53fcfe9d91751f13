"""A plugin that brings the orchestrator under test to processes that a kit starts, where it is not installed."""

from __future__ import annotations

import os
import pickle

from datanectar.hookspecs import hookimpl
from datanectar.records import OrchestratorType

VARIABLE = "CONFORMANCE_ORCHESTRATOR"


def for_environment(given: OrchestratorType | str) -> dict[str, str]:
    """Returns the variables by which this plugin finds a record; of an installed one, the name is enough."""
    return {} if isinstance(given, str) else {VARIABLE: pickle.dumps(given).hex()}


@hookimpl
def datanectar_orchestrators() -> list[OrchestratorType]:
    given = os.environ.get(VARIABLE)
    return [pickle.loads(bytes.fromhex(given))] if given else []
