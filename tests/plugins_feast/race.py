"""Processes that apply, publish and materialise at once, each a view of its own: what is there in the end.

Run it for Feast alone and for Feast behind Datanectar: ``python race.py``, in an environment with both.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

COUNT = 8
START = datetime(2024, 1, 1, tzinfo=UTC)
SIDES = {
    "feast": "path: data/registry.db",
    "datanectar": "path: data/registry\n  registry_store_type: datanectar_feast.registry.DatanectarRegistryStore",
}
CONFIGURATION = """\
project: race
provider: local
registry:
  {registry}
online_store:
  type: sqlite
  path: data/online.db
entity_key_serialization_version: 3
"""
STAGES = ("apply", "publish", "materialize")
LONGEST_STAGE = 120  # seconds, on a machine that does much else


@dataclass
class Outcome:
    """What is there after a race, of as many as there are processes.

    Attributes:
        views: Views that are registered.
        materialized: Views that are registered with the interval that was materialised.
        online: Views whose value is online.
        known: Views whose value is in a training set.
        refused: What processes were told instead of being done.
        seconds: How long they took, without their imports.
    """

    views: int = 0
    materialized: int = 0
    online: int = 0
    known: int = 0
    refused: list[str] = field(default_factory=list)
    seconds: float = 0.0


def race(side: str, folder: Path, count: int = COUNT) -> Outcome:
    """Has processes apply a view each, publish a row each, and materialise it, all together.

    Args:
        side: One of `SIDES`.
        folder: An empty one.
        count: How many processes.
    """
    (folder / "feature_store.yaml").write_text(CONFIGURATION.format(registry=SIDES[side]))
    (folder / "datanectar.toml").write_text('[profiles.local]\nfeature_store = "feast"\n')
    native(folder).apply([driver()])
    # Started by a process that has Feast imported, and has opened nothing: eight imports would take a minute.
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["feast", "pandas", "datanectar"])
    together, said = processes.Barrier(count + 1), processes.SimpleQueue()
    racers = [
        processes.Process(target=run, args=(side, str(folder), number, together, said)) for number in range(count)
    ]
    for racer in racers:
        racer.start()
    outcome = Outcome()
    together.wait(LONGEST_STAGE)
    begun = time.perf_counter()
    for _ in STAGES:
        together.wait(LONGEST_STAGE)
    outcome.seconds = time.perf_counter() - begun
    outcome.refused = [line for _ in racers for line in said.get()]
    for racer in racers:
        racer.join()
    for number in range(count):
        _count(outcome, folder, number)
    return outcome


def _count(outcome: Outcome, folder: Path, number: int) -> None:
    """Looks what is there of one process, by Feast alone."""
    import pandas as pd

    store, name, features = native(folder), f"view{number}", [f"view{number}:trips{number}"]
    try:
        outcome.materialized += bool(store.get_feature_view(name).materialization_intervals)
        outcome.views += 1
        found = store.get_online_features(features, [{"driver": number}]).to_dict()
        outcome.online += found[f"trips{number}"] == [number]
        asked = pd.DataFrame({"driver": [number], "event_timestamp": [START + timedelta(days=99)]})
        outcome.known += list(store.get_historical_features(asked, features).to_df()[f"trips{number}"]) == [number]
    except Exception as error:  # the view is gone, or the registry is damaged
        outcome.refused.append(f"missed in the end: {error!r}")


def native(folder: Path) -> Any:
    from feast import FeatureStore

    store = FeatureStore(repo_path=str(folder))
    assert store.registry  # which is read when it is first asked for
    return store


def driver() -> Any:
    from feast import Entity, ValueType

    return Entity(name="driver", join_keys=["driver"], value_type=ValueType.INT64)


def view(number: int) -> Any:
    from feast import FeatureView, Field, FileSource
    from feast.types import Int64

    return FeatureView(
        name=f"view{number}",
        entities=[driver()],
        schema=[Field(name="driver", dtype=Int64), Field(name=f"trips{number}", dtype=Int64)],
        source=FileSource(name=f"source{number}", path=f"data/view{number}", timestamp_field="at"),
    )


def acts(side: str, number: int) -> list[Any]:
    """What each process does, a function for each stage."""
    import pandas as pd

    day = START + timedelta(days=number)
    rows = pd.DataFrame({"driver": [number], f"trips{number}": [number], "at": [day]})
    if side == "feast":
        store = native(Path.cwd())

        def publish() -> None:
            os.makedirs(f"data/view{number}")
            rows.to_parquet(f"data/view{number}/rows.parquet", index=False)

        return [
            lambda: store.apply([driver(), view(number)]),
            publish,
            lambda: store.materialize(day, day + timedelta(days=1), [f"view{number}"]),
        ]
    import datanectar as dn

    features, batches = dn.feature_store(), []
    features.views()
    return [
        lambda: features.apply([driver(), view(number)]),
        lambda: batches.append(features.publish(f"view{number}", rows, event_timestamp="at")),
        lambda: features.materialize(batches[0]),
    ]


def run(side: str, folder: str, number: int, together: Any, said: Any) -> None:
    """A process of the race. Each stage begins when all have come so far."""
    os.chdir(folder)
    stages, refused = acts(side, number), []
    together.wait(LONGEST_STAGE)
    for stage, act in zip(STAGES, stages, strict=True):
        try:
            act()
        except Exception as error:
            refused.append(f"{stage}: {error!r}")
        together.wait(LONGEST_STAGE)
    said.put(refused)


def main() -> None:
    for side in SIDES:
        with TemporaryDirectory() as folder:
            found = race(side, Path(folder))
        print(
            f"{side}: of {COUNT} views {found.views} are registered, {found.materialized} with what was materialised, "
            f"{found.online} are online, {found.known} in a training set; {found.seconds:.1f} s"
        )
        for line in found.refused:
            print(f"  {line:.160}")


if __name__ == "__main__":
    main()
