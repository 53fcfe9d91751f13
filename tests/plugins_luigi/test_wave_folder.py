"""What the processes of a wave tell each other by files, and what is there already."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import steps

import datanectar as dn
from datanectar_luigi.steps import step_task
from datanectar_luigi.wave_folder import Report, WaveFolder, open_wave, pickled, unpickled


def wave_of(path: Path, *targets: dn.Artifact[Any], batch: int = 1, **more: Any) -> WaveFolder:
    """A wave of steps as plans give them."""
    layer = dn.storage_layer()
    found = [
        dn.Step(target.name, target.call.definition.path, "steps:number", {}, layer, timeout=more.get("timeout"))
        for target in targets
    ]
    wave = WaveFolder(path, found, [0] * len(found), batch, False, None, str(path))
    wave.write()
    return wave


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How the store is asked what it has."""
    calls: list[str] = []
    for name in ("exists", "exists_many"):
        original = getattr(dn.StorageLayer, name)

        def spying(self: Any, *given: Any, _name: str = name, _original: Any = original) -> Any:
            calls.append(_name)
            return _original(self, *given)

        monkeypatch.setattr(dn.StorageLayer, name, spying)
    return calls


def test_what_is_there_is_asked_for_once_for_a_whole_wave(tmp_path: Path, asked: list[str]) -> None:
    there, *missing = [steps.number(n) for n in range(5)]
    dn.run(there)
    wave = wave_of(tmp_path, there, *missing)
    asked.clear()
    wave.look_up()
    assert [wave.is_done(number) for number in range(5)] == [True, False, False, False, False]
    assert asked == ["exists_many"]


def test_what_a_step_reported_counts_without_asking(tmp_path: Path, asked: list[str]) -> None:
    wave = wave_of(tmp_path, steps.number(1))
    wave.report(Report(0, "ended", 1, outcome=dn.Outcome(wave.steps[0].name, "done")))
    assert wave.is_done(0)
    assert asked == []


def test_a_process_that_was_not_told_asks_the_store(tmp_path: Path, asked: list[str]) -> None:
    wave_of(tmp_path, steps.number(1))
    assert not open_wave(str(tmp_path)).is_done(0)
    assert asked == ["exists"]


def test_a_store_that_does_not_answer_is_reported_and_luigi_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exists(*_: Any) -> bool:
        raise dn.errors.StorageUnavailable("no answer")

    wave_of(tmp_path, steps.number(1))
    monkeypatch.setattr(dn.StorageLayer, "exists", exists)
    with pytest.raises(dn.errors.StorageUnavailable):
        step_task(open_wave(str(tmp_path)), 0).complete()
    wave = open_wave(str(tmp_path))
    (report,) = wave.read(wave.unread(set()))
    assert report.kind == "trouble"
    assert isinstance(unpickled(report.error), dn.errors.StorageUnavailable)


def test_reports_that_nobody_was_told_of_are_found_once_in_their_order(tmp_path: Path) -> None:
    wave = wave_of(tmp_path, steps.number(1), steps.number(2))
    for report in (Report(1, "started", 1), Report(1, "ended", 1), Report(0, "started", 1)):
        wave.report(report)
    files = wave.unread(set())
    assert sorted(files) == ["0.1.started", "1.1.ended", "1.1.started"]
    assert files.index("1.1.started") < files.index("1.1.ended")
    assert wave.unread(set(files)) == []
    assert wave.silent() == {0}


@pytest.mark.parametrize("batch", [1, 3])
def test_the_time_of_a_task_is_that_of_all_it_carries(tmp_path: Path, batch: int) -> None:
    wave = wave_of(tmp_path, *(steps.number(n) for n in range(3)), batch=batch, timeout=2.0)
    assert step_task(wave, 0).worker_timeout == batch * 2.5


def test_a_wave_of_another_machine_is_refused_with_the_reason() -> None:
    with pytest.raises(dn.errors.UnsupportedError, match="on the machine where it was started"):
        open_wave("/no/such/folder")


def test_a_wave_of_another_user_is_not_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wave_of(tmp_path, steps.number(1))
    monkeypatch.setattr("os.getuid", lambda: -2)
    monkeypatch.setattr(pickle, "loads", lambda _: pytest.fail("it was unpickled"))
    with pytest.raises(dn.errors.UnsupportedError, match="may not read"):
        open_wave(str(tmp_path))


def test_an_exception_that_cannot_be_pickled_is_told_as_text_alone() -> None:
    class Local(Exception):
        pass

    assert unpickled(pickled(Local())) is None
    assert isinstance(unpickled(pickled(ValueError("x"))), ValueError)
