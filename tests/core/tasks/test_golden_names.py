"""Golden names: they never change, on any Python, in any process, with any hash seed.

A failure here means that every artifact that users have stored would be computed again. If that is meant, say so in
the changelog and write down the new names.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import datanectar as dn

PIPELINE = '''
import dataclasses
import datetime as dt
import decimal
import enum
import json
import uuid
import zoneinfo
from typing import Any

import datanectar as dn


class Color(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Options:
    depth: int
    names: tuple[str, ...] = ()


@dn.task
def flights(month: int, day: dt.date | None = None):
    """Comments and docstrings do not count."""
    width = 4
    return f"{month:{width}}|{day!r:>{width}}" "é🫨"


@dn.task(task_type="train_model", model_family="classifier", ignore=("n_jobs",))
def TrainETAClassifier(trips, max_depth: int = 6, *rest, n_jobs: int = 1, **options):
    try:
        return [(yes := trip) for trip in trips if trip is not None]
    except (ValueError, TypeError):
        return {**options, "lambda": lambda x, /, *, y=1: x @ y}


@dn.task(version="3")
def pinned(x: Any):
    return x


double = dn.task(lambda x: 2 * x, name="double")


class Features(dn.NectarTask):
    task_type = "build_features"

    trips: dn.Artifact
    factor: float = 1

    def run(self):
        match self.factor:
            case {"a": [1, *rest], **kw}:
                return rest
            case float() | int():
                return 0x10, 1_000.0, 1j, ..., b"\\xff"


class Report(dn.NectarTask):
    def __init__(self, months):
        self.months = months

    def requires(self):
        return {month: Features(flights(month)) for month in self.months}

    def run(self):
        return len(self.inputs)


with open("input.csv", "w") as file:
    file.write("a,b\\n1,2\\n")

berlin = dt.datetime(2013, 10, 27, 2, 30, fold=1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
january = flights(1)
calls = {
    "one parameter": january,
    "text for a date": flights(month=2, day="2013-01-31"),
    "an artifact": TrainETAClassifier(january),
    "artifacts and parts": TrainETAClassifier([january, {"x": (january[0], january["a"][1])}], 8, january, n_jobs=4),
    "more by name": TrainETAClassifier(None, extra=1.5, another={"$": True}),
    "scalars": pinned([None, True, 1, 1.0, -0.0, float("nan"), 1 << 70, "1", b"1", 1j, decimal.Decimal("1.10")]),
    "text of all kinds": pinned(["é", "\\ud800", "\\ud800\\udc00", "\\U00010000", "$", ""]),
    "times": pinned([dt.date(2013, 1, 1), dt.time(1, 2), dt.timedelta(1, 2, 3), berlin, berlin.astimezone(dt.UTC)]),
    "sets": pinned([{"a", "b", "c"}, frozenset({1, 2.5, None}), set()]),
    "dicts": pinned({"b": {2: "x", "1": "y", None: {}}, "a": (1, [2])}),
    "an enum, a dataclass, a uuid": pinned([Color.RED, Options(1, ("a",)), uuid.UUID(int=7)]),
    "a file": pinned(dn.File("input.csv")),
    "a lambda": double(3),
    "a task class": Features(january, 2),
    "requirements": Report((1, 2)),
}
if __name__ == "__main__":
    print(json.dumps({label: dn.get_artifact_name(call) for label, call in calls.items()}))
'''

GOLDEN = {
    "one parameter": "task/none/flights/7amv2my2snt4wfqhrohjvht2uh",
    "text for a date": "task/none/flights/ljerfq2ea2xjujp6zsyxktmkv7",
    "an artifact": "train_model/classifier/train_eta_classifier/xhufi3mgl5cka6xfx2fjf2kur5",
    "artifacts and parts": "train_model/classifier/train_eta_classifier/vndej76i4nll4usccybdm6exrs",
    "more by name": "train_model/classifier/train_eta_classifier/dtnn7g6b4h5mmte6uy252iqwgt",
    "scalars": "task/none/pinned/zgscm4g4gf4dxeyap2tbokqcyl",
    "text of all kinds": "task/none/pinned/ghaba44bvc57yyzf5wfovyaldt",
    "times": "task/none/pinned/42mnzhfnoe66ryqfzv4ew2n2vw",
    "sets": "task/none/pinned/3qaoguzvpgq2akpu6hatkpp22d",
    "dicts": "task/none/pinned/k5dcv3jcoyzgrjofkh4fjq7uyd",
    "an enum, a dataclass, a uuid": "task/none/pinned/qusauci7pqisvucuu4ae7tthgc",
    "a file": "task/none/pinned/imglolggpew4ch6xo75tc7e2cd",
    "a lambda": "task/none/double/o2fcrxmwtnqit2kk3b5hgqcooe",
    "a task class": "build_features/none/features/4cbcaetwdmu3danvxv5uke4b63",
    "requirements": "task/none/report/rpqnpv6sredtcghmsyqtamqcw5",
}


def names(folder: Path, seed: str) -> dict[str, str]:
    (folder / "pipeline.py").write_text(PIPELINE, encoding="utf-8")
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "pipeline.py"], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("seed", ["0", "1", "4294967295"])
def test_names_are_those_of_all_time_with_any_hash_seed(tmp_path, seed):
    assert names(tmp_path, seed) == GOLDEN


def test_names_are_the_same_in_a_module(tmp_path, monkeypatch):
    (tmp_path / "golden_pipeline.py").write_text(PIPELINE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    import golden_pipeline

    found = {label: dn.get_artifact_name(call) for label, call in golden_pipeline.calls.items()}
    assert found == GOLDEN
    monkeypatch.delitem(sys.modules, "golden_pipeline")
