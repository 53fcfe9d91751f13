"""Plans: which steps a target needs, which of them are stored already, and in what order the rest can run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from datanectar.configuration.active import current
from datanectar.contracts.orchestration import Step
from datanectar.layer.presence import Presence
from datanectar.layer.storage_layer import StorageLayer
from datanectar.running.targets import layer_in_force
from datanectar.tasks.call import Call
from datanectar.tasks.definition import Definition
from datanectar.tasks.foreign import ForeignCall
from datanectar.tasks.handle import Artifact


@dataclass(slots=True, eq=False)
class PlannedStep:
    """One artifact in a plan.

    Attributes:
        name: Its name.
        task: Its task's path.
        status: ``cached``: it is stored; ``run``: it will be made; ``blocked``: it cannot be.
        reason: Why, in a few words.
        needs: Names of the artifacts it is made from that are in this plan.
        seconds: How long the task took last time, if that is known.
        repair: Whether it is stored, but damaged, and is made to replace that.
        call: The call that makes it.
        layer: Where it is stored.
    """

    name: str
    task: str
    status: Literal["run", "cached", "blocked"]
    reason: str = ""
    needs: tuple[str, ...] = ()
    seconds: float | None = None
    repair: bool = False
    call: Call = field(repr=False, kw_only=True)
    layer: StorageLayer = field(repr=False, kw_only=True)

    @property
    def uri(self) -> str:
        """Where it is or will be stored."""
        return self.layer.uri(self.name)


class Plan:
    """The steps that targets need, inputs before what is made from them; nothing below a stored artifact is in it.

    Attributes:
        targets: The names that were asked for.
        steps: Every step by name, in an order in which they can run.
    """

    def __init__(self, targets: Sequence[str], steps: dict[str, PlannedStep]) -> None:
        self.targets = list(targets)
        self.steps = steps

    def __iter__(self) -> Iterator[PlannedStep]:
        return iter(self.steps.values())

    def __len__(self) -> int:
        return len(self.steps)

    def with_status(self, status: str) -> list[PlannedStep]:
        """Returns the steps of one status."""
        return [step for step in self if step.status == status]

    def counts(self) -> str:
        """Returns how many steps are of each status, such as ``1 run, 2 cached``."""
        found = ((len(self.with_status(status)), status) for status in ("run", "cached", "blocked"))
        return ", ".join(f"{count} {status}" for count, status in found if count)

    def _repr_html_(self) -> str:
        from datanectar.running.notebook import plan_html

        return plan_html(self)

    def __str__(self) -> str:
        return "\n".join(f"{step.status:<8}{step.name}  {step.reason}".rstrip() for step in self)


def make_plan(
    targets: Iterable[Artifact[Any]],
    *,
    storage_layer: Any = None,
    repairs: Iterable[str] = (),
    further: Mapping[str, Sequence[Artifact[Any]]] | None = None,
) -> Plan:
    """Plans targets, asking about as few artifacts as possible, in batches.

    Args:
        targets: What is wanted.
        storage_layer: Where to look for and store everything; by default what the settings choose for each task.
        repairs: Names of stored artifacts that are damaged and must be made again.
        further: What tasks need besides what they require, by their names, as they found out while they ran.
    """
    planner = _Planner(storage_layer, set(repairs), further or {})
    calls = [artifact.call for artifact in targets]
    planner.explore(calls)
    names = [call.name for call in calls]
    return Plan(names, planner.ordered(names))


class _Planner:
    def __init__(self, storage_layer: Any, repairs: set[str], further: Mapping[str, Sequence[Artifact[Any]]]) -> None:
        self._argument = storage_layer
        self._repairs, self._further = repairs, further
        self._presence: dict[StorageLayer, Presence] = {}
        self._layers: dict[Definition, StorageLayer] = {}
        self._found: dict[str, PlannedStep] = {}

    def explore(self, calls: list[Call]) -> None:
        """Looks at targets, then at the inputs of what is missing, level by level."""
        while calls:
            level = {name: call for call in calls if (name := call.name) not in self._found}
            layers = {name: self._layer(call) for name, call in level.items()}
            present = {name: _is_complete(call, layers[name]) for name, call in level.items() if not call.stores}
            by_layer: dict[StorageLayer, list[str]] = {}
            for name in [name for name in layers if name not in present]:
                by_layer.setdefault(layers[name], []).append(name)
            for layer, names in by_layer.items():
                presence = self._presence.setdefault(layer, Presence(layer.backend))
                present |= presence.ask(names)
            calls = []
            for name, call in level.items():
                step = self._found[name] = self._step(name, call, layers[name], present[name])
                if step.status == "run":
                    inputs = [artifact.call for artifact in (*call.inputs(), *self._further.get(name, ()))]
                    step.needs = tuple(dict.fromkeys(needed.name for needed in inputs))
                    calls += inputs

    def _layer(self, call: Call) -> StorageLayer:
        if call.definition is None:
            return call.layer()
        found = self._layers.get(call.definition)
        if found is None:
            found = self._layers[call.definition] = call.layer(self._argument)
        return found

    def _step(self, name: str, call: Call, layer: StorageLayer, present: bool) -> PlannedStep:
        task = call.definition.path if call.definition else name.rpartition("/")[0]
        damaged = name in self._repairs
        if call.definition is None and (damaged or not present):
            status, reason = "blocked", "damaged" if damaged else "not stored, and known by name only"
        elif present and not damaged:
            status, reason = "cached", "stored"
        else:
            status, reason = "run", "damaged, made anew" if damaged else "not stored"
        repair = present and damaged
        return PlannedStep(name, task, status, reason, repair=repair, call=call, layer=layer)  # type: ignore[arg-type]

    def ordered(self, targets: list[str]) -> dict[str, PlannedStep]:
        """Sorts steps so that inputs come first, and blocks what needs a blocked one."""
        ordered: dict[str, PlannedStep] = {}
        stack = [(name, iter(self._found[name].needs)) for name in reversed(targets)]
        while stack:
            name, needs = stack[-1]
            below = next((need for need in needs if need not in ordered), None)
            if below is not None:
                stack.append((below, iter(self._found[below].needs)))
                continue
            stack.pop()
            if name in ordered:
                continue
            step = self._found[name]
            blocked = [need for need in step.needs if ordered[need].status == "blocked"]
            if blocked and step.status == "run":
                step.status, step.reason = "blocked", f"needs {blocked[0]}"
            ordered[name] = step
        return ordered


def _is_complete(call: Call, layer: StorageLayer) -> bool:
    """Asks a task that keeps its result itself; if it asks the store after others, then that of this run."""
    with layer_in_force(layer, call):
        return call.is_complete()


def steps_to_run(plan: Plan) -> list[Step]:
    """Returns the records that an orchestrator gets."""
    settings = current()
    running = {step.name for step in plan if step.status == "run"}
    chosen_for: dict[Definition, dict[str, Any]] = {}
    steps = []
    for planned in plan:
        if planned.name not in running:
            continue
        task = planned.call.definition
        assert task is not None
        chosen = chosen_for.get(task)
        if chosen is None:
            options = {key: settings.choose(key, task) for key in ("retries", "timeout", "resources")}
            chosen = chosen_for[task] = {key: found.value for key, found in options.items() if found is not None}
        needs = tuple(need for need in planned.needs if need in running)
        steps.append(
            Step(
                planned.name,
                planned.task,
                task.reference,
                planned.call.arguments,
                planned.layer,
                needs,
                repair=planned.repair,
                fields=planned.call.own_fields(),
                input_layers={need: plan.steps[need].layer for need in planned.needs},
                foreign=planned.call.task if isinstance(planned.call, ForeignCall) else None,
                call=planned.call,
                **chosen,
            )
        )
    return steps
