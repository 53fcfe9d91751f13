"""How Luigi is driven, beyond what a run shows of it."""

from types import SimpleNamespace

from luigi.scheduler import Scheduler

from datanectar_luigi.engine import _Worker


def test_what_was_looked_up_before_a_wave_is_not_trusted_while_it_runs() -> None:
    """Another run may have made meanwhile what was not there: asked again, the store says so."""
    wave = SimpleNamespace(stored=set())
    with _Worker(wave=wave, scheduler=Scheduler(), worker_id="w") as worker:  # type: ignore[arg-type]
        assert wave.stored == set()
        worker.run()
    assert wave.stored is None
