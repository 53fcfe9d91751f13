"""Pipelines in which all forms of tasks are mixed."""

from __future__ import annotations

from typing import Any

import luigi
from forms import Constructed, Decorated, Inherited, source

import datanectar as dn
from datanectar_luigi import ArtifactTarget


class Plain(luigi.Task):
    """A plain task, whose own output is its artifact."""

    x = luigi.IntParameter()

    def requires(self) -> luigi.Task:
        return Decorated(self.x)

    def output(self) -> ArtifactTarget:
        return ArtifactTarget(self)

    def run(self) -> None:
        print("plain", self.x)
        self.output().dump(self.input().load() + 1)


class Doubled(dn.NectarTask):
    """Datanectar's own form of a class."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def run(self) -> int:
        doubled: int = 2 * self.inputs["value"]
        return doubled


@dn.task
def gathered(values: list[int]) -> int:
    print("gathering", values)
    return sum(values)


@dn.task
def fails(value: int) -> int:
    raise ValueError(f"no luck with {value}")


def everything(x: int = 2) -> Any:
    return gathered([source(x), Decorated(x=x), Plain(x=x), Inherited(x=x), Constructed(x), Doubled(Decorated(x=x))])
