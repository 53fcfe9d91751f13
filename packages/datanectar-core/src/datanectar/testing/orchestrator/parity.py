"""The same pipelines on the embedded orchestrator and on another: nothing that is kept or told may differ."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from datanectar.errors import RunFailed
from datanectar.layer.opening import storage_layer
from datanectar.layer.storage_layer import StorageLayer
from datanectar.records import OrchestratorType
from datanectar.running.session import run
from datanectar.testing import pipelines
from datanectar.testing.flags import only_if
from datanectar.testing.orchestrator.commands import Pipe, start
from datanectar.testing.orchestrator.engine import Engine
from datanectar.testing.orchestrator.rules import OrchestratorRules, both
from datanectar.testing.pipelines import number, plus

#: What an execution of its own makes differ.
_OWN = {"attempt", "started", "seconds", "host"}


class Parity(OrchestratorRules):
    """What the embedded orchestrator and this one leave and tell."""

    @both
    @pytest.mark.parametrize("shape", pipelines.SHAPES)
    def test_it_makes_the_artifacts_that_the_embedded_one_makes(self, engine: Engine, shape: str, workers: int) -> None:
        target = pipelines.SHAPES[shape]("")
        elsewhere = engine.url("embedded")
        expected = run(target, orchestrator="local", workers=1, storage_layer=elsewhere)
        told = engine.told_of()
        got = engine.run(target, workers=workers)
        here, there = sorted(engine.told_of()[len(told) :]), sorted(told)
        assert got == expected, f"run() gave {got!r}, where the embedded orchestrator gives {expected!r}"
        other = storage_layer(elsewhere)
        names, embedded = sorted(engine.store.list()), sorted(other.list())
        assert names == embedded, (
            f"it left {names} in the store, the embedded one leaves {embedded}: a run on another engine would compute "
            "again what is there, or miss what is not"
        )
        for name in names:
            assert engine.store.load(name) == other.load(name), f"{name} has another value"
            ours, theirs = _kept(engine.store, name), _kept(other, name)
            differing = {
                key: (ours.get(key), theirs.get(key)) for key in ours | theirs if ours.get(key) != theirs.get(key)
            }
            assert not differing, (
                f"the manifest of {name} differs from that which the embedded orchestrator leaves, in (here, there) "
                f"{differing}: leave it to `execute` to store results, and give it steps as they are"
            )
        assert _logs(engine.store, names) == _logs(other, names), (
            f"the logs are {_logs(engine.store, names)}, the embedded one leaves {_logs(other, names)}: call `execute` "
            "once for each step, and let what it prints alone"
        )
        assert here == there, f"it fired {here}, the embedded one {there}: are plugins found where workers run?"

    @both
    def test_a_failure_reads_as_on_the_embedded_one(self, engine: Engine, workers: int) -> None:
        targets = [number(1), plus(pipelines.fails(13), 1)]
        ours = _failure(engine.name, workers, targets, engine.url("here"))
        theirs = _failure("local", 1, targets, engine.url("there"))
        for what, value in ours.items():
            assert value == theirs[what], (
                f"{what} of the error is {value!r}, on the embedded orchestrator it is {theirs[what]!r}: pass on the "
                "error of `execute` as it is"
            )

    def test_the_command_ends_with_0_after_a_success(
        self, engine: Engine, orchestrator: OrchestratorType | str
    ) -> None:
        code, output, errors = _command(orchestrator, engine, "number", "n=3")
        assert (code, output) == (0, "3\n"), (
            f"`datanectar run --orchestrator {engine.name}` ended with {code} and printed {output!r}, not 0 and '3'; "
            f"an engine's own words belong in the standard error: {errors}"
        )

    def test_the_command_ends_with_1_after_a_failure(
        self, engine: Engine, orchestrator: OrchestratorType | str
    ) -> None:
        code, output, errors = _command(orchestrator, engine, "fails", "n=13")
        assert code == 1, (
            f"a task failed, and `datanectar run --orchestrator {engine.name}` ended with {code}, not 1: what starts "
            f"it would take that for {'a success' if code == 0 else 'something else'}. {errors}"
        )
        assert output == "", f"a task failed, and the standard output, which is for results, has {output!r}"
        assert "no luck with 13" in errors, f"the command does not say why the task failed, but {errors!r}"

    @only_if("interrupts")
    @both
    def test_ctrl_c_ends_the_run_and_its_steps(
        self, engine: Engine, orchestrator: OrchestratorType | str, tmp_path: Path, workers: int
    ) -> None:
        pipe = Pipe(tmp_path / "pipe")
        started = start(orchestrator, engine.store.reference, workers, "never_ends", "n=1", f"pipe={pipe.path}")
        with started as process:
            try:
                assert pipe.read() == b"running\n", "the step did not start"
                process.send_signal(signal.SIGINT)
                assert pipe.read() == b"", "Ctrl-C, and the step still runs: end it when the generator is closed"
                _, errors = process.communicate()
                assert process.returncode == 130, (
                    f"the run that was interrupted ended with {process.returncode}, not 130: let KeyboardInterrupt "
                    f"pass. {errors}"
                )
            finally:
                process.kill()


def _kept(layer: StorageLayer, name: str) -> dict[str, Any]:
    """What a manifest tells, but for what is the execution's own; the store, which inputs name, is `STORE`."""
    kept = {key: value for key, value in layer.manifest(name).document.items() if key not in _OWN}
    return json.loads(json.dumps(kept).replace(f'"{layer.reference}"', '"STORE"'))  # type: ignore[no-any-return]


def _logs(layer: StorageLayer, names: list[str]) -> dict[str, list[str]]:
    return {name: list(layer.logs(name).values()) for name in names}


def _failure(orchestrator: str, workers: int, targets: list[Any], url: str) -> dict[str, Any]:
    with pytest.raises(RunFailed) as caught:
        run(targets, orchestrator=orchestrator, workers=workers, storage_layer=url, keep_going=True)
    error = caught.value
    (failed,) = error.failures.values()
    return {
        "the text": str(error).replace(url, "URL"),
        "results": error.results,
        "blocked": error.blocked,
        "failures": list(error.failures),
        "the task": failed.task,
        "the traceback": failed.traceback,
        "the cause": repr(error.__cause__),
    }


def _command(given: OrchestratorType | str, engine: Engine, task: str, *parameters: str) -> tuple[int, str, str]:
    with start(given, engine.store.reference, 2, task, *parameters) as process:
        output, errors = process.communicate()
    return process.returncode, output, errors
