"""Orchestrators: they schedule steps, and know nothing of values, names or stores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from datanectar.errors import StepFailed

#: What no pause before a retry exceeds, in seconds.
LONGEST_PAUSE = 30.0


@dataclass(slots=True, eq=False)
class Step:
    """One task to be run: a small record that pickles flat, with names instead of values.

    Attributes:
        name: The artifact it makes.
        task: The task's path, such as ``train_model/classifier/eta_classifier``.
        reference: Where the task is imported from, as ``"module:qualname"``.
        arguments: Its checked arguments; artifacts among them pickle as their names.
        layer: The storage layer that takes the result, or its name or URL, as which it travels.
        needs: Names of the steps of the same plan that must be done before.
        retries: How often it is tried again after a failure.
        timeout: Seconds it may take, or None.
        resources: What it needs, as the orchestrator understands it.
        repair: Whether it replaces an artifact that failed verification.
        input_layers: The storage layer of each input, likewise, by the input's name.
        fields: Of a task class, the fields whose values the arguments do not tell.
        attempt: The id of this execution, where the orchestrator chose it; else `execute` makes one.
        log: Where the step has a process of its own, the path of a file that takes all that the process writes, C code
            and subprocesses included; the file is there when the process is not.
        foreign: The task object of another library that makes the artifact, or None; it is pickled by that library.
        call: The live call, where the step runs in the process that planned it; never pickled.
    """

    name: str
    task: str
    reference: str
    arguments: dict[str, Any]
    layer: Any
    needs: tuple[str, ...] = ()
    retries: int = 0
    timeout: float | None = None
    resources: dict[str, float] = field(default_factory=dict)
    repair: bool = False
    input_layers: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    attempt: str = ""
    log: str = ""
    foreign: Any = None
    call: Any = None

    def __reduce__(self) -> tuple[Any, ...]:
        layers = {name: _reference(layer) for name, layer in self.input_layers.items()}
        return Step, (
            *(self.name, self.task, self.reference, self.arguments, _reference(self.layer), self.needs, self.retries),
            *(self.timeout, self.resources, self.repair, layers, self.fields, self.attempt, self.log),
            self.foreign,
        )


def _reference(layer: Any) -> Any:
    """A layer is opened where it is used, by the settings that hold there."""
    return getattr(layer, "reference", layer)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step.

    Attributes:
        name: The artifact's name.
        status: ``done``; ``failed``; ``damaged``: an input did not verify and must be made again first; ``waiting``: it
            found out that it needs other tasks first; or ``started``, for progress: a later outcome tells the end.
        seconds: How long the task's own code took.
        error: Why it failed.
        damaged: Names of the inputs that did not verify.
        waits_for: The task objects and artifacts that it needs first.
        is_final: Whether another attempt would only say the same: a changed argument, a result that nothing holds.
    """

    name: str
    status: Literal["started", "done", "failed", "damaged", "waiting"]
    seconds: float = 0.0
    error: StepFailed | None = None
    damaged: tuple[str, ...] = ()
    waits_for: tuple[Any, ...] = ()
    is_final: bool = False


class Execute(Protocol):
    """What an orchestrator calls for each step, in this process or another. It can be pickled, settings and all."""

    def __call__(self, step: Step) -> Outcome:
        """Runs a step, with its retries. A task's failure is an outcome, not an exception."""

    def lost(self, step: Step, error: BaseException, seconds: float = 0.0) -> Outcome:
        """Says what became of a step whose process could not: done, if it had stored its result before its end.

        Args:
            step: The step, with the `attempt` and the `log` that it had.
            error: What happened to its process.
            seconds: How long it had been running.
        """


class Orchestrator(ABC):
    """Runs steps in an order that respects their needs.

    Data never moves through an orchestrator: it calls `execute(step)` wherever the step is to run, and passes
    on the outcome. `execute` and steps can be pickled; `execute` reports failures of a task as an outcome and
    does not raise.
    """

    @abstractmethod
    def run(
        self, steps: Sequence[Step], execute: Execute, *, workers: int | None = None, keep_going: bool = False
    ) -> Iterator[Outcome]:
        """Runs `steps`, given in topological order, and yields each outcome as it becomes known.

        A step whose needs are not done is not executed and has no outcome. Outcomes ``damaged`` and ``waiting`` are
        passed on like others: core runs what is missing, and the step again. After a failure, no further step is
        started unless `keep_going`; then all that do not depend on it are. An orchestrator that can tell when a step
        starts yields an outcome ``started`` for it, too.

        Args:
            steps: What to run.
            execute: Runs one step, in this process or another.
            workers: How many at once; None leaves it to the orchestrator.
            keep_going: Whether independent steps go on after a failure.
        """
