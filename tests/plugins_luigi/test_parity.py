"""Pipelines that mix all forms of tasks, on the embedded orchestrator and on Luigi."""

import json
from typing import Any

import mixed
import pytest
from forms import Decorated

import datanectar as dn

OWN = {"attempt", "started", "seconds", "host"}


def everything_kept(layer: dn.StorageLayer) -> dict[str, Any]:
    """What a store has, by name: value, manifest but for what is an execution's own, and log."""
    kept = {}
    for name in layer.list():
        document = {key: value for key, value in layer.manifest(name).document.items() if key not in OWN}
        told = json.dumps(document).replace(layer.reference, "STORE")
        kept[name] = (layer.load(name), json.loads(told), list(layer.logs(name).values()))
    return kept


@pytest.mark.parametrize("workers", [1, 2])
def test_all_forms_in_one_pipeline_leave_the_same_on_both(tmp_path, workers) -> None:
    here, there = (dn.storage_layer((tmp_path / name).as_uri()) for name in ("local", "luigi"))
    assert dn.run(mixed.everything(), orchestrator="local", workers=1, storage_layer=here) == 2 + 20 + 21 + 20 + 20 + 40
    assert dn.run(mixed.everything(), orchestrator="luigi", workers=workers, storage_layer=there) == 123
    kept = everything_kept(there)
    assert len(kept) == 8
    assert kept == everything_kept(here)


def test_what_one_engine_made_the_other_finds(store) -> None:
    made = dn.run(mixed.everything(), orchestrator="luigi", workers=2)
    before = {name: store.manifest(name).attempt for name in store.list()}
    assert dn.run(mixed.everything(), orchestrator="local", workers=1) == made
    assert {name: store.manifest(name).attempt for name in store.list()} == before


@pytest.mark.parametrize("engine", ["local", "luigi"])
def test_a_failure_among_mixed_tasks_blocks_what_needs_it_and_no_more(engine) -> None:
    failing = mixed.fails(Decorated(x=1))
    blocked = mixed.gathered([failing])
    with pytest.raises(dn.errors.RunFailed, match="no luck with 10") as caught:
        dn.run([blocked, mixed.Plain(x=1)], orchestrator=engine, workers=2, keep_going=True)
    assert (list(caught.value.failures), caught.value.blocked) == ([failing.name], [blocked.name])
    assert dn.artifact(mixed.Plain(x=1)).load() == 11
