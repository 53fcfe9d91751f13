"""Orchestrators: they schedule steps, and know nothing of values, names or stores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from datanectar.errors import StepFailed


@dataclass(slots=True, eq=False)
class Step:
    """One task to be run: a small record that pickles flat, with names instead of values.

    Attributes:
        name: The artifact it makes.
        task: The task's path, such as ``train_model/classifier/eta_classifier``.
        reference: Where the task is imported from, as ``"module:qualname"``.
        arguments: Its checked arguments; artifacts among them pickle as their names.
        layer: The storage layer that takes the result; pickles as a reference.
        needs: Names of the steps of the same plan that must be done before.
        retries: How often it is tried again after a failure.
        timeout: Seconds it may take, or None.
        resources: What it needs, as the orchestrator understands it.
        repair: Whether it replaces an artifact that failed verification.
        input_layers: The storage layer of each input, by the input's name.
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
    call: Any = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Step, (
            *(self.name, self.task, self.reference, self.arguments, self.layer, self.needs),
            *(self.retries, self.timeout, self.resources, self.repair, self.input_layers),
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step.

    Attributes:
        name: The artifact's name.
        status: ``done``; ``failed``; or ``damaged``: an input did not verify and must be made again first.
        seconds: How long the task's own code took.
        error: Why it failed.
        damaged: Names of the inputs that did not verify.
    """

    name: str
    status: Literal["done", "failed", "damaged"]
    seconds: float = 0.0
    error: StepFailed | None = None
    damaged: tuple[str, ...] = ()


Execute: TypeAlias = Callable[[Step], Outcome]


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

        A step whose needs failed is not executed and has no outcome. After a failure, no further step is
        started unless `keep_going`; then all that do not depend on it are.

        Args:
            steps: What to run.
            execute: Runs one step, in this process or another.
            workers: How many at once; None leaves it to the orchestrator.
            keep_going: Whether independent steps go on after a failure.
        """
