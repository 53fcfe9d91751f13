"""Executes one step: checks its name, loads its inputs, runs the task's code, stores the result, tells observers.

Every orchestrator calls `execute`, in whatever process; so the same artifacts appear and the same hooks fire on all.
"""

from __future__ import annotations

import random
import time
import traceback
from importlib import import_module
from typing import Any

from datanectar.configuration.active import current
from datanectar.contracts.orchestration import Outcome, Step
from datanectar.errors import (
    ArtifactNotFound,
    DatanectarError,
    IntegrityError,
    NameMismatch,
    PartNotFound,
    StepFailed,
    StorageError,
    TaskDefinitionError,
    UnsupportedError,
)
from datanectar.layer.storage_layer import StorageLayer
from datanectar.layer.writing import new_attempt
from datanectar.running.capture import StepLog, captured
from datanectar.running.recent import recent
from datanectar.tasks.class_definition import InstanceCall
from datanectar.tasks.function import Task
from datanectar.tasks.handle import Artifact, Call
from datanectar.tasks.nectar import NectarTask
from datanectar.tasks.nesting import holds_artifact, substitute
from datanectar.values.typed_json import dumps

#: Logs up to this many bytes are kept in the manifest.
_LARGEST_INLINE_LOG = 16 << 10
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 30.0  # seconds between attempts


class _Damaged(Exception):
    """Inputs that do not verify, or are gone."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(*names)
        self.names = names


def execute(step: Step) -> Outcome:
    """Runs one step, with its retries. Failures of the task are an outcome, not an exception."""
    pause = _FIRST_PAUSE
    for tries_left in reversed(range(step.retries + 1)):
        outcome = _Attempt(step).run()
        if outcome.status != "failed" or not tries_left or _is_final(outcome.error):
            return outcome
        time.sleep(pause * random.uniform(0.5, 1.0))
        pause = min(2 * pause, _LONGEST_PAUSE)
    raise AssertionError("unreachable")


_RETURNED_ARTIFACT = (
    "the result is (or has in it) an artifact, whose value is not known: a task was called inside the task. Call it "
    "outside, and pass it in as an argument"
)


def _is_final(error: BaseException | None) -> bool:
    """Whether trying again would only take longer to say the same: an unstorable result, a changed argument, …"""
    cause = error.__cause__ if error else None
    return isinstance(cause, DatanectarError) and not isinstance(cause, StorageError)


class _Attempt:
    """One execution of a step; what it writes lives under its own id."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._layer: StorageLayer = step.layer
        self._manager = current().manager
        self._id = new_attempt()
        self._log = StepLog()

    def run(self) -> Outcome:
        step = self._step
        started, begun = time.time(), time.perf_counter()
        try:
            call = _revived(step)
            _check_name(step, call)
            arguments = self._load_inputs(call)
            self._manager.observe("datanectar_task_started", name=step.name, task=step.task)
            begun = time.perf_counter()
            with captured() as self._log:
                value = _invoke(call, arguments)
            if holds_artifact(value):
                raise TaskDefinitionError(_RETURNED_ARTIFACT)
            seconds = time.perf_counter() - begun
            if "$file" in dumps(call.document):
                _check_name(step, call)  # a file that changed meanwhile is not the one that the name tells of
            self._store(call, value, started, seconds)
        except _Damaged as damage:
            return Outcome(step.name, "damaged", damaged=damage.names)
        except (Exception, SystemExit) as error:
            return self._failed(error, time.perf_counter() - begun)
        except BaseException:  # interrupted: keep what was printed, and pass it on
            self._keep_log("interrupted\n")
            raise
        finally:
            self._log.close()
        outcome = Outcome(step.name, "done", seconds)
        self._manager.observe("datanectar_task_finished", name=step.name, task=step.task, outcome=outcome)
        return outcome

    def _load_inputs(self, call: Call) -> Any:
        damaged: list[str] = []

        def load(artifact: Artifact[Any]) -> Any:
            layer = self._layer_of(artifact.call)
            try:
                value = recent.load(layer, artifact)
            except PartNotFound:  # it is whole, and the task asks for what it never had
                raise
            except (IntegrityError, ArtifactNotFound):
                damaged.append(artifact.name)
                return None
            self._manager.observe("datanectar_artifact_loaded", name=artifact.name, uri=layer.uri(artifact.name))
            return value

        wanted = call.required() if isinstance(call, InstanceCall) else call.arguments
        loaded = substitute(wanted, load)
        if damaged:
            raise _Damaged(tuple(damaged))
        return loaded

    def _layer_of(self, call: Call) -> StorageLayer:
        return self._step.input_layers.get(call.name) or call.layer()

    def _store(self, call: Call, value: Any, started: float, seconds: float) -> None:
        step, layer = self._step, self._layer
        task = call.definition
        assert task is not None
        code = task.code()
        layer.writer.prepare()
        if code is not None:
            sources = code.sources if current().get("record_source", False) else None
            layer.writer.record_code(code.digest, code.functions, sources)
        log = self._log.read()
        if len(log) > _LARGEST_INLINE_LOG:
            layer.writer.write_log(step.name, self._id, log)
            log = b""
        serializer = current().choose("serializer", task)
        manifest = layer.writer.commit(
            step.name,
            self._id,
            value,
            serializer=serializer.value if serializer else None,
            started=started,
            seconds=seconds,
            identity=call.document,
            inputs=[[artifact.name, self._layer_of(artifact.call).reference] for artifact in call.inputs()],
            log=log,
            repair=step.repair,
        )
        recent.add(layer, manifest)
        uri = layer.uri(step.name)
        self._manager.observe("datanectar_artifact_stored", name=step.name, uri=uri, size=manifest.size)

    def _failed(self, error: BaseException, seconds: float) -> Outcome:
        step = self._step
        trace = _trace(error)
        log = self._keep_log(trace)
        self._manager.observe("datanectar_task_failed", name=step.name, task=step.task, error=error)
        failure = StepFailed(
            f"{step.task} failed: {_summary(error)}",
            task=step.task,
            name=step.name,
            attempt=self._id,
            log=log,
            traceback=trace,
        )
        failure.__cause__ = error
        return Outcome(step.name, "failed", seconds, failure)

    def _keep_log(self, trace: str) -> str:
        try:
            return self._layer.writer.write_log(
                self._step.name, self._id, self._log.read() + trace.encode("utf-8", "replace")
            )
        except Exception:  # the store may be what failed; the traceback is in the error as well
            return ""


