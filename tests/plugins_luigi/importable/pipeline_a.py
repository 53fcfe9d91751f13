"""Functions as tasks of Luigi: typed, with inputs, in a module that worker processes import."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any, Literal

import luigi

import datanectar as dn
from datanectar_luigi import ArtifactTarget, as_luigi_task


class Color(enum.Enum):
    RED = 1
    GREEN = "green"


class Frame:
    """Stands for a data frame: a type without a form as text."""

    def __init__(self, rows: list[Any]) -> None:
        self.rows = rows


@dn.task
def typed(
    flag: bool,
    count: int,
    share: float,
    text: str,
    maybe: int | None,
    note: str | None,
    mode: Literal["fast", "slow", 1, "1"],
    color: Color,
    day: dt.date,
    at: dt.datetime,
    clock: dt.time,
    wait: dt.timedelta,
    price: Decimal,
    key: uuid.UUID,
    raw: bytes,
    numbers: list[float],
    days: list[dt.date],
    pair: tuple[int, str],
    many: tuple[bool, ...],
    chosen: set[int],
    options: dict[str, list[int | None]],
    by_number: dict[int, Color],
    either: int | float | bool | str | None,
    bare: list,
    anything,  # type: ignore[no-untyped-def]
) -> str:
    return repr(locals())


Typed = as_luigi_task(typed)


@as_luigi_task(priority=7, resources={"slots": 1}, retry_count=2)
@dn.task(task_type="source", ignore=("workers",))
def numbers(up_to: int = 3, workers: int = 1) -> list[int]:
    return list(range(up_to))


@dn.task(task_type="train_model", model_family="mean")
def train(data: list[int], weight: float = 1.0, flag: bool = False, depth: int | None = None) -> float:
    return weight * sum(data) + (100 if flag else 0) + (depth or 0)


Train = as_luigi_task(train)


@as_luigi_task
def plain(x: int, day: dt.date = dt.date(2024, 2, 29)) -> str:
    """Knows nothing of Datanectar."""
    return f"{x} {day}"


def undecorated(x: int) -> int:
    return -x


Undecorated = as_luigi_task(undecorated)


@dn.task
def anything(x):  # type: ignore[no-untyped-def]
    return x


Anything = as_luigi_task(anything)


@as_luigi_task
def failing(x: int) -> float:
    return 1 / x


@dn.task
def frame(day: dt.date, rows: int = 2) -> Any:
    """No class of Luigi is made for it."""
    return {"rows": [day] * rows, "size": rows}


class Counted(dn.NectarTask):
    """Neither is one for this."""

    top: int

    def run(self) -> int:
        return self.top


@dn.task
def gather(parts: list[dn.Artifact], named: dict[str, dn.Artifact], head: Frame | None = None, scale: int = 1) -> Any:
    return [scale, parts, sorted(named.items()), head]


Gather = as_luigi_task(gather)


@as_luigi_task
@dn.task
def link(below: int = 0) -> int:
    return below + 1


@as_luigi_task
@dn.task
def join(left: int, right: int) -> int:
    return left + right


class ModelReport(luigi.Task):
    """A task of Luigi that requires functions."""

    weight = luigi.FloatParameter(default=2.0)

    def requires(self) -> dict[str, luigi.Task]:
        return {"model": Train(data=numbers(up_to=4), weight=self.weight), "plain": plain(x=1)}

    def output(self) -> ArtifactTarget:
        return ArtifactTarget(self)

    def run(self) -> None:
        found = self.input()
        dn.storage_layer().store(dn.get_artifact_name(self), [found["model"].load(), found["plain"].load()])


class Dynamic(luigi.Task):
    """Asks for functions as it runs."""

    def output(self) -> ArtifactTarget:
        return ArtifactTarget(self)

    def run(self) -> Any:
        target = yield Train(data=numbers(up_to=3))
        dn.storage_layer().store(dn.get_artifact_name(self), target.load())


def tasks() -> dict[str, luigi.Task]:
    """One of each way to give an input, with what it makes in `values`."""
    return {
        "task": Train(data=numbers(up_to=4), weight=2.0),
        "value": Train(data=[1, 2, 3]),
        "undecorated": Undecorated(x=4),
        "gathered": Gather(
            parts=[numbers(up_to=2), frame(dt.date(2024, 1, 1))["size"]],
            named={"counted": Counted(top=5), "$model": Train(data=[1])},
            head=frame(dt.date(2024, 1, 2), rows=1),
        ),
        "chain": link(below=link(below=link())),
    }


VALUES = {
    "task": 12.0,
    "value": 6.0,
    "undecorated": -4,
    "gathered": [
        1,
        [[0, 1], 2],
        [("$model", 1.0), ("counted", 5)],
        {"rows": [dt.date(2024, 1, 2)], "size": 1},
    ],
    "chain": 3,
}
