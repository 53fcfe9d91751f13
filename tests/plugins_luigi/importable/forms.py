"""All forms of a Luigi task whose result is an artifact, each making ten times its x."""

from __future__ import annotations

import datetime as dt
import enum

import luigi

import datanectar as dn
from datanectar_luigi import ArtifactTarget, NectarTask, StorageLayerParameter, as_luigi_task


class Color(enum.Enum):
    RED = 1
    GREEN = 2


@dn.task(task_type="source")
class Source(luigi.Task):
    """Decorated."""

    x = luigi.IntParameter()

    def run(self) -> None:
        print("source of", self.x)
        self.storage_layer.store(dn.get_artifact_name(self), self.x)


@dn.task(task_type="derive", model_family="tens")
class Decorated(luigi.Task):
    x = luigi.IntParameter()

    def requires(self) -> luigi.Task:
        return Source(self.x)

    def run(self) -> None:
        self.storage_layer.store(dn.get_artifact_name(self), 10 * self.input().load())


class Composed(luigi.Task):
    """A plain task that is given its kind and its storage layer."""

    x = luigi.IntParameter()
    task_type = luigi.Parameter(default="derive")
    model_type = luigi.Parameter(default="tens")
    storage_layer = StorageLayerParameter()

    def requires(self) -> luigi.Task:
        return Source(self.x)

    def output(self) -> ArtifactTarget:
        return ArtifactTarget(self)

    def run(self) -> None:
        self.storage_layer.store(dn.get_artifact_name(self), 10 * self.input().load())


class Plain(luigi.Task):
    """Knows of Datanectar only where it names and stores its result."""

    x = luigi.IntParameter()

    def requires(self) -> luigi.Task:
        return Source(self.x)

    def complete(self) -> bool:
        return dn.storage_layer().exists(dn.get_artifact_name(self))

    def run(self) -> None:
        dn.storage_layer().store(dn.get_artifact_name(self), 10 * self.input().load())


class Constructed(NectarTask):
    """A plain constructor that skips ``super()``."""

    def __init__(self, x: int, task_type: str | None = None, model_type: str | None = None, storage_layer=None) -> None:
        self.x = x
        self.task_type = task_type or "derive"
        self.model_type = model_type or "tens"
        self.storage_layer = storage_layer

    def requires(self) -> luigi.Task:
        return Source(self.x)

    def run(self) -> None:
        self.storage_layer.store(dn.get_artifact_name(self), 10 * self.load_input())


class Bare(NectarTask):
    """The constructor of the design, with nothing else: Luigi itself refuses its arguments."""

    x = luigi.IntParameter()

    def __init__(self, task_type=None, model_type=None, storage_layer=None):
        self.task_type = task_type
        self.model_type = model_type
        self.storage_layer = storage_layer

    def requires(self) -> luigi.Task:
        return Source(self.x)

    def run(self) -> None:
        result = 10 * self.load_input()
        self.storage_layer.store(dn.get_artifact_name(self), result)


class Inherited(NectarTask):
    task_type, model_family = "derive", "tens"
    x = luigi.IntParameter()

    def requires(self) -> luigi.Task:
        return Source(self.x)

    def run(self) -> None:
        self.store_results(self.get_artifact_path(), 10 * self.load_input())


@dn.task(task_type="derive", model_family="tens")
def ten_times(value: int) -> int:
    return 10 * value


@dn.task(task_type="source")
def source(x: int) -> int:
    return x


TenTimes = as_luigi_task(ten_times)
SourceTask = as_luigi_task(source, priority=3)


@as_luigi_task(resources={"slots": 1})
@dn.task
def typed(
    number: int,
    flag: bool = False,
    share: float = 0.5,
    color: Color = Color.RED,
    day: dt.date = dt.date(2024, 2, 29),
    at: dt.datetime | None = None,
    wait: dt.timedelta = dt.timedelta(seconds=1),
    names: list[str] = ["a"],  # noqa: B006
    pair: tuple[int, str] = (1, "b"),
    options: dict[str, list[int]] = {"k": [1]},  # noqa: B006
    text: str | None = None,
) -> str:
    return f"{number} {flag} {share} {color} {day} {at} {wait} {names} {pair} {options} {text}"


@dn.task
def gathered(values: list[dn.Artifact], named: dict[str, dn.Artifact], head: dn.Artifact) -> int:
    return sum(values) + sum(named.values()) + head


Gathered = as_luigi_task(gathered)