def _revived(step: Step) -> Call:
    """Returns the live call, or makes it again from the task's import path and the arguments."""
    if step.call is not None:
        return step.call  # type: ignore[no-any-return]
    module, _, qualname = step.reference.partition(":")
    found: Any = import_module(module)
    for attribute in qualname.split("."):
        if attribute == "<locals>":
            raise TaskDefinitionError(
                f"{step.reference} is defined inside a function, so another process cannot import it"
            )
        found = getattr(found, attribute)
    if isinstance(found, Task):
        return Call(found, step.arguments, _artifacts(step.arguments))
    if isinstance(found, type) and issubclass(found, NectarTask):
        positional, keywords = found._get_definition().signature.spread(step.arguments)
        return found(*positional, **keywords)._call
    raise TaskDefinitionError(f"{step.reference} is not a task")


def _artifacts(arguments: Any) -> list[Artifact[Any]]:
    found: list[Artifact[Any]] = []
    substitute(arguments, found.append)
    return found


def _check_name(step: Step, call: Call) -> None:
    """Computes the name anew: what runs must be what was asked for."""
    again = call.again()
    if again.name != step.name:
        msg = (
            f"{step.task} would now make {again.name}, not {step.name} that was asked for: an argument, an input file "
            "or the code changed since it was named. Call the task again, and run that"
        )
        raise NameMismatch(msg)


def _invoke(call: Call, loaded: Any) -> Any:
    task = call.definition
    if isinstance(call, InstanceCall):
        return _invoke_instance(call.instance, loaded)
    if not isinstance(task, Task):
        raise UnsupportedError(f"{task and task.path} is a task of another library; its own orchestrator runs it")
    positional, keywords = task.signature.spread(loaded)
    return task.fn(*positional, **keywords)


def _invoke_instance(instance: NectarTask, loaded: Any) -> Any:
    stored: list[Any] = []
    hidden = {"_inputs": loaded, "_take_result": stored.append}
    for name, value in hidden.items():
        object.__setattr__(instance, name, value)
    try:
        returned = instance.run()
    finally:
        for name in hidden:
            object.__delattr__(instance, name)
    if stored and returned is not None:
        raise TaskDefinitionError(f"{type(instance).__name__}.run() both stored a result and returned one; do one")
    if len(stored) > 1:
        raise TaskDefinitionError(f"{type(instance).__name__}.run() stored {len(stored)} results; it makes one")
    return stored[0] if stored else returned


def _trace(error: BaseException) -> str:
    """The traceback below Datanectar's own frames: the user's code."""
    if isinstance(error, DatanectarError):
        return f"{type(error).__name__}: {error}\n"
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(_OWN_FILES):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames))


_OWN_FILES = __file__.rpartition("running")[0]


def _summary(error: BaseException) -> str:
    if isinstance(error, DatanectarError):
        return str(error)
    return "".join(traceback.format_exception_only(error)).strip()
