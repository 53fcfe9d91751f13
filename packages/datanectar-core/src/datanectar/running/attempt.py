"""One attempt at a step: loads the inputs, runs the task's code, stores the result or the log, tells observers."""

from __future__ import annotations

import io
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from datanectar.configuration.active import current
from datanectar.contracts.orchestration import Outcome, Step
from datanectar.errors import (
    ArtifactNotFound,
    DatanectarError,
    IntegrityError,
    PartNotFound,
    StepFailed,
    TaskDefinitionError,
)
from datanectar.layer import origins
from datanectar.layer.manifest import Manifest
from datanectar.layer.opening import storage_layer
from datanectar.layer.repairs import read_repair
from datanectar.layer.storage_layer import StorageLayer
from datanectar.layer.writing import new_attempt
from datanectar.running.capture import StepLog, captured
from datanectar.running.current import RunningStep, running
from datanectar.running.invocation import check_call, invoke, revived
from datanectar.running.process_log import ProcessLog
from datanectar.running.recent import recent
from datanectar.running.slots import SlotFinder
from datanectar.running.targets import layer_in_force
from datanectar.running.traces import INTERRUPTED, is_final, summary_of, trace_of
from datanectar.tasks.call import Call
from datanectar.tasks.class_definition import InstanceCall
from datanectar.tasks.foreign import ForeignCall, artifact_of, flat
from datanectar.tasks.handle import Artifact
from datanectar.tasks.nesting import holds_artifact, substitute
from datanectar.tasks.storing import store_made

#: Logs up to this many bytes are kept in the manifest.
_LARGEST_INLINE_LOG = 16 << 10
_RETURNED_ARTIFACT = (
    "the result is (or has in it) an artifact, whose value is not known: a task was called inside the task. Call it "
    "outside, and pass it in as an argument"
)


