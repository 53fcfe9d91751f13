"""The kit for orchestrators: the same artifacts, the same events and the same errors as the embedded one gives."""

from __future__ import annotations

from datanectar.testing.orchestrator.failures import Ends, Failures
from datanectar.testing.orchestrator.foreign import ForeignTasks
from datanectar.testing.orchestrator.parity import Parity
from datanectar.testing.orchestrator.results import Results


class OrchestratorConformance(Parity, Results, ForeignTasks, Failures, Ends):
    """What every orchestrator must keep. Subclass it in a test module and give one fixture.

    Its tasks are in `datanectar.testing.pipelines` and `datanectar.testing.foreign_tasks`, its stores in a folder of
    this machine. What the orchestrator's workers inherit (``sys.path`` by way of ``PYTHONPATH``, variables) is set
    while a test runs, so an engine that outlives tests cannot be told of it: start it in the fixture. Records are
    pickled to reach `datanectar run` in a process of its own.

    Fixtures:
        orchestrator: The name of an installed orchestrator, or an `OrchestratorType` of one that is not (for options,
            give a ``functools.partial`` as its factory).

    Attributes:
        processes: Whether two workers are two processes, of which one can die and a store in memory cannot be shared.
        timeouts: Whether it ends steps that take longer than their timeout.
        interrupts: Whether Ctrl-C in the process that started a run ends its steps.
    """
