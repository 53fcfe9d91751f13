"""Processes that change one Feast registry at once: how much of what each was told is done is there in the end.

Run it for the registry of Feast and for that of Datanectar: ``python race.py``, in an environment with both.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory
from typing import Any

COUNT = 8
START = datetime(2024, 1, 1, tzinfo=UTC)
REGISTRIES = {
    "feast": "path: registry.db",
    "datanectar": "path: registry\n  registry_store_type: datanectar_feast.registry.DatanectarRegistryStore",
}
CONFIGURATION = """\
project: race
provider: local
registry:
  {registry}
online_store:
  type: sqlite
  path: ${{RACE_ONLINE_STORE}}
offline_store:
  type: file
entity_key_serialization_version: 3
"""


@dataclass
class Outcome:
    """What is there after a race.

    Attributes:
        views: How many of the views that were applied.
        intervals: How many of the intervals that were materialized.
        refused: What processes were told instead of being done.
        seconds: How long they took, without their imports.
    """

    views: int
    intervals: int
    refused: list[str]
    seconds: float


def race(registry: str, folder: Path, count: int = COUNT) -> Outcome:
    """Has processes apply a view each, then materialize an interval each of one view that they share.

    Args:
        registry: One of `REGISTRIES`.
        folder: An empty one.
        count: How many processes.
    """
    import pandas as pd

    (folder / "feature_store.yaml").write_text(CONFIGURATION.format(registry=REGISTRIES[registry]))
    rows = [{"driver": day, "trips": float(day), "at": START + timedelta(days=day)} for day in range(count)]
    pd.DataFrame(rows).to_parquet(folder / "rows.parquet")
    os.environ["RACE_ONLINE_STORE"] = "online.db"
    feature_store(folder).apply([driver(), view("shared", folder)])
    with ExitStack() as stack:
        racers = [stack.enter_context(_started(folder, number)) for number in range(count)]
        refused = _meet(racers, "ready")
        begun = time.perf_counter()
        for stage in ("applied", "materialized"):  # each begins when all have come so far
            for racer in racers:
                racer.stdin.write("go\n")
                racer.stdin.flush()
            refused += _meet(racers, stage)
        seconds = time.perf_counter() - begun
    return Outcome(*_left(folder, refused), refused, seconds)


def _left(folder: Path, refused: list[str]) -> tuple[int, int]:
    """Counts the views and the intervals that are there."""
    try:
        found = {view.name: view for view in feature_store(folder).list_feature_views()}
    except Exception as error:  # a registry of Feast's own may be damaged
        refused.append(f"refused in the end: {error!r}")
        return 0, 0
    shared = found.pop("shared", None)
    return len(found), len({start for start, _ in shared.materialization_intervals}) if shared else 0


def _started(folder: Path, number: int) -> Any:
    command = [sys.executable, "-W", "ignore", __file__, str(folder), str(number)]
    copy(folder / "online.db", folder / f"online{number}.db")  # one each: the race is about the registry
    environment = {**os.environ, "RACE_ONLINE_STORE": f"online{number}.db"}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)


def _meet(racers: list[Any], stage: str) -> list[str]:
    """Waits until all have come to a stage, and returns what went wrong on the way."""
    refused = []
    for racer in racers:
        for line in racer.stdout:
            if line.startswith("refused"):
                refused.append(line.strip())
            if line.strip() == stage:
                break
        else:
            raise RuntimeError(f"a process ended before it was {stage}")
    return refused


def feature_store(folder: Path) -> Any:
    from feast import FeatureStore

    store = FeatureStore(repo_path=str(folder))
    assert store.registry  # which is read when it is first asked for
    return store


def driver() -> Any:
    from feast import Entity, ValueType

    return Entity(name="driver", join_keys=["driver"], value_type=ValueType.INT64)


def view(name: str, folder: Path) -> Any:
    from feast import FeatureView, Field, FileSource
    from feast.types import Float64, Int64

    return FeatureView(
        name=name,
        entities=[driver()],
        schema=[Field(name="driver", dtype=Int64), Field(name="trips", dtype=Float64)],
        source=FileSource(name=f"{name}_source", path=str(folder / "rows.parquet"), timestamp_field="at"),
    )


def run(folder: Path, number: int) -> None:
    """What each process does."""
    store = feature_store(folder)
    day = START + timedelta(days=number)
    print("ready", flush=True)
    for stage, act in (
        ("applied", lambda: store.apply([driver(), view(f"view{number}", folder)])),
        ("materialized", lambda: store.materialize(day, day + timedelta(days=1), ["shared"])),
    ):
        sys.stdin.readline()
        try:
            act()
        except Exception as error:
            print(f"refused {stage}: {error!r}".replace("\n", " "), flush=True)
        print(stage, flush=True)


def main() -> None:
    for registry in REGISTRIES:
        with TemporaryDirectory() as folder:
            outcome = race(registry, Path(folder))
        print(
            f"{registry}: {outcome.views} of {COUNT} views and {outcome.intervals} of {COUNT} intervals are there, "
            f"after {outcome.seconds:.1f} s; {len(outcome.refused)} refused"
        )
        for line in outcome.refused:
            print(f"  {line[:200]}")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        run(Path(sys.argv[1]), int(sys.argv[2]))
    else:
        main()