class _Damaged(Exception):
    """Inputs that do not verify, or are gone."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(*names)
        self.names = names


class _Made:
    """What a foreign task object stores by hand while an attempt runs it."""

    def __init__(self, attempt: Attempt, call: Call) -> None:
        self._attempt, self._call = attempt, call
        self._begun = time.perf_counter()
        self.manifest: Manifest | None = None

    def store(self, layer: StorageLayer, name: str, value: Any, serializer: str | None) -> Manifest:
        seconds = time.perf_counter() - self._begun
        self.manifest = self._attempt.commit(layer, self._call, value, seconds=seconds, serializer=serializer)
        return self.manifest


class Attempt:
    """One execution of a step; what it writes lives under its own id."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._layer = storage_layer(step.layer)
        self._manager = current().manager
        self._id = step.attempt or new_attempt()
        self._started = time.time()
        self._log: StepLog | ProcessLog = ProcessLog(Path(step.log)) if step.log else StepLog()

    def run(self) -> Outcome:
        """Makes the artifact. Failures of the task are an outcome, not an exception."""
        step = self._step
        begun = time.perf_counter()
        try:
            call = revived(step)
            check_call(step, call)
            arguments = self._load_inputs(call)
            self._manager.observe("datanectar_task_started", name=step.name, task=step.task)
            begun = time.perf_counter()
            if isinstance(call, ForeignCall):
                waits_for = self._run_foreign(call)
                if waits_for:
                    return Outcome(step.name, "waiting", waits_for=waits_for)
                return self._done(time.perf_counter() - begun)
            with captured(self._log), self._current(call):
                value = invoke(call, arguments)
            if holds_artifact(value):
                raise TaskDefinitionError(_RETURNED_ARTIFACT)
            seconds = time.perf_counter() - begun
            if call.has_files:
                check_call(step, call)  # a file that changed meanwhile is not the one that the name tells of
            self._store(call, value, seconds)
        except _Damaged as damage:
            return Outcome(step.name, "damaged", damaged=damage.names)
        except (Exception, SystemExit) as error:
            damaged = self._damaged_inputs(error)
            if damaged:
                return Outcome(step.name, "damaged", damaged=damaged)
            return self._failed(error, time.perf_counter() - begun)
        except BaseException:  # interrupted: keep what was printed, and pass it on
            self._keep_log(INTERRUPTED)
            raise
        finally:
            self._log.close()
        return self._done(seconds)

    def _current(self, call: Call) -> AbstractContextManager[None]:
        """Lets the task's code ask which step it is."""
        return running(RunningStep(self._step.name, self._step.task, call, SlotFinder(self._layer_of)))

    def _done(self, seconds: float) -> Outcome:
        step = self._step
        outcome = Outcome(step.name, "done", seconds)
        self._manager.observe("datanectar_task_finished", name=step.name, task=step.task, outcome=outcome)
        return outcome

    def _run_foreign(self, call: ForeignCall) -> tuple[Any, ...]:
        """Lets a foreign task object run and store its result; returns what it needs first, if it says so."""
        step, layer = self._step, self._layer
        made = _Made(self, call)
        with layer_in_force(layer, call):
            with origins.running(step.name, made), captured(self._log), self._current(call):
                waits_for = tuple(flat(call.adapter.run(call.task)))
            is_missed = not waits_for and not call.stores and not call.adapter.is_complete(call.task)
        if waits_for:
            return waits_for
        if is_missed:
            raise TaskDefinitionError(f"{step.task} ran to its end, but complete() still says that it is not")
        if call.stores and made.manifest is None and not layer.exists(step.name):
            raise TaskDefinitionError(
                f"{step.task} ran to its end and stored nothing: run() is to call "
                "self.storage_layer.store(dn.get_artifact_name(self), result)"
            )
        self._keep_output()
        if made.manifest is not None:
            self._tell_stored(made.manifest)
        return ()

    def _keep_output(self) -> None:
        with self._log.reading() as stream:
            if stream.read(1):
                stream.seek(0)
                self._layer.writer.write_log(self._step.name, self._id, stream)

    def _load_inputs(self, call: Call) -> Any:
        damaged: list[str] = []

        def load(artifact: Artifact[Any]) -> Any:
            name = artifact.name
            layer = self._layer_of(name, artifact.call)
            try:
                value = recent.load(layer, name, artifact.part)
            except PartNotFound:  # it is whole, and the task asks for what it never had
                raise
            except (IntegrityError, ArtifactNotFound):
                damaged.append(name)
                return None
            if self._manager.observers("datanectar_artifact_loaded"):
                self._manager.observe("datanectar_artifact_loaded", name=name, uri=layer.uri(name))
            return value

        if isinstance(call, ForeignCall):
            return None  # it reads them itself
        wanted = call.required() if isinstance(call, InstanceCall) else call.arguments
        loaded = substitute(wanted, load)
        if damaged:
            raise _Damaged(tuple(damaged))
        return loaded

    def _damaged_inputs(self, error: BaseException) -> tuple[str, ...]:
        """The inputs that a foreign task object found damaged: it reads them itself, and may not say which."""
        handle = artifact_of(self._step.foreign) if isinstance(error, IntegrityError) else None
        damaged = []
        for needed in handle.call.inputs() if handle else ():
            try:
                self._layer_of(needed.name, needed.call).load(needed.name)
            except IntegrityError:
                damaged.append(needed.name)
        return tuple(damaged)

    def _layer_of(self, name: str, call: Call) -> StorageLayer:
        given = self._step.input_layers.get(name)
        return call.layer() if given is None else storage_layer(given)

    def _store(self, call: Call, value: Any, seconds: float) -> None:
        layer = self._layer
        layer.writer.prepare()
        with self._log.reading() as stream:
            log = stream.read(_LARGEST_INLINE_LOG + 1)
            if len(log) > _LARGEST_INLINE_LOG:
                stream.seek(0)
                layer.writer.write_log(self._step.name, self._id, stream)
                log = b""
        manifest = self.commit(layer, call, value, seconds=seconds, log=log)
        recent.add(layer, manifest)
        self._tell_stored(manifest)

    def commit(self, layer: StorageLayer, call: Call, value: Any, **details: Any) -> Manifest:
        """Stores a value as what this attempt made."""
        step = self._step
        return store_made(
            layer,
            call,
            step.name,
            value,
            attempt=self._id,
            input_layers={name: storage_layer(given) for name, given in step.input_layers.items()},
            started=self._started,
            repair=step.repair,
            **details,
        )

    def _tell_stored(self, manifest: Manifest) -> None:
        if self._manager.observers("datanectar_artifact_stored"):
            name = self._step.name
            uri = self._layer.uri(name)
            self._manager.observe("datanectar_artifact_stored", name=name, uri=uri, size=manifest.size)

    def _failed(self, error: BaseException, seconds: float) -> Outcome:
        step = self._step
        trace = trace_of(error)
        log = self._keep_log(trace)
        self._manager.observe("datanectar_task_failed", name=step.name, task=step.task, error=error)
        failure = StepFailed(
            f"{step.task} failed: {summary_of(error)}",
            task=step.task,
            name=step.name,
            attempt=self._id,
            log=log,
            traceback=trace,
        )
        failure.__cause__ = error
        return Outcome(step.name, "failed", seconds, failure, is_final=is_final(error))

    def lost(self, error: BaseException, seconds: float) -> Outcome:
        """The outcome of an attempt that ended without one."""
        try:
            name = self._step.name
            made = read_repair(self._layer.backend, name) if self._step.repair else self._layer.manifest(name)
            if made is not None and made.attempt == self._id:
                return Outcome(name, "done", seconds)
        except DatanectarError:  # not stored; or the store does not say, which is no better
            pass
        try:
            return self._failed(error, seconds)
        finally:
            self._log.close()

    def _keep_log(self, end: str) -> str:
        """Stores what was printed, and a last word on how it ended; returns the log's key."""
        try:
            with self._log.reading() as stream:
                stream.seek(max(0, stream.seek(0, io.SEEK_END) - 1))
                last = stream.read()
            self._log.write(end if last in (b"", b"\n") else f"\n{end}")
            with self._log.reading() as stream:
                return self._layer.writer.write_log(self._step.name, self._id, stream)
        except Exception:  # the store may be what failed; the traceback is in the error as well
            return ""
