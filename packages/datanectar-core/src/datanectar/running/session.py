"""`run`: makes what is missing, and returns values."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from datanectar.configuration.active import current
from datanectar.errors import (
    ArtifactNotFound,
    DatanectarError,
    IntegrityError,
    PartNotFound,
    RunFailed,
    StepFailed,
    UnsupportedError,
)
from datanectar.layer.storage_layer import StorageLayer
from datanectar.running.recent import recent
from datanectar.running.targets import collect, map_targets, with_profile
from datanectar.tasks.handle import Artifact

# What is stored already is read without a plan, so what makes and runs plans is imported when there is work to do.
if TYPE_CHECKING:
    from datanectar.contracts.orchestration import Outcome
    from datanectar.running.planning import Plan
    from datanectar.running.progress import Reporter


def run(
    *targets: Any,
    workers: int | None = None,
    orchestrator: str | None = None,
    profile: str | None = None,
    storage_layer: Any = None,
    keep_going: bool = False,
    load: bool = True,
) -> Any:
    """Makes targets and whatever they need, as far as it is not stored yet, and returns their values.

    Args:
        *targets: Artifacts, task objects, or lists, tuples and dicts of them.
        workers: How many steps run at once; by default what the profile says.
        orchestrator: What runs the steps; by default what the profile says.
        profile: The profile to use instead of the one in force.
        storage_layer: Where everything is looked for and stored: a storage's name or URL.
        keep_going: Whether steps that do not depend on a failed one go on.
        load: Whether to return values; else handles are returned.

    Returns:
        The value of one target, or a tuple for several; lists and dicts keep their shape.

    Raises:
        RunFailed: Steps failed; it has all failures, and the results that were made.
        ConfigurationError: The configuration is wrong, or nothing says where results go.
    """
    with with_profile(profile):
        session = Session(_reporter, workers, orchestrator, storage_layer, keep_going)
        results = session.run(targets, load=load)
    return results[0] if len(targets) == 1 else results


def _reporter() -> Reporter:
    from datanectar.running.progress import Lines, Silent

    return Lines(sys.stderr) if sys.stderr is not None and sys.stderr.isatty() else Silent()


class Session:
    """One run, from targets to values."""

    def __init__(
        self,
        make_reporter: Callable[[], Reporter],
        workers: int | None = None,
        orchestrator: str | None = None,
        storage_layer: Any = None,
        keep_going: bool = False,
    ) -> None:
        self._settings = current()
        self._make_reporter, self._storage_layer, self._keep_going = make_reporter, storage_layer, keep_going
        self._workers, self._orchestrator_name = workers, orchestrator
        #: Names of what this run made.
        self.made: set[str] = set()
        self._repaired: set[str] = set()
        self._values = True
        self._failures: dict[str, StepFailed] = {}
        self._waiting: dict[str, list[Artifact[Any]]] = {}
        self._further: dict[str, list[Artifact[Any]]] = {}

    def run(self, targets: Sequence[Any], *, load: bool = True) -> Any:
        """Returns the targets' values (or handles), nested as they were."""
        self._values = load
        if load and len(targets) == 1 and type(targets[0]) is Artifact and targets[0].call.stores:
            try:  # most runs of one target find it stored: then nothing need be planned
                return (self._read(targets[0]),)
            except PartNotFound:
                raise
            except (ArtifactNotFound, IntegrityError):
                pass
        artifacts = collect(tuple(targets))
        try:
            self._make(artifacts)
            results = map_targets(tuple(targets), self._load if load else lambda artifact: artifact)
        except Exception as error:
            try:
                self._move_latest(artifacts)
            except DatanectarError as other:  # which must not hide what failed
                error.add_note(f"`latest` was not moved to what was made: {other}")
            raise
        finally:
            recent.clear()
        self._move_latest(artifacts)  # last: loading may have made a damaged one anew
        return results

    def _layer(self, artifact: Artifact[Any]) -> StorageLayer:
        return artifact.call.layer(self._storage_layer if artifact.call.definition else None)

    def _load(self, artifact: Artifact[Any]) -> Any:
        try:
            return self._read(artifact)
        except IntegrityError:
            if artifact.name in self._repaired or artifact.call.definition is None:
                raise
            self._make([artifact], damaged={artifact.name})
            return self._read(artifact)

    def _read(self, artifact: Artifact[Any]) -> Any:
        if not artifact.call.stores:
            return artifact.call.result()
        layer, name = self._layer(artifact), artifact.name
        value = recent.load(layer, name, artifact.part)
        if self._settings.manager.observers("datanectar_artifact_loaded"):
            self._settings.manager.observe("datanectar_artifact_loaded", name=name, uri=layer.uri(name))
        return value

    def _make(self, artifacts: list[Artifact[Any]], damaged: set[str] | None = None) -> None:
        """Runs what is missing. A damaged input that is found on the way extends the plan."""
        from datanectar.running.planning import make_plan

        repairs = damaged or set()
        while True:
            plan = make_plan(artifacts, storage_layer=self._storage_layer, repairs=repairs, further=self._further)
            self._refuse_lost(plan)
            if not plan.with_status("run"):
                break
            found = self._run_plan(plan)
            self._repaired |= repairs
            if self._failures:
                raise self._failed(artifacts, plan)
            if self._wait(plan):
                repairs = found - self._repaired
                continue
            if not found:
                self._check_complete(plan)
                break
            if found <= self._repaired:
                lost = ", ".join(sorted(found))
                raise IntegrityError(f"{lost}: damaged again right after it was made anew; look after the store")
            repairs = found - self._repaired

    def _wait(self, plan: Plan) -> bool:
        """Takes up what steps found out that they need first; says whether there is any."""
        waiting, self._waiting = self._waiting, {}
        for name, needed in waiting.items():
            known = self._further.setdefault(name, [])
            new = [artifact for artifact in needed if artifact.name not in {other.name for other in known}]
            if not new:
                what = ", ".join(artifact.name for artifact in needed)
                raise UnsupportedError(f"{name} waits for {what}, which is done: its complete() says otherwise")
            known += new
        return bool(waiting)

    def _run_plan(self, plan: Plan) -> set[str]:
        """Runs the steps of a plan and returns the names of inputs that turned out to be damaged."""
        from datanectar.running.engines import closed_at_the_end, orchestrator_in_force
        from datanectar.running.execution import execute
        from datanectar.running.planning import steps_to_run

        manager = self._settings.manager
        steps = steps_to_run(plan)
        damaged: set[str] = set()
        error: BaseException | None = None
        reporter = self._make_reporter()
        manager.observe("datanectar_run_started", targets=plan.targets, steps=[step.name for step in steps])
        try:
            for layer in {step.layer for step in steps}:
                layer.writer.prepare()  # a store that refuses should say so before the work, not after it
            self._check_serializers(plan)
            engine = orchestrator_in_force(self._settings, self._orchestrator_name)
            reporter.planned(plan)
            chosen = self._settings.choose("workers", argument=self._workers)
            workers = chosen.value if chosen else None
            with closed_at_the_end(
                engine.run(steps, execute, workers=workers, keep_going=self._keep_going)
            ) as outcomes:
                for outcome in outcomes:
                    if outcome.status == "started":
                        reporter.started(plan.steps[outcome.name])
                    else:
                        reporter.finished(outcome)
                        self._take(outcome, damaged)
        except BaseException as raised:
            error = raised
            raise
        finally:
            reporter.close()
            manager.observe("datanectar_run_finished", targets=plan.targets, error=error or _first(self._failures))
        return damaged

    def _check_complete(self, plan: Plan) -> None:
        """An orchestrator that drops a step must not make it look done."""
        missing = [step.name for step in plan.with_status("run") if step.name not in self.made]
        if missing:
            raise UnsupportedError(f"the orchestrator ended without a word on {', '.join(missing[:3])}; it is at fault")

    def _check_serializers(self, plan: Plan) -> None:
        """Refuses results that nothing can hold, as far as annotations tell, before the work that makes them."""
        for task, layer in dict.fromkeys((step.call.definition, step.layer) for step in plan.with_status("run")):
            chosen = self._settings.choose("serializer", task)
            if task is not None:
                layer.writer.foresee(task.path, task.returns, chosen.value if chosen else None)

    def _take(self, outcome: Outcome, damaged: set[str]) -> None:
        if outcome.status == "done":
            self.made.add(outcome.name)
        elif outcome.error is not None:
            self._failures[outcome.name] = outcome.error
        damaged.update(outcome.damaged)
        if outcome.waits_for:
            self._waiting[outcome.name] = collect(list(outcome.waits_for))

    def _refuse_lost(self, plan: Plan) -> None:
        for step in plan.with_status("blocked"):
            if step.call.definition is None:
                raise ArtifactNotFound(f"{step.name} is {step.reason}: only its task can make it, so run that first")

    def _failed(self, artifacts: list[Artifact[Any]], plan: Plan) -> RunFailed:
        unmade = [step.name for step in plan.with_status("run") if step.name not in self.made]
        blocked = [name for name in unmade if name not in self._failures]
        made = [artifact for artifact in artifacts if artifact.name not in unmade]
        done: dict[str, Artifact[Any]] = {
            artifact.name: Artifact(artifact.call) if artifact.part else artifact for artifact in made
        }
        results = {}
        for name, artifact in done.items():
            with suppress(DatanectarError):  # what cannot be loaded must not hide what failed
                results[name] = self._load(artifact) if self._values else artifact
        failures = list(self._failures.values())
        message = "\n".join(self._describe(failure, plan) for failure in failures)
        rest = f"{len(self.made)} done, {len(failures)} failed, {len(blocked)} not run"
        error = RunFailed(f"{message}\n{rest}", results=results, failures=self._failures, blocked=blocked)
        error.__cause__ = failures[0].__cause__ or failures[0]
        return error

    def _describe(self, failure: StepFailed, plan: Plan) -> str:
        reference = plan.steps[failure.name].layer.reference
        option = "" if reference == self._settings.usual_storage_layer() else f" --storage-layer {reference}"
        lines = [str(failure), f"  artifact {failure.name}"]
        if failure.log and not reference.startswith("memory://"):  # that log ends with this process
            lines.append(f"  log      datanectar logs {failure.name}{option}")
        return "\n".join(lines)

    def _move_latest(self, artifacts: list[Artifact[Any]]) -> None:
        """Points `latest` of each task to the last of its targets that this run made."""
        made = [artifact for artifact in artifacts if artifact.name in self.made and artifact.call.stores]
        latest = {_path(artifact): artifact for artifact in made}
        for path, artifact in latest.items():
            self._layer(artifact).alias(artifact.name, "latest", path=path)


def _path(artifact: Artifact[Any]) -> str | None:
    return artifact.call.definition.path if artifact.call.definition else None


def _first(failures: dict[str, StepFailed]) -> StepFailed | None:
    return next(iter(failures.values()), None)
