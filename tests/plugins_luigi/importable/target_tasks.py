"""Luigi tasks that write, keep and pass on artifact targets, and what processes do with those."""

from __future__ import annotations

from multiprocessing.connection import Connection
from threading import Barrier

import luigi

from datanectar_luigi import ArtifactTarget


def write(target: ArtifactTarget) -> None:
    with target.open("w") as file:
        file.write("from a child")


def write_half(target: ArtifactTarget, started: Connection) -> None:
    with target.open("w") as file:
        file.write("half" * 100_000)
        started.send(None)
        started.recv()  # what never comes


def write_together(target: ArtifactTarget, text: str, together: Barrier) -> None:
    with target.open("w") as file:
        file.write(text * 100_000)
        together.wait()


class Report(luigi.Task):
    day = luigi.Parameter()

    def output(self) -> ArtifactTarget:
        return ArtifactTarget(self)

    def run(self) -> None:
        with self.output().open("w") as file:
            file.write(f"sold on {self.day}\n")


class Summary(luigi.Task):
    def requires(self) -> list[Report]:
        return [Report("monday"), Report("tuesday")]

    def output(self) -> ArtifactTarget:
        return ArtifactTarget(self)

    def run(self) -> None:
        with self.output().temporary_path() as path, open(path, "w") as summary:
            for report in self.input():
                with report.open() as file:
                    summary.write(file.read())
